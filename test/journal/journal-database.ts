import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { findFreePorts } from '../../dev/process/ports.ts';
import { createProcessSet } from '../../dev/process/set.ts';
import { type Postgresql, startPostgresql } from '../production/postgresql.ts';

export interface JournalDatabase {
  postgresql: Postgresql;
  /** A new database of that name; its URL has no password. */
  create(name: string): Promise<{ url: string; password: string }>;
}

const USER = 'ironloom';
const PASSWORD = 'p@ss/w:rd%';

/** A real PostgreSQL for the tests of a file. */
export function useJournalDatabase(): () => JournalDatabase {
  let database: JournalDatabase | undefined;
  let close: () => Promise<unknown> = async () => {};
  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'journal-'));
    const processes = createProcessSet(join(dir, 'logs'));
    close = async () => {
      await processes.close();
      await rm(dir, { recursive: true, force: true });
    };
    const [port] = await findFreePorts(1);
    const postgresql = await startPostgresql(processes, { dir, port, user: USER, password: PASSWORD });
    database = {
      postgresql,
      async create(name) {
        const admin = new Pool({ host: '127.0.0.1', port, user: USER, password: PASSWORD, database: 'postgres' });
        await admin.query(`create database ${name}`);
        await admin.end();
        return { url: `postgresql://${USER}@127.0.0.1:${port}/${name}`, password: PASSWORD };
      },
    };
  }, 60_000);
  afterAll(() => close());
  return () => {
    if (database === undefined) throw new Error('PostgreSQL has not been started');
    return database;
  };
}
