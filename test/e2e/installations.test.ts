import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { goneSnapshot } from '../../domain/inputs/snapshot-builder.ts';
import { createMachineRuns } from '../../k8s-bridge/runs/machine-runs.ts';
import { listOfRuns, runCli } from '../support/cli.ts';
import { refOf, runOf } from '../support/runs.ts';
import { type Site, startSite } from '../support/site.ts';
import { waitFor } from '../support/wait-for.ts';

// Installations that share what can be shared: a cluster, the namespace of their Leases, a Temporal namespace.
const taskQueue = `installations-${randomUUID().slice(0, 6)}`;
let sites: Site[] = [];
let worker: Site['bridge'];

beforeAll(async () => {
  const env = { IRONLOOM_LEASE_NAMESPACE: 'default', IRONLOOM_TASK_QUEUE: taskQueue };
  sites = await Promise.all(
    ['east', 'west'].map((label) => startSite(label, { hosts: [`${label}-1`], replicas: 1, workers: 0, env })),
  );
  worker = await east().start('worker', 'worker-of-both', { IRONLOOM_WATCH_NAMESPACE: '' });
});

afterAll(async () => {
  await Promise.all([...sites, { close: () => worker.stop() }].map((site) => site.close()));
});

function east(): Site {
  const [first] = sites;
  if (first === undefined) throw new Error('No site');
  return first;
}

test('two bridges with different IRONLOOM_WATCH_NAMESPACE lead at the same time, with one task queue', async () => {
  await Promise.all(sites.map((site) => site.deploy()));
  await Promise.all(sites.map((site) => site.untilRunning(1)));
});

test('the CLI never reaches a machine of the same name in another management cluster', async () => {
  const [machine] = await east().machines();
  if (machine === undefined) throw new Error('No machine');
  const ours = await refOf(east(), machine.metadata.name);
  const theirs = { ...ours, uid: randomUUID() };
  const elsewhere = createMachineRuns(east().temporal, `${taskQueue}-elsewhere`);
  await elsewhere.observe(theirs, goneSnapshot(undefined), { cluster: undefined, pool: 'workers' });
  await waitFor('their run can be found', async () => (await elsewhere.listOpen('nothing')).length === 1);

  const name = `${ours.namespace}/${ours.name}`;
  const paused = await runCli(taskQueue, 'pause', name, '--reason', 'kitchen fire');
  expect(paused.stderr).toBe('');
  expect(paused.code).toBe(0);
  expect((await runCli(taskQueue, 'show', name)).stdout).toContain(ours.uid);
  // Kubernetes has one of that name anyway.
  const listed = await runCli(taskQueue, ...listOfRuns);
  const isOurs = (line: string): boolean => line.includes(ours.namespace) && line.includes(ours.name);
  expect(listed.stdout.split('\n').filter(isOurs)).toHaveLength(1);
  const description = await runOf(east(), theirs).describe();
  expect(description.raw.pendingWorkflowTask?.attempt).toBe(1);
  expect(description.historyLength).toBe(3);
  await runOf(east(), theirs).terminate('the test is over');
});
