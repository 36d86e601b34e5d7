import { copyFile, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryEntry } from './history.ts';
import { describeEntry } from './judge.ts';

/** Leaves what a sequence was seen to do, and the logs of its processes, in a new folder; answers its path. */
export async function keepEvidence(
  entries: readonly HistoryEntry[],
  { logs, namespace }: { logs: string; namespace: string },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ironloom-model-'));
  const lines = entries.map(
    (entry) =>
      `${entry.revision} step ${entry.step} at ${Math.round(entry.seenAtMs)} ms ${entry.kind} ${describeEntry(entry)}`,
  );
  await writeFile(join(folder, 'history.txt'), `${lines.join('\n')}\n`);
  const names = (await readdir(logs)).filter((name) => name.startsWith(namespace));
  await Promise.all(names.map((name) => copyFile(join(logs, name), join(folder, name))));
  return folder;
}
