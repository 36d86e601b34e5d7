import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Service, ServiceKind } from '../../dev/lab/services.ts';
import { readSettings } from '../../runtime/settings.ts';
import { untilLogged } from '../support/service-log.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// What a kubelet does for the Pods of config/manager: it shows the objects of their settings as files, and starts a
// container that ended again, with the environment that they give then.
const kinds = ['worker', 'bridge'] as const;
const NOT_TAKEN = 'The settings changed and are not taken';
const defaults = { IRONLOOM_LOG_LEVEL: 'info', IRONLOOM_CLEAN_DEADLINE: '15m' };

const test = siteTest('settings', { hosts: ['s-1'], workers: 0, replicas: 1 }).extend(
  'folder',
  { scope: 'file' },
  async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(useStack().dir, 'settings-'));
    onCleanup(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, '1'));
    await mkdir(join(folder, '2'));
    await show(folder, '1', { ...defaults, TEMPORAL_ADDRESS: useStack().temporal.address });
    return folder;
  },
);

async function show(folder: string, source: string, data: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(data)) {
    await writeFile(join(folder, `.${name}`), value);
    await rename(join(folder, `.${name}`), join(folder, source, name));
  }
}

test('a change starts worker and bridge anew with it, unless it would keep them from work', async ({
  site,
  folder,
}) => {
  await site.bridge.stop();
  const start = async (kind: ServiceKind, name: string): Promise<Service> =>
    site.start(kind, `${name}-${kind}`, {
      IRONLOOM_SETTINGS_FOLDER: folder,
      ...Object.fromEntries(Object.entries(await readSettings(folder)).map(([key, value]) => [key, value ?? ''])),
    });
  const old = await Promise.all(kinds.map((kind) => start(kind, 'old')));
  await site.deploy();
  await site.untilRunning(1);

  await show(folder, '2', { IRONLOOM_CLEAN_DEADLINE: 'soon' });
  for (const kind of kinds) {
    const { problem } = await untilLogged(site, `old-${kind}`, NOT_TAKEN);
    expect(problem).toContain("IRONLOOM_CLEAN_DEADLINE: 'soon' is no duration");
  }
  await show(folder, '2', { IRONLOOM_CLEAN_DEADLINE: '20m', TEMPORAL_ADDRESS: '127.0.0.1:1' });
  for (const kind of kinds) await untilLogged(site, `old-${kind}`, 'Waiting for Temporal');
  await site.scale(0);
  await waitFor('the old ones still work', async () => (await site.machines()).length === 0);
  expect(old.map((service) => service.exitCode())).toEqual([undefined, undefined]);

  await show(folder, '2', { TEMPORAL_ADDRESS: useStack().temporal.address, IRONLOOM_LOG_LEVEL: 'debug' });
  expect(await Promise.all(old.map(({ exited }) => exited))).toEqual([0, 0]);
  await Promise.all(kinds.map((kind) => start(kind, 'new')));
  await site.scale(1);
  await site.untilRunning(1);
});
