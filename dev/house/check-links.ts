/**
 * Follows every link of the documentation, and every path that it names, to a file, heading or symbol of the repository.
 *
 *   node dev/house/check-links.ts   exit 1 and name what is not there
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBrokenLinks } from './find-broken-links.ts';

function main(): void {
  const root = join(import.meta.dirname, '../..');
  const pages = globSync('**/*.md', { cwd: root, exclude: ['**/node_modules', '**/.*', 'dist', 'coverage'] });
  const repository = {
    exists: (path: string) => existsSync(join(root, path)),
    read: (path: string) => readFileSync(join(root, path), 'utf8'),
  };
  const broken = pages.flatMap((page) => findBrokenLinks(page, repository));
  for (const fault of broken) process.stderr.write(`${fault}\n`);
  if (broken.length > 0) process.exitCode = 1;
}

main();
