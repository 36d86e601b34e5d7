import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { connectJournal, type JournalAddress } from './connection.ts';
import { keepJournal, migrateJournal } from './migrate.ts';
import { explainUnreached } from './unreached.ts';

export interface JournalOptions extends JournalAddress {
  /** Months after which an entry goes. */
  retentionMonths: number;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** The database of the journal with its schema, which may be away at any time. */
export interface PreparedDatabase {
  pool: Pool;
  /** Does what is asked once the schema is there. Rejects at once for a while after a failure: it is to be asked again. */
  use<T>(body: () => Promise<T>): Promise<T>;
  /** Brings the schema about before anybody asks, so that a wrong address is in the log and readers find tables. Never rejects. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

/** After a failure nobody waits for the database until this has passed. */
const AWAY_MS = 5_000;
const KEEP_EVERY_MS = 24 * 3_600_000;

/** @param waits what becomes of entries while the database is away, for the log */
export function prepareDatabase(
  { logger, retentionMonths, ...address }: JournalOptions,
  waits: string,
): PreparedDatabase {
  const pool = connectJournal(address, () => {});
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
    const why = explainUnreached(error);
    if (!isAway) logger.warn({ err: error, why }, `The database of the journal is away; ${waits}`);
    isAway = true;
  }

  function noteBack(): void {
    if (isAway) logger.info('The database of the journal takes entries again');
    isAway = false;
  }

  async function use<T>(body: () => Promise<T>): Promise<T> {
    if (performance.now() < awayUntilMs) throw new Error('The database of the journal was away a moment ago');
    try {
      await ensurePrepared();
      const answer = await body();
      noteBack();
      return answer;
    } catch (error) {
      noteAway(error);
      throw error;
    }
  }

  return {
    pool,
    use,
    begin: () =>
      use(() => Promise.resolve()).catch(() => {
        // It is in the log, and the first entry asks again.
      }),
    close: () => pool.end(),
  };
}
