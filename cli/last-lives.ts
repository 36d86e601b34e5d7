import type { ObjectKey } from '../api/meta.ts';
import { endOfUse } from '../domain/journal/host-entry.ts';
import { type HostUse, usesOf } from '../domain/journal/uses.ts';
import { readHistory, readHostHistory } from '../journal/queries.ts';
import type { ReadEntry } from '../journal/rows.ts';
import { readEnv } from '../runtime/env.ts';
import { describeCause } from './failures.ts';
import { withJournal } from './journal-access.ts';
import { tellDuration } from './record-output.ts';

const MAX_LIVES = 3;
/** More than the newest lives have. */
const MAX_ENTRIES = 1_000;

/**
 * Who used a host last, how long, and what failed, newest first; nothing without a journal. A journal that cannot be asked
 * is a note in `missing`.
 */
export async function tellLastLives(key: ObjectKey, nowMs: number, missing: string[]): Promise<string[]> {
  if (readEnv().journal === undefined) return [];
  try {
    const question = { kind: 'host', ...key, sinceMs: 0, limit: MAX_ENTRIES } as const;
    const [entries, done] = await withJournal((pool) =>
      Promise.all([readHistory(pool, question), readHostHistory(pool, question)]),
    );
    const uses = usesOf([...entries, ...done.flatMap(endOfUse)])
      .slice(-MAX_LIVES)
      .toReversed();
    return uses.map((use) => `Life      ${tellUse(use, nowMs)}${tellFailures(use, entries)}`);
  } catch (error) {
    missing.push(`Earlier lives are not seen: ${describeCause(error)}`);
    return [];
  }
}

function tellUse({ machine, cluster, fromMs, toMs }: HostUse, nowMs: number): string {
  const day = new Date(fromMs).toISOString().slice(0, 10);
  const length = tellDuration(Math.max(0, (toMs ?? nowMs) - fromMs));
  return `BaremetalMachine ${machine.name}, Cluster ${cluster ?? 'unknown'}, from ${day}, ${toMs === null ? 'now for' : 'for'} ${length}`;
}

function tellFailures({ machine }: HostUse, entries: readonly ReadEntry[]): string {
  const failed = entries.filter((entry) => entry.machine.uid === machine.uid && entry.to === 'Failed' && isNew(entry));
  const why = [...new Set(failed.flatMap(({ reason }) => reason ?? []))];
  return failed.length === 0 ? '' : `; failed: ${why.join(', ')}`;
}

/** What operators ask for while a machine is Failed is no failure. */
function isNew({ from, cause }: ReadEntry): boolean {
  return from !== 'Failed' && cause !== 'Operator';
}
