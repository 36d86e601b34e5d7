import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CURRENT_VERSION } from './release/components.ts';
import { renderRelease } from './release/render-release.ts';
import { ToolBuildError } from './tools/go.ts';

const USAGE = `Usage: npm run release [-- --out FOLDER]
Writes the files of a release of this checkout, as it is in package.json, to dist/ or another folder.`;

try {
  const { values } = parseArgs({ options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) console.log(USAGE);
  else await write(resolve(values.out ?? join(import.meta.dirname, '..', 'dist')));
} catch (error) {
  console.error(error instanceof ToolBuildError ? error.message : error);
  process.exitCode = 1;
}

async function write(folder: string): Promise<void> {
  const files = await renderRelease(CURRENT_VERSION);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  console.log(`${CURRENT_VERSION}: ${files.size} files in ${folder}`);
}
