import { afterAll, describe, expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { machineInventories, machineInventoryPools, secrets } from '../../api/resources.ts';
import { elementalInventories } from '../../dev/elemental/inventory.ts';
import { operationUpdates } from '../../workflows/messages.ts';
import { plansReceived, untilRunSettled } from '../support/host-answers.ts';
import { allocationState, expectReleased, findInventory, untilPoolCounts } from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { untilWarning } from '../support/object-events.ts';
import { policyWords, refuseWrites } from '../support/refusals.ts';
import { refOf, runOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { untilRuns } from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';

// Writes that are refused for good. Each test has hosts, a pool of them and a machine; the refused host bears their name.
const names = ['rw-frozen', 'rw-immutable', 'rw-full', 'rw-refused', 'rw-many', 'rw-policy', 'rw-heard', 'rw-odd'];
/** Names of the hosts that are to be taken instead. */
const spares = ['rw-immutable', 'rw-full', 'rw-refused'].map(spareOf);
/** What a run may write into its history while it waits: none that tries again without a pause comes near. */
const fewEvents = 120;

const test = siteTest('refused', { hosts: [...names, ...spares] });
const lifts = new AsyncDisposableStack();

afterAll(() => lifts.disposeAsync());

function spareOf(name: string): string {
  return `${name}-spare`;
}

const keyOf = (site: Site, name: string) => ({ namespace: site.namespace, name });

/** Until the test ends at the latest. */
async function refuse(site: Site, name: string, to: 'secrets' | 'machineinventories'): Promise<() => Promise<void>> {
  const lift = await refuseWrites(site, name, to);
  lifts.defer(lift);
  return lift;
}

/** The pool names the member under this reason. */
async function untilMember(site: Site, pool: string, reason: string, member: string): Promise<string> {
  const read = async () => (await site.client.get(machineInventoryPools, keyOf(site, pool))).status?.conditions;
  return waitFor(
    `pool ${pool} shows ${reason} of ${member}`,
    async () =>
      (await read())?.find(
        (found) => found.type === 'MembersValid' && found.reason === reason && found.message.includes(member),
      )?.message,
    read,
  );
}

async function historyLengthOf(site: Site, name: string): Promise<number> {
  return (await runOf(site, await refOf(site, name)).describe()).historyLength;
}

describe.concurrent('a plan Secret that cannot be written', () => {
  test('under a node is named when the machine is deleted, and forceRelease lets go all the same', async ({ site }) => {
    const name = 'rw-frozen';
    await beginOn(site, name);
    await untilProvisioned(site, name);
    await untilRunSettled(site, name);
    // The agent has told all that it has to tell.
    await untilRuns(site.host(name), 2);
    await site.client.patch(secrets, keyOf(site, name), { immutable: true });
    await deleteMachine(site, name);
    const blocked = await untilReason(site, name, 'PlanApplied', 'WriteRefused');
    const { message } = conditionOf(blocked, 'PlanApplied') ?? {};
    expect(message).toContain(`secrets/${name}: HTTP 422 Invalid: refused as invalid (data)`);
    expect(conditionOf(blocked, 'Ready')).toMatchObject({ status: 'False', reason: 'WriteRefused', message });
    await untilWarning(site, name, 'WriteRefused');
    expect(await historyLengthOf(site, name)).toBeLessThan(fewEvents);

    const run = runOf(site, await refOf(site, name));
    await run.executeUpdate(operationUpdates.forceRelease, { args: [{ actor: 'ada', reason: 'it goes to repair' }] });
    await untilGone(site, name);
    expect(await run.result()).toMatch(/^released: /);
    const notes = (await findInventory(site, name))?.metadata.annotations ?? {};
    expect(notes[annotations.quarantine]).toContain('No clean plan could be left');
    expect(notes[annotations.quarantine]).toContain('it goes to repair');
    expect(notes[annotations.ownerUid]).toBeUndefined();
    expect(await allocationState(site, name)).toBe('Unavailable');
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision']);
    await untilPoolCounts(site, name, { total: 1, unavailable: 1 });
  });

  test('keeps a free host from being claimed; the machine gets the next one', async ({ site }) => {
    const name = 'rw-immutable';
    await site.client.patch(secrets, keyOf(site, name), { immutable: true });
    await beginOn(site, name, { members: [name, spareOf(name)] });
    const running = await untilProvisioned(site, name);
    expect(running.spec.providerID).toBe(`baremetal:///${spareOf(name)}`);
    await untilMember(site, name, 'MemberRefused', name);
    await untilPoolCounts(site, name, { total: 2, allocated: 1, unavailable: 1 });
  });

  test('because of a policy is named, and the machine goes on by itself once that is lifted', async ({ site }) => {
    const name = 'rw-policy';
    const lift = await refuse(site, name, 'secrets');
    await beginOn(site, name);
    const blocked = await untilReason(site, name, 'PlanApplied', 'WriteRefused');
    const { message } = conditionOf(blocked, 'PlanApplied') ?? {};
    expect(message).toContain(`secrets/${name}: HTTP 422 Invalid`);
    expect(message).toContain("(ValidatingAdmissionPolicy 'refuse-");
    await untilWarning(site, name, 'WriteRefused');
    expect(await historyLengthOf(site, name)).toBeLessThan(fewEvents);
    await lift();
    const running = await untilProvisioned(site, name);
    expect(conditionOf(running, 'PlanApplied')?.status).toBe('True');
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision']);
  });

  test('because of a policy leaves the machine open for a deletion', async ({ site }) => {
    const name = 'rw-heard';
    const lift = await refuse(site, name, 'secrets');
    await beginOn(site, name);
    await untilReason(site, name, 'PlanApplied', 'WriteRefused');
    await deleteMachine(site, name);
    // It believes that a reprovision plan was about to be written, so it cleans.
    await waitForMachine(site, name, 'being deleted, and refused', (machine) => {
      const preparing = machine.metadata.deletionTimestamp !== undefined && machine.status?.phase === 'Preparing';
      return preparing && conditionOf(machine, 'PlanApplied')?.reason === 'WriteRefused';
    });
    expect(await historyLengthOf(site, name)).toBeLessThan(fewEvents);
    await lift();
    await untilGone(site, name);
    await expectReleased(site, name);
    expect(plansReceived(site, name)).toEqual([undefined, 'clean']);
  });
});

describe.concurrent('an inventory', () => {
  test('whose annotations are full is passed over, and the pool names it', async ({ site }) => {
    const name = 'rw-full';
    const notes = (await findInventory(site, name))?.metadata.annotations ?? {};
    const used = Object.entries(notes).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    const filler = 'x'.repeat(256 * 1024 - used - 100);
    await site.client.patch(machineInventories, keyOf(site, name), {
      metadata: { annotations: { 'example.com/f': filler } },
    });
    await beginOn(site, name, { members: [name, spareOf(name)] });
    const running = await untilProvisioned(site, name);
    expect(running.spec.providerID).toBe(`baremetal:///${spareOf(name)}`);
    await untilMember(site, name, 'MemberRefused', name);
    await untilPoolCounts(site, name, { total: 2, allocated: 1, unavailable: 1 });
  });

  test('that a policy keeps from being claimed is passed over, and the pool says in whose words', async ({ site }) => {
    const name = 'rw-refused';
    await refuse(site, name, 'machineinventories');
    await beginOn(site, name, { members: [name, spareOf(name)] });
    const running = await untilProvisioned(site, name);
    expect(running.spec.providerID).toBe(`baremetal:///${spareOf(name)}`);
    expect(await untilMember(site, name, 'MemberRefused', name)).toContain(policyWords);
    await untilPoolCounts(site, name, { total: 2, allocated: 1, unavailable: 1 });
  });

  test('with 40,000 addresses is claimed, and few of them are told on', async ({ site }) => {
    const name = 'rw-many';
    const addresses = Array.from({ length: 40_000 }, (_, index) => `127.${index >> 16}.${(index >> 8) & 255}.1/8`);
    const interfaces = [
      { name: 'eth0', addresses: ['10.0.0.7/24'] },
      { name: 'lo', addresses },
    ];
    await site.client.patch(machineInventories, keyOf(site, name), { spec: { observedNetwork: { interfaces } } });
    await beginOn(site, name);
    const running = await untilProvisioned(site, name);
    const ips = (running.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
    expect(ips.map(({ address }) => address)).toContain('10.0.0.7');
    expect(ips.length).toBeLessThanOrEqual(64);
    await deleteMachine(site, name);
    await untilGone(site, name);
    await expectReleased(site, name);
  });

  test('that becomes unreadable under a node is named by machine and pool, and nothing is lost', async ({ site }) => {
    const name = 'rw-odd';
    await beginOn(site, name);
    await untilProvisioned(site, name);
    await untilRunSettled(site, name);
    await site.client.patch(elementalInventories, keyOf(site, name), { spec: { storage: { volumes: 'x' } } });
    const unreadable = await untilReason(site, name, 'InventoryAllocated', 'InventoryUnreadable');
    expect(conditionOf(unreadable, 'InventoryAllocated')?.message).toContain('spec.storage.volumes');
    expect(unreadable.status).toMatchObject({ phase: 'Running', machineInventoryRef: { name } });
    expect(await untilMember(site, name, 'MemberUnreadable', name)).toContain('spec.storage.volumes');
    await untilPoolCounts(site, name, { total: 1, unavailable: 1 });
    expect(await historyLengthOf(site, name)).toBeLessThan(fewEvents);
    await site.client.patch(machineInventories, keyOf(site, name), { spec: { storage: null } });
    await waitForMachine(site, name, 'whole again', (machine) => conditionOf(machine, 'Ready')?.status === 'True');
    expect(conditionOf(await findMachine(site, name), 'InventoryAllocated')?.status).toBe('True');
    await untilPoolCounts(site, name, { total: 1, allocated: 1 });
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision']);
  });
});
