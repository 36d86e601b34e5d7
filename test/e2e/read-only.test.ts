import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { startService } from '../../dev/lab/services.ts';
import { siteTest } from '../support/site-test.ts';
import { prebuiltWorkflows, useStack } from '../support/stack.ts';

// A Pod's root is read-only. Here nothing at all can be written, not even what a Pod has in its /tmp.
const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const script = 'for at in / /tmp "$PWD"; do mount -o remount,bind,ro "$at" 2>/dev/null; done; exec "$@"';
const within = ['unshare', ...asRoot, '--mount', 'sh', '-c', script, 'sh'] as const;
const [program, ...args] = within;
/** Some systems keep it from who is not root. */
const mayRemount = spawnSync(program, [...args, 'true']).status === 0;

const test = siteTest('read-only', { hosts: ['r-1'], workers: 0, replicas: 1 });

test.skipIf(!mayRemount)('worker and bridge write no file', async ({ site }) => {
  const folder = await mkdtemp(join(tmpdir(), 'ironloom-read-only-'));
  for (const path of [join(folder, 'one'), join(process.cwd(), 'one')]) {
    await expect(promisify(execFile)(program, [...args, 'touch', path])).rejects.toThrow('Read-only file system');
  }
  await writeFile(join(folder, 'one'), 'who did not ask for it may write');
  await rm(folder, { recursive: true });

  await site.bridge.stop();
  const { namespace } = site;
  const env = {
    IRONLOOM_WATCH_NAMESPACE: namespace,
    IRONLOOM_LEASE_NAMESPACE: namespace,
    IRONLOOM_TASK_QUEUE: namespace,
    ...prebuiltWorkflows(),
  };
  const kinds = ['worker', 'bridge'] as const;
  const starting = kinds.map((kind) => startService(useStack(), { kind, name: `${namespace}-${kind}`, within, env }));
  await using ending = new AsyncDisposableStack();
  for (const service of await Promise.all(starting)) ending.defer(() => service.stop());
  await site.deploy();
  await site.untilRunning(1);
});
