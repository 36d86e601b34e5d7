import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Runs a program with these variables added, and answers what it prints. @throws with what it said */
export type Run = (program: string, args: readonly string[], env: Readonly<Record<string, string>>) => Promise<string>;

const TIMEOUT_MS = 120_000;

/** Lets what runs, scripts included, find these programs under their names, as in the image `temporalio/admin-tools`. */
export async function createRun(dir: string, programs: Readonly<Record<string, string>>): Promise<Run> {
  const bin = join(dir, 'bin');
  await mkdir(bin);
  for (const [name, path] of Object.entries(programs)) await symlink(path, join(bin, name));
  const own = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    // The CLI must not read a profile of the user's.
    TEMPORAL_CONFIG_FILE: join(dir, 'no-temporal-profile.toml'),
  };
  return async (program, args, env) => {
    const options = { env: { ...process.env, ...env, ...own }, timeout: TIMEOUT_MS };
    return (await promisify(execFile)(program, args, options)).stdout;
  };
}
