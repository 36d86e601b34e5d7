import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Architecture } from './architectures.ts';

/** Needs neither a daemon nor mounts of its own: it works where containers themselves do not. */
export const buildahEnv = { STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' };
/** Both name an image for each architecture. */
export const BASE = 'localhost/ironloom-base:try';
export const IMAGE = 'localhost/ironloom:try';

/** Runs a program and answers what it prints. @throws with what it said */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, ...buildahEnv };
  return (await promisify(execFile)(program, args, { env, maxBuffer: 64 * 1024 * 1024 })).stdout.trim();
}

/** A container of an image, which nothing runs in yet; whoever made it takes it away with `buildah rm`. */
export async function createContainer(image: string, { name }: Architecture): Promise<string> {
  return run('buildah', 'from', `--platform=linux/${name}`, image);
}

const imagesSchema = z.array(z.object({ id: z.string(), size: z.string() }));

/** MB of the image that a container is of, as `buildah images` tells them. @throws when there is no such image */
export async function sizeOf(container: string): Promise<number> {
  const id = await run('buildah', 'inspect', '--type=container', '--format={{.FromImageID}}', container);
  const listed: unknown = JSON.parse(await run('buildah', 'images', '--json', '--no-trunc', '--all'));
  const found = imagesSchema.parse(listed).find((image) => image.id.endsWith(id));
  const [, amount, unit] = /^([\d.]+) ([MG])B$/.exec(found?.size ?? '') ?? [];
  if (amount === undefined) throw new Error(`buildah knows no size of ${id}`);
  return Number(amount) * (unit === 'G' ? 1000 : 1);
}
