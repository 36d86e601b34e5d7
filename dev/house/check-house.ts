/**
 * Holds the table of rooms (rooms.ts) against the tree, and the READMEs and CONTRIBUTING's layout against the table.
 *
 *   node dev/house/check-house.ts           exit 1 and name what is wrong
 *   node dev/house/check-house.ts --write   write READMEs and layout first
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFaults } from './find-faults.ts';
import { readImports } from './read-imports.ts';
import { renderLayout, renderReadme } from './render-rooms.ts';
import type { Room } from './room.ts';
import { rooms } from './rooms.ts';

const LAYOUT = /(?<=<!-- layout: npm run generate -->\n\n).*?(?=\n\n<!-- layout: end -->)/s;

/** The files that are made from the table: path → content. */
export function renderHouse(table: readonly Room[], contributing: string): Map<string, string> {
  if (!LAYOUT.test(contributing)) throw new Error('CONTRIBUTING.md has no place for the layout');
  return new Map([
    ...table.map((room): [string, string] => [`${room.path}/README.md`, renderReadme(room)]),
    ['CONTRIBUTING.md', contributing.replace(LAYOUT, () => renderLayout(table))],
  ]);
}

function main(): void {
  const root = join(import.meta.dirname, '../..');
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const files = globSync('**/*.ts', { cwd: root, exclude: ['**/node_modules', '**/.*', 'dist', 'coverage'] });
  const faults = findFaults(
    rooms,
    files,
    files.flatMap((file) => readImports(file, read(file))),
  );
  const generated = renderHouse(rooms, read('CONTRIBUTING.md'));
  if (process.argv.includes('--write')) for (const [path, text] of generated) writeFileSync(join(root, path), text);
  const stale = [...generated].filter(([path, text]) => readOrEmpty(join(root, path)) !== text).map(([path]) => path);
  if (stale.length > 0) faults.push(`stale, run "npm run generate": ${stale.join(', ')}`);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

if (import.meta.main) main();
