import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';

/** A file of the page, as a browser gets it. */
export interface Asset {
  body: Buffer;
  contentType: string;
  /** In quotes, as HTTP has it. */
  etag: string;
}

const folder = new URL('page/', import.meta.url);
/** What the page has in common with the tool: the same words. By the path of its URL, which imports of the page lead to. */
const shared = Object.fromEntries(
  ['/domain/report/duration-words.ts', '/domain/report/time-in-phase.ts'].map((path) => [
    path,
    new URL(`..${path}`, import.meta.url),
  ]),
);

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
};

const serve: Readonly<Record<string, (text: string, modules: readonly string[]) => string>> = {
  '.ts': (text) => stripTypeScriptTypes(text),
  // The browser asks for all modules at once, instead of finding one by the other.
  '.html': (text, modules) =>
    text.replace(
      '</head>',
      `${modules.map((path) => `<link rel="modulepreload" href="${path}" />`).join('\n')}</head>`,
    ),
};

/**
 * Reads the page, by path of its URL. Its modules are TypeScript; Node takes the types away, which leaves lines and columns
 * as they are: what a browser shows of an error is the place in the source. Nothing else is ever served.
 */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const names = (await readdir(folder)).filter((name) => extname(name) in contentTypes);
  const files = names.map((name) => [name === 'index.html' ? '/' : `/page/${name}`, new URL(name, folder)] as const);
  const all = [...files, ...Object.entries(shared)];
  const modules = all.flatMap(([path]) => (path.endsWith('.ts') ? [path] : []));
  return new Map(await Promise.all(all.map(async ([path, file]) => [path, await readAsset(file, modules)] as const)));
}

async function readAsset(file: URL, modules: readonly string[]): Promise<Asset> {
  const text = await readFile(file, 'utf8');
  const extension = extname(file.pathname);
  const body = Buffer.from(serve[extension]?.(text, modules) ?? text);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { body, contentType: contentTypes[extension] ?? 'application/octet-stream', etag };
}
