import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { listModuleDir, runGo } from './go.ts';
import { type Tool } from './table.ts';

const upstreamLine = /^(\s*)Port:(\s+)webhookPort,$/m;
const boundLine = '$1Host: "127.0.0.1",\n$1Port:$2webhookPort,';

/**
 * Writes a Go module into `workDir` whose main package is the tool's own with its webhook server bound to 127.0.0.1:
 * CAPI's managers have no flag for that address. The module's path lies below Cluster API's, which lets the copy import
 * the internal packages that the original imports.
 * @returns the package to build there
 * @throws when the upstream source no longer has the expected line
 */
export async function writeLoopbackMain(tool: Tool, workDir: string): Promise<string> {
  const upstreamDir = await listModuleDir(tool.moduleDir, tool.versionOf);
  const subfolder = tool.package.slice(tool.versionOf.length + 1);
  const mainPath = join(upstreamDir, subfolder, 'main.go');
  const source = await readFile(mainPath, 'utf8');
  const bound = source.replace(upstreamLine, boundLine);
  if (bound === source) throw new Error(`${mainPath}: no webhook port found where the loopback address belongs`);
  await mkdir(join(workDir, 'main'), { recursive: true });
  await writeFile(join(workDir, 'main', 'main.go'), bound);
  for (const file of ['go.mod', 'go.sum']) await copyFile(join(tool.moduleDir, file), join(workDir, file));
  return './main';
}

/** What listens on all interfaces in Cluster API's test module, by file. */
const upstreamListeners: Readonly<Record<string, (source: string) => string>> = {
  'infrastructure/docker/main.go': (source) => source.replace(upstreamLine, boundLine),
  'infrastructure/inmemory/pkg/server/mux.go': (source) =>
    source
      // Any free port: nobody asks for what it tells.
      .replace('net.Listen("tcp", fmt.Sprintf(":%d", options.DebugPort))', 'net.Listen("tcp", "127.0.0.1:0")')
      .replaceAll('net.Listen("tcp", fmt.Sprintf(":%d", ', 'net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", '),
};

/**
 * Writes the tool's Go module into `workDir`, with a copy of the module that the tool comes from in which all servers
 * are bound to 127.0.0.1.
 * @throws when the upstream source no longer has the expected lines
 */
export async function writeLoopbackModule(tool: Tool, workDir: string): Promise<void> {
  const upstreamDir = await listModuleDir(tool.moduleDir, tool.versionOf);
  const entries = await readdir(upstreamDir, { recursive: true, withFileTypes: true });
  // Files of Go's cache and their folders can only be read, and a copy would be as they are.
  for (const entry of entries.filter((found) => found.isFile())) {
    const from = join(entry.parentPath, entry.name);
    const name = relative(upstreamDir, from);
    const target = join(workDir, 'upstream', name);
    await mkdir(dirname(target), { recursive: true });
    const bind = upstreamListeners[name];
    if (bind === undefined) await writeFile(target, await readFile(from));
    else await writeFile(target, bindListeners(await readFile(from, 'utf8'), from, bind));
  }
  for (const file of ['go.mod', 'go.sum']) await copyFile(join(tool.moduleDir, file), join(workDir, file));
  await runGo(['mod', 'edit', `-replace=${tool.versionOf}=./upstream`], workDir);
}

function bindListeners(source: string, path: string, bind: (source: string) => string): string {
  const bound = bind(source);
  const isBound = bound !== source && !/net\.Listen\("tcp", (?!fmt\.Sprintf\("127\.0\.0\.1:|"127\.0\.0\.1:)/.test(bound);
  if (!isBound) throw new Error(`${path}: no server found where the loopback address belongs`);
  return bound;
}
