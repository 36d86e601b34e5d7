import { expect } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { baremetalMachines, capiClusters } from '../../api/resources.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { lifeQuery, operationUpdates } from '../../workflows/messages.ts';
import { deployCluster } from '../support/clusters.ts';
import { plansReceived, untilRunSettled } from '../support/host-answers.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { expectReleased, findInventory } from '../support/hosts.ts';
import {
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  waitForMachine,
} from '../support/machines.ts';
import { refOf, runOf } from '../support/runs.ts';
import { fetchHistory, type Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// Objects that go while nobody looks: what justified a clean plan is read from what is left of them.
const hosts = ['mm-moved', 'mm-stripped', 'mm-back', 'mm-held'];

const test = siteTest('moved', { hosts });
let bridge: Site['bridge'];
let worker: Site['bridge'];

test.beforeAll(({ site, cluster }) => deployCluster(site, cluster, { name: 'leaving' }));

async function bringUp(site: Site, name: string, cluster: string): Promise<MachineRef> {
  await createPool(site, name, [name], cluster);
  await createMachine(site, { name, pool: name, cluster });
  await untilProvisioned(site, name);
  await untilRunSettled(site, name);
  return refOf(site, name);
}

function start(site: Site, kind: 'worker' | 'bridge', name: string): Promise<Site['bridge']> {
  return site.start(kind, name, { IRONLOOM_LEADER_ELECT: 'false' });
}

/** The bridge tells the run, while no worker is there to take it in. */
async function deleteAndTell(site: Site, machine: MachineRef): Promise<void> {
  const before = (await fetchHistory(site, { metadata: machine })).length;
  await deleteMachine(site, machine.name);
  await waitForMachine(site, machine.name, 'deleted', ({ metadata }) => metadata.deletionTimestamp !== undefined);
  await waitFor(`the run of ${machine.name} is told`, async () => {
    const events = (await fetchHistory(site, { metadata: machine })).slice(before);
    return events.some((event) => (event.workflowExecutionSignaledEventAttributes ?? undefined) !== undefined);
  });
}

async function strip(site: Site, name: string, notes: Readonly<Record<string, string>> = {}): Promise<void> {
  const key = { namespace: site.namespace, name };
  await site.client.patch(baremetalMachines, key, { metadata: { annotations: notes } });
  await site.client.patch(baremetalMachines, key, { metadata: { finalizers: [] } });
  await untilGone(site, name);
}

async function ownerOf(site: Site, host: string): Promise<string | undefined> {
  return (await findInventory(site, host))?.metadata.annotations[annotations.ownerUid];
}

test('a machine that is moved away while worker and bridge are down is not cleaned here', async ({ site }) => {
  const { auditLogPath } = useStack();
  const [moved, stripped] = await Promise.all([
    bringUp(site, 'mm-moved', 'leaving'),
    bringUp(site, 'mm-stripped', 'demo'),
  ]);
  await Promise.all(site.workers.map((worker) => worker.stop()));
  await Promise.all([moved, stripped].map((machine) => deleteAndTell(site, machine)));
  await site.bridge.stop();
  const since = await markAudit(auditLogPath);
  // As clusterctl does it.
  const cluster = { namespace: site.namespace, name: 'leaving' };
  await site.client.patch(capiClusters, cluster, { spec: { paused: true } });
  await Promise.all([strip(site, 'mm-moved', { [foreign.deleteForMoveAnnotation]: '' }), strip(site, 'mm-stripped')]);
  [bridge, worker] = await Promise.all([start(site, 'bridge', 'bridge-again'), start(site, 'worker', 'worker-again')]);

  expect(await runOf(site, moved).result()).toMatch(/^moved: /);
  // Whose Cluster is at work lost its finalizers only: its host is cleaned.
  expect(await runOf(site, stripped).result()).toMatch(/^released: /);
  await expectReleased(site, 'mm-stripped');
  expect(plansReceived(site, 'mm-stripped')).toEqual([undefined, 'reprovision', 'clean']);
  const writes = await listHostWrites(auditLogPath, site, { since, hosts: ['mm-moved'] });
  expect(writes).toEqual([]);
  expect(await ownerOf(site, 'mm-moved')).toBe(moved.uid);
  expect(plansReceived(site, 'mm-moved')).toEqual([undefined, 'reprovision']);
});

test('a machine that came back while worker and bridge were down is not cleaned for the one that went', async ({
  site,
}) => {
  const { client, namespace } = site;
  const gone = await bringUp(site, 'mm-back', 'demo');
  const { metadata, spec } = await client.get(baremetalMachines, { namespace, name: 'mm-back' });
  await worker.stop();
  await deleteAndTell(site, gone);
  await bridge.stop();
  await strip(site, 'mm-back');
  // Its Machine, which is being deleted, would take one of the same name along.
  await client.create(baremetalMachines, { metadata: { namespace, name: 'returned', labels: metadata.labels }, spec });
  [bridge, worker] = await Promise.all([start(site, 'bridge', 'bridge-back'), start(site, 'worker', 'worker-back')]);

  expect(await runOf(site, gone).result()).toMatch(/^moved: /);
  expect(plansReceived(site, 'mm-back')).toEqual([undefined, 'reprovision']);
});

test('an operator holds a deletion, also when the object goes while the bridge is down', async ({ site }) => {
  const { auditLogPath } = useStack();
  const machine = await bringUp(site, 'mm-held', 'demo');
  const run = runOf(site, machine);
  await run.executeUpdate(operationUpdates.pause, { args: [{ actor: 'ada', reason: 'looking at it' }] });
  await deleteMachine(site, 'mm-held');
  await waitFor('the run knows of the deletion', async () => (await run.query(lifeQuery))?.snapshot.deleting === true);
  const since = await markAudit(auditLogPath);
  await bridge.stop();
  await strip(site, 'mm-held');
  await start(site, 'bridge', 'bridge-after');
  await waitFor(
    'the run knows that its object is gone',
    async () => (await run.query(lifeQuery))?.snapshot.gone === true,
  );
  await waitFor('the run rests', async () => {
    const { raw } = await run.describe();
    return (raw.pendingActivities ?? []).length === 0 && (raw.pendingWorkflowTask ?? undefined) === undefined;
  });
  expect(await listHostWrites(auditLogPath, site, { since, hosts: ['mm-held'] })).toEqual([]);
  expect((await run.describe()).status.name).toBe('RUNNING');
  expect(await ownerOf(site, 'mm-held')).toBe(machine.uid);
  expect(await findMachine(site, 'mm-held')).toBeUndefined();
  await run.executeUpdate(operationUpdates.resume, { args: [{ actor: 'ada', reason: 'seen enough' }] });
  expect(await run.result()).toMatch(/^released: /);
  await expectReleased(site, 'mm-held');
  expect(plansReceived(site, 'mm-held')).toEqual([undefined, 'reprovision', 'clean']);
});
