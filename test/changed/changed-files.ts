import { execFileSync } from 'node:child_process';
import type { VCSProvider } from 'vitest/node';
import { addReaders } from './readers.ts';

function git(root: string, ...args: string[]): string[] {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .split(/[\0\n]/)
    .filter((line) => line !== '');
}

/** Where the branch left main; on main itself what is not committed yet is left. */
function findBase(root: string): string {
  for (const main of ['origin/main', 'main']) {
    try {
      const [base] = git(root, 'merge-base', 'HEAD', main);
      if (base !== undefined) return base;
    } catch {
      // This checkout does not have it.
    }
  }
  return 'HEAD';
}

/** What `vitest --changed` takes for changed: all since the branch left main, committed or not, and who reads it. */
export const changedFiles: VCSProvider = {
  async findChangedFiles({ root, changedSince }) {
    const base = typeof changedSince === 'string' ? changedSince : findBase(root);
    const changed = git(root, 'diff', '--name-only', '--relative', '-z', base);
    const added = git(root, 'ls-files', '--others', '--exclude-standard', '-z');
    return addReaders([...changed, ...added]);
  },
};
