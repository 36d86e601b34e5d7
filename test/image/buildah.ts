import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

/** Needs neither a daemon nor mounts of its own: it works where containers themselves do not. */
export const buildahEnv = { STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' };
export const BASE = 'localhost/ironloom-base';
export const IMAGE = 'localhost/ironloom:try';

/** Runs a program and answers what it prints. @throws with what it said */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, ...buildahEnv };
  return (await promisify(execFile)(program, args, { env, maxBuffer: 64 * 1024 * 1024 })).stdout.trim();
}

/** Debian's essential packages, the pinned Node, the npm of this machine, and the certificate authorities of this machine. */
export async function buildBase(): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'ironloom-base-'));
  try {
    const packages = join(work, 'base.tar');
    await run('mmdebstrap', '--quiet', '--variant=minbase', '--include=ca-certificates', 'bookworm', packages);
    const npm = dirname(dirname(await realpath(await run('which', 'npm'))));
    const container = await run('buildah', 'from', 'scratch');
    await run('buildah', 'add', '--quiet', container, packages, '/');
    await run('buildah', 'copy', '--quiet', container, process.execPath, '/usr/local/bin/node');
    await run('buildah', 'copy', '--quiet', container, npm, '/usr/local/lib/node_modules/npm');
    const command = ['ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm'];
    await run('buildah', 'run', container, '--', ...command);
    const authorities = '/etc/ssl/certs/ca-certificates.crt';
    await run('buildah', 'copy', '--quiet', container, process.env['SSL_CERT_FILE'] ?? authorities, authorities);
    const env = ['--env=PATH=/usr/local/bin:/usr/bin:/bin', `--env=NODE_EXTRA_CA_CERTS=${authorities}`];
    await run('buildah', 'config', ...env, container);
    await run('buildah', 'commit', '--quiet', '--rm', container, BASE);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const imagesSchema = z.array(z.object({ names: z.array(z.string()).nullish(), size: z.string() }));

/** MB, as `buildah images` tells them. @throws when there is no such image */
export async function sizeOf(image: string): Promise<number> {
  const listed: unknown = JSON.parse(await run('buildah', 'images', '--json'));
  const name = image.includes(':') ? image : `${image}:latest`;
  const found = imagesSchema.parse(listed).find(({ names }) => names?.includes(name) === true);
  const [, amount, unit] = /^([\d.]+) ([MG])B$/.exec(found?.size ?? '') ?? [];
  if (amount === undefined) throw new Error(`buildah knows no size of ${name}`);
  return Number(amount) * (unit === 'G' ? 1000 : 1);
}
