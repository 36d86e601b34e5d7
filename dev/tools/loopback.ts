import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listModuleDir } from './go.ts';
import { type Tool } from './table.ts';

const upstreamLine = /^(\s*)Port:(\s+)webhookPort,$/m;

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
  const bound = source.replace(upstreamLine, '$1Host: "127.0.0.1",\n$1Port:$2webhookPort,');
  if (bound === source) throw new Error(`${mainPath}: no webhook port found where the loopback address belongs`);
  await mkdir(join(workDir, 'main'), { recursive: true });
  await writeFile(join(workDir, 'main', 'main.go'), bound);
  for (const file of ['go.mod', 'go.sum']) await copyFile(join(tool.moduleDir, file), join(workDir, file));
  return './main';
}
