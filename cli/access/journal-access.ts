import type { Pool } from 'pg';
import { connectJournal } from '../../journal/connection.ts';
import { explainUnreached } from '../../journal/unreached.ts';
import { readEnv } from '../../runtime/env.ts';
import { CliError, describeCause } from '../world/failures.ts';

const NO_JOURNAL = `There is no journal to ask: IRONLOOM_JOURNAL_URL names no database.
Without one, what happened is in the worker's log: kubectl -n ironloom-system logs deployment/ironloom-worker | jq -c 'select(.journal)'
To keep it for longer, give the worker and this tool a PostgreSQL database: docs/journal.md.`;

/** PostgreSQL's word for a table that is not there. */
const UNDEFINED_TABLE = '42P01';

/** Runs `body` with the database of the journal. @throws CliError when there is none, or it cannot be asked */
export async function withJournal<T>(body: (pool: Pool) => Promise<T>): Promise<T> {
  const { journal } = readEnv();
  if (journal === undefined) throw new CliError(NO_JOURNAL);
  const pool = connectJournal(journal, () => {});
  try {
    return await body(pool);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { host } = new URL(journal.url);
    throw new CliError(`The journal at ${host} cannot be asked: ${tellFailure(error)}`, { cause: error });
  } finally {
    await pool.end();
  }
}

function tellFailure(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === UNDEFINED_TABLE) return 'it has no table ironloom.journal; a worker that reaches the database makes it';
  return explainUnreached(error) ?? (describeCause(error) || String(code));
}
