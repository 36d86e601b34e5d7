import { describe, expect } from 'vitest';
import { z } from 'zod';
import { annotations } from '../../api/constants.ts';
import { machineInventories, machineInventoryPools } from '../../api/resources.ts';
import { planSecrets } from '../../dev/elemental/plan-secret.ts';
import { expectCountersAddUp, expectReleased, findInventory, untilPoolCounts } from '../support/hosts.ts';
import {
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
} from '../support/machines.ts';
import { untilReason } from '../support/machines.ts';
import { untilEvent, untilWarning } from '../support/object-events.ts';
import type { Site } from '../support/site.ts';
import { recordPools, siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

const hosts = [
  'pm-fine',
  'pm-bare',
  'pm-down',
  'pm-shared',
  'pm-used',
  'pm-odd',
  'pm-full',
  'pm-well',
  'pm-fixed',
  'pm-twin',
  'pm-other',
];

const test = siteTest('members', { hosts }).extend('pools', { scope: 'file', auto: true }, recordPools);

async function changeMembers(site: Site, pool: string, names: readonly string[]): Promise<void> {
  const machineInventories = names.map((name) => ({ name }));
  await site.client.patch(
    machineInventoryPools,
    { namespace: site.namespace, name: pool },
    { spec: { machineInventories } },
  );
}

/** Waits until the pool's members are judged so; answers the condition's message, which `Ready` shares. */
async function untilMembers(
  site: Site,
  pool: string,
  status: 'True' | 'False',
  reason: string,
  words = /(?:)/,
): Promise<string> {
  const read = async () =>
    (await site.client.get(machineInventoryPools, { namespace: site.namespace, name: pool })).status;
  const found = await waitFor(
    `pool ${pool} has MembersValid=${status}/${reason}`,
    async () => {
      const conditions = (await read())?.conditions;
      const members = conditions?.find(({ type }) => type === 'MembersValid');
      const ready = conditions?.find(({ type }) => type === 'Ready');
      const same = ready?.status === status && ready.message === members?.message;
      const said = members?.status === status && members.reason === reason && words.test(members.message);
      return said && same && members;
    },
    read,
  );
  return found.message;
}

/** Leaves less room than any annotation of ours needs. */
async function fillAnnotations(site: Site, host: string): Promise<void> {
  const notes = (await findInventory(site, host))?.metadata.annotations ?? {};
  const used = Object.entries(notes).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const annotated = { filler: 'x'.repeat(256 * 1024 - used - 'filler'.length - 20) };
  await site.client.patch(
    machineInventories,
    { namespace: site.namespace, name: host },
    { metadata: { annotations: annotated } },
  );
}

async function poolOf(site: Site, host: string): Promise<string | undefined> {
  return (await findInventory(site, host))?.metadata.annotations[annotations.pool];
}

describe.concurrent('a pool', () => {
  test('names the members that cannot be used, the worst first, and counts them as unavailable', async ({ site }) => {
    const { client, namespace } = site;
    await client.delete(planSecrets, { namespace, name: 'pm-bare' });
    const status = { conditions: [{ type: 'Ready', status: 'False', reason: 'PlanFailure', message: '' }] };
    await client.patch(machineInventories, { namespace, name: 'pm-down' }, { status }, { subresource: 'status' });
    await createPool(site, 'mixed', ['pm-fine', 'pm-ghost', 'pm-bare', 'pm-down']);

    const message = await untilMembers(site, 'mixed', 'False', 'MemberMissing');
    expect(message).toMatch(
      /Without a MachineInventory: pm-ghost .*Without a plan Secret: pm-bare .*Not Ready: pm-down/,
    );
    await untilPoolCounts(site, 'mixed', { total: 4, available: 1, unavailable: 3 });
    expect((await untilWarning(site, 'mixed', 'MemberMissing')).message).toBe(message);

    // Only the one that can be used is taken.
    await createMachine(site, { name: 'm-mixed', pool: 'mixed' });
    expect((await untilProvisioned(site, 'm-mixed')).status?.machineInventoryRef?.name).toBe('pm-fine');
    await createMachine(site, { name: 'm-mixed-2', pool: 'mixed' });
    await untilReason(site, 'm-mixed-2', 'InventoryAllocated', 'PoolExhausted');

    await site.addHost('pm-ghost');
    await untilMembers(site, 'mixed', 'False', 'PlanSecretMissing');
    await untilWarning(site, 'mixed', 'PlanSecretMissing');
    expect((await untilProvisioned(site, 'm-mixed-2')).status?.machineInventoryRef?.name).toBe('pm-ghost');
    await changeMembers(site, 'mixed', ['pm-fine', 'pm-ghost', 'pm-down']);
    expect(await untilMembers(site, 'mixed', 'False', 'MemberNotReady')).toContain('pm-down');
    await changeMembers(site, 'mixed', ['pm-fine', 'pm-ghost']);
    await untilMembers(site, 'mixed', 'True', 'MembersValid');
    await untilEvent(site, 'mixed', 'MembersValid');
    await untilPoolCounts(site, 'mixed', { total: 2, allocated: 2, unavailable: 0 });
  });

  test('tells a member that cannot be read, and one that cannot be written to, from missing ones', async ({ site }) => {
    const { client, namespace } = site;
    const anyShape = { ...machineInventories, schema: z.unknown() };
    await client.patch(anyShape, { namespace, name: 'pm-odd' }, { spec: { storage: { volumes: 'x' } } });
    await fillAnnotations(site, 'pm-full');
    await client.patch(planSecrets, { namespace, name: 'pm-fixed' }, { immutable: true });
    await createPool(site, 'hard', ['pm-odd', 'pm-full', 'pm-well', 'pm-fixed']);

    const words = /Unreadable: pm-odd \(spec\.storage\.volumes: .*Cannot be written to: pm-full .*pm-fixed/;
    const message = await untilMembers(site, 'hard', 'False', 'MemberUnreadable', words);
    expect(message).not.toContain('register the host or');
    await untilPoolCounts(site, 'hard', { total: 4, available: 1, unavailable: 3 });
    await createMachine(site, { name: 'm-hard', pool: 'hard' });
    expect((await untilProvisioned(site, 'm-hard')).status?.machineInventoryRef?.name).toBe('pm-well');

    await client.patch(machineInventories, { namespace, name: 'pm-odd' }, { spec: { storage: null } });
    await untilMembers(site, 'hard', 'False', 'MemberRefused', /pm-full .*pm-fixed/);
    await client.patch(
      machineInventories,
      { namespace, name: 'pm-full' },
      { metadata: { annotations: { filler: null } } },
    );
    await waitFor('the host is annotated', async () => (await poolOf(site, 'pm-full')) === 'hard');
    await untilPoolCounts(site, 'hard', { total: 4, available: 2, allocated: 1, unavailable: 1 });
  });

  test('tells of a host name that a host of another pool of the cluster has, in both pools', async ({ site }) => {
    const { client, namespace } = site;
    await createPool(site, 'twin', ['pm-twin']);
    await untilMembers(site, 'twin', 'True', 'MembersValid');
    await createPool(site, 'other', [{ name: 'pm-other', hostname: 'pm-twin' }]);
    const both = /pm-twin is also the host name of pm-(?:twin|other) of pool/;
    expect(await untilMembers(site, 'twin', 'False', 'DuplicateHostname', both)).toContain('pm-other of pool other');
    expect(await untilMembers(site, 'other', 'False', 'DuplicateHostname', both)).toContain('pm-twin of pool twin');
    const machineInventoriesOfPool = [{ name: 'pm-other' }];
    await client.patch(
      machineInventoryPools,
      { namespace, name: 'other' },
      { spec: { machineInventories: machineInventoriesOfPool } },
    );
    await untilMembers(site, 'twin', 'True', 'MembersValid');
    await untilMembers(site, 'other', 'True', 'MembersValid');
  });

  test('has no say about a host of another pool, until that one drops it', async ({ site }) => {
    await createPool(site, 'owner', ['pm-shared']);
    await untilMembers(site, 'owner', 'True', 'MembersValid');
    await waitFor('the host is annotated', async () => (await poolOf(site, 'pm-shared')) === 'owner');
    await createPool(site, 'second', ['pm-shared']);
    expect(await untilMembers(site, 'second', 'False', 'MemberInAnotherPool')).toContain('pm-shared');
    await untilPoolCounts(site, 'second', { total: 1, available: 0, unavailable: 1 });
    await untilPoolCounts(site, 'owner', { total: 1, available: 1 });
    await createMachine(site, { name: 'm-second', pool: 'second' });
    await untilReason(site, 'm-second', 'InventoryAllocated', 'PoolExhausted');

    await changeMembers(site, 'owner', []);
    expect((await untilProvisioned(site, 'm-second')).status?.machineInventoryRef?.name).toBe('pm-shared');
    expect(await poolOf(site, 'pm-shared')).toBe('second');
    await untilMembers(site, 'second', 'True', 'MembersValid');
  });

  test('that drops a host in use loses it when the host is released, and not before', async ({ site }) => {
    await createPool(site, 'shrinking', ['pm-used']);
    await createMachine(site, { name: 'm-used', pool: 'shrinking' });
    const running = await untilProvisioned(site, 'm-used');
    await changeMembers(site, 'shrinking', []);
    await untilPoolCounts(site, 'shrinking', { total: 0, allocated: 0 });
    expect(await poolOf(site, 'pm-used')).toBe('shrinking');
    const inventory = await findInventory(site, 'pm-used');
    expect(inventory?.metadata.annotations[annotations.ownerUid]).toBe(running.metadata.uid);
    expect((await findMachine(site, 'm-used'))?.status?.phase).toBe('Running');

    await deleteMachine(site, 'm-used');
    await untilGone(site, 'm-used');
    await expectReleased(site, 'pm-used');
    await waitFor('the host belongs to no pool', async () => (await poolOf(site, 'pm-used')) === undefined);
    expect(site.host('pm-used').plansReceived.map(({ type }) => type)).toEqual([undefined, 'reprovision', 'clean']);
  });
});

test('the counters of every pool have added up all the time', ({ pools }) => {
  expectCountersAddUp(pools.seen);
});
