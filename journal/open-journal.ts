import type { Logger } from 'pino';
import type { JournalEntry } from '../domain/journal/entry.ts';
import { connectJournal, type JournalAddress } from './connection.ts';
import { keepJournal, migrateJournal } from './migrate.ts';
import { createJournalWriter, type JournalWriter } from './writer.ts';

export interface JournalOptions extends JournalAddress {
  /** Months after which an entry goes. */
  retentionMonths: number;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

export interface OpenJournal extends JournalWriter {
  close(): Promise<void>;
}

/** After a failure nobody waits for the database until this has passed. */
const AWAY_MS = 5_000;
const KEEP_EVERY_MS = 24 * 3_600_000;

/** The journal in PostgreSQL. The database may be away at any time: a write then fails at once, and is asked for again. */
export function openJournal({ logger, retentionMonths, ...address }: JournalOptions): OpenJournal {
  const pool = connectJournal(address, () => {});
  const writer = createJournalWriter(pool, (entry: JournalEntry) =>
    logger.error({ runId: entry.runId, number: entry.number }, 'The database of the journal does not take an entry'),
  );
  let preparing: Promise<void> | undefined;
  let keptAtMs = -Infinity;
  let awayUntilMs = -Infinity;
  let isAway = false;

  async function prepare(): Promise<void> {
    await migrateJournal(pool);
    await keepJournal(pool, retentionMonths);
    keptAtMs = performance.now();
  }

  /** Migrations before the first write, partitions each day. */
  async function ensurePrepared(): Promise<void> {
    if (performance.now() - keptAtMs < KEEP_EVERY_MS) return;
    preparing ??= prepare().finally(() => {
      preparing = undefined;
    });
    await preparing;
  }

  function noteAway(error: unknown): void {
    awayUntilMs = performance.now() + AWAY_MS;
    if (!isAway) logger.warn({ err: error }, 'The database of the journal is away; entries wait in the runs');
    isAway = true;
  }

  function noteBack(): void {
    if (isAway) logger.info('The database of the journal takes entries again');
    isAway = false;
  }

  return {
    async write(entries) {
      if (performance.now() < awayUntilMs) throw new Error('The database of the journal was away a moment ago');
      try {
        await ensurePrepared();
        await writer.write(entries);
      } catch (error) {
        noteAway(error);
        throw error;
      }
      noteBack();
    },
    close: () => pool.end(),
  };
}
