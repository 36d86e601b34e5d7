import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { acceptsTcp } from '../../dev/process/ready.ts';
import type { ProcessSet } from '../../dev/process/set.ts';
import { POSTGRESQL, type PostgresqlOptions, startPostgresql } from '../../dev/stack/postgresql.ts';
import { waitFor } from '../support/wait-for.ts';

/** A PostgreSQL that has accidents. */
export interface FragilePostgresql {
  /** SIGKILL to the server, whose other processes notice and end; resolves when it accepts no more connections. */
  kill(): Promise<void>;
  /** Brings it back, which repairs its data. */
  restart(): Promise<void>;
  /** Kills it, copies its files, and starts it again. */
  backUp(): Promise<void>;
  /** Kills it, and starts it again with the files of the last copy. */
  restore(): Promise<void>;
}

/** As `startPostgresql`. */
export async function startFragilePostgresql(
  processes: ProcessSet,
  options: PostgresqlOptions,
): Promise<FragilePostgresql> {
  const postgresql = await startPostgresql(processes, options);
  const { data } = postgresql;
  // Not its whole group: the shell that waits for it has to reap it, or its lock file names a process that is there.
  const kill = async (): Promise<void> => {
    process.kill(await postgresql.pid(), 'SIGKILL');
    await waitFor('PostgreSQL is gone', async () => !(await acceptsTcp(options.port)));
  };
  const restartWith = async (from: string, to: string): Promise<void> => {
    await kill();
    await processes.restart(POSTGRESQL, () => copyFiles(from, to));
  };
  return {
    kill,
    restart: () => processes.restart(POSTGRESQL),
    backUp: () => restartWith(data, `${data}.backup`),
    restore: () => restartWith(`${data}.backup`, data),
  };
}

/** With their owners. */
async function copyFiles(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await promisify(execFile)('cp', ['-a', from, to]);
}
