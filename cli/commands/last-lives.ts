import type { ObjectKey } from '../../api/meta.ts';
import { tellLives } from '../../domain/journal/told-lives.ts';
import { readHistory, readHostHistory } from '../../journal/queries.ts';
import { readEnv } from '../../runtime/env.ts';
import { describeCause } from '../world/failures.ts';
import { withJournal } from '../access/journal-access.ts';

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
    return tellLives(entries, done, nowMs, MAX_LIVES).map(({ words }) => `Life      ${words}`);
  } catch (error) {
    missing.push(`Earlier lives are not seen: ${describeCause(error)}`);
    return [];
  }
}
