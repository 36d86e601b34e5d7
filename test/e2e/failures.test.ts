import { describe, expect } from 'vitest';
import { foreign, IMAGE_CATALOG_NAME, MACHINE_FINALIZER } from '../../api/constants.ts';
import { baremetalMachines, capiClusters, configMaps, machineInventoryPools } from '../../api/resources.ts';
import { type AuditEvent, readAuditEvents } from '../../dev/stack/audit.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { deployCluster } from '../support/clusters.ts';
import { expectCountersAddUp, expectReleased, getPlanSecret, untilPoolCounts } from '../support/hosts.ts';
import {
  conditionOf,
  createBootstrapSecret,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { untilEvent, untilWarning } from '../support/object-events.ts';
import type { Site } from '../support/site.ts';
import { recordPools, siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// What stands in the way of a machine before its host has got a plan. One pool for each test.
const hosts = ['fa-late', 'fa-tight-1', 'fa-tight-2', 'fa-boot', 'fa-image', 'fa-other', 'fa-paused'];

const test = siteTest('failures', { hosts }).extend('pools', { scope: 'file', auto: true }, recordPools);

/** Names of the plans that the host has run: undefined is elemental's own, empty one. */
function plansOf(site: Site, host: string): (string | undefined)[] {
  return site.host(host).plansReceived.map(({ type }) => type);
}

describe.concurrent('before the plan', () => {
  test('without its pool a machine waits, and goes on when the pool comes', async ({ site }) => {
    await createMachine(site, { name: 'late', pool: 'late' });
    const waiting = await untilReason(site, 'late', 'InventoryAllocated', 'PoolMissing');
    await untilWarning(site, 'late', 'PoolMissing');
    expect(waiting.status?.phase).toBe('Pending');
    expect(conditionOf(waiting, 'InventoryAllocated')?.message).toContain('late');
    await createPool(site, 'late', ['fa-late']);
    await untilProvisioned(site, 'late');
    await untilPoolCounts(site, 'late', { total: 1, allocated: 1, available: 0 });
  });

  test('an exhausted pool serves those who wait, the oldest first, when capacity returns', async ({ site }) => {
    await createPool(site, 'tight', ['fa-tight-1']);
    await createMachine(site, { name: 'first', pool: 'tight' });
    await untilProvisioned(site, 'first');
    await createMachine(site, { name: 'second', pool: 'tight' });
    const second = await untilReason(site, 'second', 'InventoryAllocated', 'PoolExhausted');
    await untilWarning(site, 'second', 'PoolExhausted');
    expect(second.status?.phase).toBe('Pending');
    await untilPoolCounts(site, 'tight', { total: 1, allocated: 1, available: 0 });
    const createdAtMs = Date.parse(second.metadata.creationTimestamp);
    await waitFor('creation times, in whole seconds, differ', () => Date.now() >= createdAtMs + 1_000);
    await createMachine(site, { name: 'third', pool: 'tight' });
    await untilReason(site, 'third', 'InventoryAllocated', 'PoolExhausted');
    await untilWarning(site, 'third', 'PoolExhausted');

    const machineInventories = [{ name: 'fa-tight-1' }, { name: 'fa-tight-2' }];
    const key = { namespace: site.namespace, name: 'tight' };
    await site.client.patch(machineInventoryPools, key, { spec: { machineInventories } });
    const served = await untilProvisioned(site, 'second');
    expect(served.status?.machineInventoryRef?.name).toBe('fa-tight-2');
    expect((await findMachine(site, 'third'))?.status?.phase).toBe('Pending');
    const appended = await writesTo(site, 'machineinventorypools', 'tight', 'ironloom-admin');
    const claims = await writesTo(site, 'machineinventories', 'fa-tight-2', 'ironloom-worker');
    expect(timeMs(claims[0]) - timeMs(appended.at(-1))).toBeLessThan(10_000);

    await deleteMachine(site, 'first');
    const last = await untilProvisioned(site, 'third');
    expect(last.status?.machineInventoryRef?.name).toBe('fa-tight-1');
    await untilPoolCounts(site, 'tight', { total: 2, allocated: 2 });
  });

  test('without its bootstrap Secret a machine keeps its host and waits', async ({ site }) => {
    await createPool(site, 'boot', ['fa-boot']);
    await createMachine(site, { name: 'boot', pool: 'boot', userData: null });
    const waiting = await untilReason(site, 'boot', 'BootstrapReady', 'BootstrapWaiting');
    expect(waiting.status).toMatchObject({ phase: 'Allocated', machineInventoryRef: { name: 'fa-boot' } });
    expect((await untilEvent(site, 'boot', 'Allocated')).message).toContain('Claimed host fa-boot');
    expect(plansOf(site, 'fa-boot')).toEqual([undefined]);
    await untilPoolCounts(site, 'boot', { total: 1, allocated: 1 });
    await createBootstrapSecret(site, { name: 'boot' });
    await untilProvisioned(site, 'boot');
  });

  test('a version that the catalog lacks fails the machine, and adding the key resumes it', async ({ site }) => {
    await createPool(site, 'image', ['fa-image']);
    const planBefore = (await getPlanSecret(site, 'fa-image')).data['plan'];
    await createMachine(site, { name: 'image', pool: 'image', version: 'v1.99.0' });
    const failed = await untilReason(site, 'image', 'ImageResolved', 'ImageCatalogMiss');
    await untilWarning(site, 'image', 'ImageCatalogMiss');
    expect(failed.status?.phase).toBe('Failed');
    expect(conditionOf(failed, 'ImageResolved')?.message).toContain('v1.99.0');
    expect((await getPlanSecret(site, 'fa-image')).data['plan']).toBe(planBefore);
    await untilPoolCounts(site, 'image', { total: 1, allocated: 1, reprovisioning: 0, available: 0 });
    const key = { namespace: site.namespace, name: IMAGE_CATALOG_NAME };
    await site.client.patch(configMaps, key, { data: { 'v1.99.0': 'baremetal/node-image:v1.99.0' } });
    await untilProvisioned(site, 'image');
    const commands = await site.host('fa-image').disk.commands();
    const upgrade = commands.find(({ command }) => command === 'elemental');
    expect(upgrade?.args).toContain('registry.example.com/baremetal/node-image:v1.99.0');
  });

  test('an unknown registry, then a pause of the Cluster during a deletion', async ({ site }) => {
    await deployCluster(site, useStack(), { name: 'other', withoutRegistry: true });
    await createPool(site, 'other', ['fa-other'], 'other');
    await createMachine(site, { name: 'other', pool: 'other', cluster: 'other' });
    const failed = await untilReason(site, 'other', 'ImageResolved', 'ImageRegistryMissing');
    await untilWarning(site, 'other', 'ImageRegistryMissing');
    expect(failed.status?.phase).toBe('Failed');
    expect(conditionOf(failed, 'ImageResolved')?.message).toContain(foreign.registryAddressAnnotation);
    expect(plansOf(site, 'fa-other')).toEqual([undefined]);
    await untilPoolCounts(site, 'other', { total: 1, allocated: 1, reprovisioning: 0, available: 0 });
    const cluster = { namespace: site.namespace, name: 'other' };
    const annotations = { [foreign.registryAddressAnnotation]: 'registry.example.com' };
    await site.client.patch(capiClusters, cluster, { metadata: { annotations } });
    const running = await untilProvisioned(site, 'other');

    await site.client.patch(capiClusters, cluster, { spec: { paused: true } });
    await waitForMachine(site, 'other', 'paused', (machine) => conditionOf(machine, 'Paused')?.status === 'True');
    await site.client.delete(baremetalMachines, { namespace: site.namespace, name: 'other' });
    const run = site.temporal.workflow.getHandle(machineWorkflowId(running.metadata));
    await waitFor(
      'the run knows of the deletion',
      async () => (await run.query(lifeQuery))?.snapshot.deleting === true,
    );
    expect((await findMachine(site, 'other'))?.metadata.finalizers).toContain(MACHINE_FINALIZER);
    expect(plansOf(site, 'fa-other')).toEqual([undefined, 'reprovision']);
    await untilPoolCounts(site, 'other', { total: 1, allocated: 1, preparing: 0 });
    await site.client.patch(capiClusters, cluster, { spec: { paused: false } });
    await untilGone(site, 'other');
    await expectReleased(site, 'fa-other');
  });

  test('nothing is done for a paused object until it is unpaused', async ({ site }) => {
    await createPool(site, 'paused', ['fa-paused']);
    await createMachine(site, { name: 'paused', pool: 'paused', annotations: { [foreign.pausedAnnotation]: '' } });
    const idle = await waitForMachine(
      site,
      'paused',
      'paused and owned',
      (machine) => conditionOf(machine, 'Paused')?.status === 'True' && machine.metadata.ownerReferences.length === 1,
    );
    expect(idle.metadata.finalizers).toEqual([]);
    expect(idle.status?.machineInventoryRef).toBeUndefined();
    expect(await writesTo(site, 'machineinventories', 'fa-paused', 'ironloom-worker')).toEqual([]);
    const key = { namespace: site.namespace, name: 'paused' };
    await site.client.patch(baremetalMachines, key, {
      metadata: { annotations: { [foreign.pausedAnnotation]: null } },
    });
    await untilProvisioned(site, 'paused');
  });
});

test('the counters of every pool have added up all the time', ({ pools }) => {
  expectCountersAddUp(pools.seen);
});

/** Completed writes of a user to one object of the site, oldest first. */
async function writesTo(site: Site, resource: string, name: string, username: string): Promise<AuditEvent[]> {
  const { namespace } = site;
  return readAuditEvents(
    useStack().auditLogPath,
    ({ objectRef, user }) =>
      objectRef?.resource === resource &&
      objectRef.namespace === namespace &&
      objectRef.name === name &&
      user.username === username,
  );
}

function timeMs(event: AuditEvent | undefined): number {
  return Date.parse(event?.requestReceivedTimestamp ?? '');
}
