import { spawnSync } from 'node:child_process';
import { closeSync, globSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CURRENT_VERSION } from '../../dev/release/components.ts';
import { foreign } from './architectures.ts';
import { BASE, createContainer, IMAGE, run, sizeOf } from './buildah.ts';
import { type ImageSite, startImageSite } from './image-site.ts';

// The image of this checkout for the architecture that this machine is not of.
let container: string;
let root: string;

beforeAll(async () => {
  container = await createContainer(IMAGE, foreign);
  root = await run('buildah', 'mount', container);
});

afterAll(async () => {
  if (container !== undefined) await run('buildah', 'rm', container);
});

test(`it says that it is for ${foreign.name}, and runs as nobody`, async () => {
  const format = '{{.OCIv1.OS}}/{{.OCIv1.Architecture}} {{.OCIv1.Config.User}}';
  const said = await run('buildah', 'inspect', '--type=container', `--format=${format}`, container);
  expect(said).toBe(`linux/${foreign.name} 65532:65532`);
});

test('Node, Temporal and all that they load are made for its CPU', () => {
  const programs = globSync('{app,lib,usr}/**', { cwd: root }).flatMap((path) => {
    const machine = elfMachine(join(root, path));
    return machine === undefined ? [] : [{ path, machine }];
  });
  expect(programs.filter(({ machine }) => machine !== foreign.elfMachine)).toEqual([]);
  const paths = programs.map(({ path }) => path);
  expect(paths).toContain('usr/local/bin/node');
  expect(paths.filter((path) => path.startsWith('app/'))).toEqual([
    expect.stringMatching(/^app\/node_modules\/@temporalio\/core-bridge\/releases\/.+\/index\.node$/),
  ]);
});

/** What CPU a program or library is made for; undefined: it is neither. */
function elfMachine(path: string): number | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(20);
    const read = readSync(file, header);
    return read === header.length && header.toString('latin1', 0, 4) === '\x7FELF'
      ? header.readUInt16LE(18)
      : undefined;
  } finally {
    closeSync(file);
  }
}

test('it is at most 180 MB larger than its base', async () => {
  const base = await createContainer(BASE, foreign);
  expect((await sizeOf(container)) - (await sizeOf(base))).toBeLessThanOrEqual(180);
  await run('buildah', 'rm', base);
});

test('neither has a shell', () => {
  expect(globSync('{bin,usr/bin,usr/local/bin}/{sh,bash,dash,busybox}', { cwd: root })).toEqual([]);
});

const emulator = findEmulator();
const why = emulator === undefined ? ': not without it, apt-get install qemu-user-static' : '';

describe.skipIf(emulator === undefined)(`run by ${foreign.emulator}${why}`, () => {
  let site: ImageSite;

  beforeAll(async () => {
    site = await startImageSite(foreign, { host: 'image-2', emulator, patienceMs: 300_000 });
  });

  afterAll(() => site?.[Symbol.asyncDispose]());

  test('its CLI says its version', { timeout: 200_000 }, async () => {
    expect(await site.execute('node', 'bin/ironloom', '--version')).toBe(CURRENT_VERSION.slice(1));
  });

  test('its worker and bridge bring a machine up', { timeout: 700_000 }, async () => {
    await Promise.all([site.start('worker'), site.start('bridge')]);
    await site.bringUpMachine();
  });
});

function findEmulator(): string | undefined {
  return spawnSync('which', [foreign.emulator], { encoding: 'utf8' }).stdout.trim() || undefined;
}
