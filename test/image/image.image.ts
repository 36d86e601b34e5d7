import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFreePorts } from '../../dev/process/ports.ts';
import { own } from './architectures.ts';
import { BASE, createContainer, IMAGE, run, sizeOf } from './buildah.ts';
import { type ImageSite, startImageSite } from './image-site.ts';

// The image of this checkout for this machine, with its processes against the local stack.
let site: ImageSite;

beforeAll(async () => {
  site = await startImageSite(own, { host: 'image-1', patienceMs: 200_000 });
});

afterAll(() => site?.[Symbol.asyncDispose]());

test('the image is at most 180 MB larger than its base', async () => {
  const [base, image] = [await createContainer(BASE, own), await createContainer(IMAGE, own)];
  expect((await sizeOf(image)) - (await sizeOf(base))).toBeLessThanOrEqual(180);
  await run('buildah', 'rm', base, image);
});

test('worker and bridge of the image bring a machine up, and its CLI shows it', async () => {
  await Promise.all([site.start('worker'), site.start('bridge')]);
  await site.bringUpMachine();
  expect(await site.execute('ironloom', 'get', 'machines', '--namespace', site.namespace)).toContain('image-1');
});

test('the console of the image serves its page with all that it loads, and shows the host', async () => {
  const [port] = await findFreePorts(1);
  await site.start('console', { IRONLOOM_CONSOLE_ADDRESS: `127.0.0.1:${port}` });
  const ask = (path: string) => fetch(new URL(path, `http://127.0.0.1:${port}`));
  const page = await (await ask('/')).text();
  const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(loaded.length).toBeGreaterThan(3);
  for (const path of loaded) expect((await ask(path)).status, path).toBe(200);
  expect(await (await ask('/api/fleet')).text()).toContain('image-1');
});

test('its processes are nobody, who may write nothing of it', async () => {
  expect(await site.execute('node', '-p', 'process.getuid()')).toBe('65532');
  await expect(site.execute('node', '-e', `require('node:fs').accessSync('/app', 2)`)).rejects.toThrow('EACCES');
});
