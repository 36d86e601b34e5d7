import { describe, expect } from 'vitest';
import { CLUSTER_FINALIZER, foreign, MACHINE_FINALIZER } from '../../api/constants.ts';
import {
  baremetalClusters,
  baremetalMachines,
  baremetalMachineTemplates,
  capiClusters,
  capiMachines,
  machineInventories,
  machineInventoryPools,
  type Resource,
  secrets,
} from '../../api/resources.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { deployCluster } from '../support/clusters.ts';
import { letAnswer, plansReceived, untilPlanned, untilSettled } from '../support/host-answers.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { expectReleased, findInventory } from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  waitForMachine,
} from '../support/machines.ts';
import { holdsByKind, listMetadata, readHolds, untilQuiet } from '../support/object-metadata.ts';
import { refOf, runOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// What Cluster API holds every provider to: notes/capi.md sections 1.6 and 5.
const hosts = ['cr1', 'cr2'];
const ours: readonly Resource<unknown>[] = [
  baremetalMachines,
  baremetalMachineTemplates,
  baremetalClusters,
  machineInventoryPools,
];

/** Kind and whether it is the controller of each owner, then finalizers. */
const expectedHolds = {
  BaremetalMachine: [`Machine true, ${MACHINE_FINALIZER}`],
  BaremetalMachineTemplate: ['Cluster false'],
  BaremetalCluster: [`Cluster false, ${CLUSTER_FINALIZER}`],
  MachineInventoryPool: [''],
};

const test = siteTest('rules', { hosts, replicas: hosts.length });

async function pauseCluster(site: Site, name: string, paused: boolean): Promise<void> {
  await site.client.patch(capiClusters, { namespace: site.namespace, name }, { spec: { paused } });
}

async function annotatePaused(site: Site, name: string, value: '' | null): Promise<void> {
  const key = { namespace: site.namespace, name };
  await site.client.patch(baremetalMachines, key, { metadata: { annotations: { [foreign.pausedAnnotation]: value } } });
}

/** The machine's run has acted on the pause, or on its end. */
function untilPaused(site: Site, name: string, status: 'True' | 'False' = 'True') {
  return waitForMachine(site, name, `Paused=${status}`, (machine) => conditionOf(machine, 'Paused')?.status === status);
}

/** The machine's run knows that the object is being deleted. */
async function untilDeletionIsKnown(site: Site, name: string): Promise<void> {
  const run = runOf(site, await refOf(site, name));
  await waitFor(`${name} is known to be deleted`, async () => (await run.query(lifeQuery))?.snapshot.deleting === true);
}

test('at rest no object changes', async ({ site }) => {
  await site.deploy();
  await site.untilRunning(2);
  await untilSettled(site);
  // As long as in Cluster API's own test.
  await untilQuiet(site, [...ours, machineInventories, secrets, capiMachines, capiClusters], 120_000);
}, 400_000);

test('each object has the owner and the finalizer that it should have', async ({ site }) => {
  expect(holdsByKind(await readHolds(site, ours))).toEqual(expectedHolds);
  for (const machine of await site.machines()) {
    const { namespace, name } = machine.metadata;
    const owner = await site.client.get(capiMachines, { namespace, name });
    expect(machine.metadata.ownerReferences).toMatchObject([{ kind: 'Machine', name, uid: owner.metadata.uid }]);
  }
  for (const host of hosts) {
    const uid = (await findInventory(site, host))?.metadata.uid;
    const { metadata } = await site.client.get(secrets, { namespace: site.namespace, name: host });
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'MachineInventory', name: host, uid, controller: true }]);
  }
});

test('owner references and finalizers that were stripped come back, and no host notices', async ({ site }) => {
  const before = await readHolds(site, ours);
  const { auditLogPath } = useStack();
  await pauseCluster(site, 'demo', true);
  const names = (await site.machines()).map(({ metadata }) => metadata.name);
  for (const name of names) await untilPaused(site, name);
  const since = await markAudit(auditLogPath);
  for (const resource of ours) {
    for (const metadata of await listMetadata(site, resource)) {
      await site.client.patch(resource, metadata, { metadata: { ownerReferences: [], finalizers: [] } });
    }
  }
  const stripped = await readHolds(site, ours);
  expect(Object.values(stripped).flatMap(({ owners, finalizers }) => [...owners, ...finalizers])).toEqual([]);
  await pauseCluster(site, 'demo', false);
  await waitFor(
    'all of them are back',
    async () => JSON.stringify(await readHolds(site, ours)) === JSON.stringify(before),
    async () => ({ before, now: await readHolds(site, ours) }),
    { timeoutMs: 120_000 },
  );
  await site.untilRunning(2);
  for (const name of names) await untilPaused(site, name, 'False');
  expect(await listHostWrites(auditLogPath, site, { since, hosts })).toEqual([]);
  expect((await site.machines()).map(({ metadata }) => metadata.name)).toEqual(names);
});

