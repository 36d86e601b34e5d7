import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { findFreePorts } from '../../dev/process/ports.ts';
import { createProcessSet } from '../../dev/process/set.ts';
import { type FragilePostgresql, startFragilePostgresql } from '../production/postgresql.ts';

export interface JournalDatabase {
  postgresql: FragilePostgresql;
  /** A new database of that name; its URL has no password. */
  create(name: string): Promise<{ url: string; password: string }>;
  close(): Promise<void>;
}

const USER = 'ironloom';
const PASSWORD = 'p@ss/w:rd%';

/** A real PostgreSQL of its own. */
export async function startJournalDatabase(tls?: { certPem: string; keyPem: string }): Promise<JournalDatabase> {
  const dir = await mkdtemp(join(tmpdir(), 'journal-'));
  const processes = createProcessSet(join(dir, 'logs'));
  const [port] = await findFreePorts(1);
  const postgresql = await startFragilePostgresql(processes, { dir, port, user: USER, password: PASSWORD, tls });
  return {
    postgresql,
    async create(name) {
      const ssl = tls !== undefined && { rejectUnauthorized: false };
      const admin = new Pool({ host: '127.0.0.1', port, user: USER, password: PASSWORD, database: 'postgres', ssl });
      await admin.query(`create database ${name}`);
      await admin.end();
      return { url: `postgresql://${USER}@127.0.0.1:${port}/${name}`, password: PASSWORD };
    },
    async close() {
      await processes.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The same for the tests of a file. */
export function useJournalDatabase(): () => JournalDatabase {
  let database: JournalDatabase | undefined;
  beforeAll(async () => {
    database = await startJournalDatabase();
  }, 60_000);
  afterAll(() => database?.close());
  return () => {
    if (database === undefined) throw new Error('PostgreSQL has not been started');
    return database;
  };
}
