import type { Pool } from 'pg';
import type { JournalEntry } from '../domain/journal/entry.ts';
import { LOOK_NUMBER } from '../domain/journal/first-look.ts';
import { FORGET_LOOKS, INSERT, toRow } from './rows.ts';

/** Entries of one statement; more wait for the next. */
const MAX_ROWS = 500;

interface Waiting {
  entries: readonly JournalEntry[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface JournalWriter {
  /** Resolves when the entries stand in the database, also if they stood there before. */
  write(entries: readonly JournalEntry[]): Promise<void>;
}

/**
 * Writes what comes while a statement is under way with the next one. `onUnusable` hears of an entry that the database
 * will never take; it holds up no others.
 */
export function createJournalWriter(pool: Pick<Pool, 'query'>, onUnusable: (entry: JournalEntry) => void) {
  const waiting: Waiting[] = [];
  let writes = false;

  async function drain(): Promise<void> {
    writes = true;
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      try {
        await insert(batch.flatMap(({ entries }) => entries));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writes = false;
  }

  async function insert(entries: readonly JournalEntry[]): Promise<void> {
    try {
      const looks = entries.filter(replacesLook).map(({ runId }) => runId);
      if (looks.length > 0) await pool.query(FORGET_LOOKS, [looks]);
      await pool.query(INSERT, [JSON.stringify(entries.map(toRow))]);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const [entry, ...others] = entries;
      if (entry === undefined) return;
      if (others.length === 0) return onUnusable(entry);
      const half = Math.ceil(entries.length / 2);
      await insert(entries.slice(0, half));
      await insert(entries.slice(half));
    }
  }

  const writer: JournalWriter = {
    write(entries) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ entries, resolve, reject });
      if (!writes) void drain();
      return promise;
    },
  };
  return writer;
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let rows = 0;
  const end = waiting.findIndex(({ entries }) => (rows += entries.length) > MAX_ROWS);
  return waiting.splice(0, end === -1 ? waiting.length : Math.max(1, end));
}

/** What the first look of a run wrote itself counts only until the look, or the run, tells it otherwise. */
function replacesLook({ number, from }: JournalEntry): boolean {
  return number === LOOK_NUMBER || (number === LOOK_NUMBER + 1 && from === null);
}

/** Data that no attempt makes better (class 22), or that breaks a constraint (class 23). */
function isRefusal(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^2[23]/.test(code);
}
