import { fileURLToPath } from 'node:url';
import type { Pool, PoolClient } from 'pg';
import Postgrator from 'postgrator';

const migrations = fileURLToPath(new URL('migrations/*.sql', import.meta.url));

/** Any number; that of the journal's migrations. */
const LOCK = 1_769_106_541;

/** Brings the database to the schema of this version, one process after the other; nothing where it is there already. */
export async function migrateJournal(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await migrate(client);
  } finally {
    // The connection ends, and with it the lock.
    client.release(true);
  }
}

async function migrate(client: PoolClient): Promise<void> {
  const known = await client.query<{ there: boolean }>(
    "select exists (select from pg_namespace where nspname = 'ironloom') as there",
  );
  if (known.rows[0]?.there !== true) await client.query('create schema ironloom');
  const postgrator = new Postgrator({
    driver: 'pg',
    migrationPattern: migrations,
    schemaTable: 'ironloom.journal_version',
    execQuery: (query) => client.query(query),
  });
  await postgrator.migrate();
}

/** Makes the partitions of the next months, and drops those that are older than so many. */
export async function keepJournal(pool: Pool, retentionMonths: number): Promise<void> {
  await pool.query('select ironloom.journal_keep($1), ironloom.host_journal_keep($1)', [retentionMonths]);
}