describe.concurrent('paused', () => {
  test('from its creation on, a machine takes no host', async ({ site }) => {
    const host = 'cr-new';
    await site.addHost(host);
    await createPool(site, host, [host]);
    const since = await markAudit(useStack().auditLogPath);
    await createMachine(site, { name: host, pool: host, annotations: { [foreign.pausedAnnotation]: '' } });
    const paused = await untilPaused(site, host);
    expect(paused.status?.machineInventoryRef).toBeUndefined();
    const writes = await listHostWrites(useStack().auditLogPath, site, { since, hosts: [host] });
    // The pool marks its members, paused machines or not.
    expect(writes.filter((write) => !write.startsWith('ironloom-bridge'))).toEqual([]);
    await annotatePaused(site, host, null);
    await untilProvisioned(site, host);
    await untilPaused(site, host, 'False');
  });

  test('by its annotation, a machine that is deleted is not cleaned before it goes on', async ({ site }) => {
    const host = 'cr-clean';
    await site.addHost(host);
    await beginOn(site, host);
    await untilProvisioned(site, host);
    await annotatePaused(site, host, '');
    await untilPaused(site, host);
    const since = await markAudit(useStack().auditLogPath);
    await deleteMachine(site, host);
    await untilDeletionIsKnown(site, host);
    expect((await findMachine(site, host))?.metadata.deletionTimestamp).toBeDefined();
    expect(await listHostWrites(useStack().auditLogPath, site, { since, hosts: [host] })).toEqual([]);
    expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);
    await annotatePaused(site, host, null);
    await untilGone(site, host);
    await expectReleased(site, host);
    expect(plansReceived(site, host)).toEqual([undefined, 'reprovision', 'clean']);
  });

  test('by its Cluster, a machine hears its host and does nothing about it, and neither when it is deleted', async ({
    site,
  }) => {
    const host = 'cr-halt';
    await deployCluster(site, useStack(), { name: 'halt' });
    (await site.addHost(host)).neverAnswer();
    await createPool(site, host, [host], 'halt');
    await createMachine(site, { name: host, pool: host, cluster: 'halt' });
    await untilPlanned(site, 'reprovision', [host]);
    await waitForMachine(site, host, 'Reprovisioning', ({ status }) => status?.phase === 'Reprovisioning');
    await pauseCluster(site, 'halt', true);
    await untilPaused(site, host);
    let since = await markAudit(useStack().auditLogPath);
    await letAnswer(site, [host]);
    const run = runOf(site, await refOf(site, host));
    await waitFor('the run has the answer', async () => {
      const stage = (await run.query(lifeQuery))?.stage;
      return stage?.kind === 'reprovisioning' && stage.plan.progress.kind === 'applied';
    });
    expect((await findMachine(site, host))?.spec.providerID).toBeUndefined();
    expect(await listHostWrites(useStack().auditLogPath, site, { since, hosts: [host] })).toEqual([]);
    await pauseCluster(site, 'halt', false);
    await untilProvisioned(site, host);

    await pauseCluster(site, 'halt', true);
    await untilPaused(site, host);
    since = await markAudit(useStack().auditLogPath);
    // Of the object itself: Cluster API deletes nothing for a Machine of a paused Cluster.
    await site.client.delete(baremetalMachines, { namespace: site.namespace, name: host });
    await untilDeletionIsKnown(site, host);
    expect(await listHostWrites(useStack().auditLogPath, site, { since, hosts: [host] })).toEqual([]);
    await pauseCluster(site, 'halt', false);
    await untilGone(site, host);
    await expectReleased(site, host);
    expect(plansReceived(site, host)).toEqual([undefined, 'reprovision', 'clean']);
  });
});
