import { describe, expect } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { machineInventories, machineInventoryPools, secrets } from '../../api/resources.ts';
import { elementalAnnotations } from '../../dev/elemental/inventory.ts';
import { createInventory } from '../../dev/elemental/operator.ts';
import { planSecrets, toValue } from '../../dev/elemental/plan-secret.ts';
import { plansReceived, untilRunSettled } from '../support/host-answers.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { expectReleased, findInventory, getPlanSecret, untilPoolCounts } from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { untilWarning } from '../support/object-events.ts';
import { refOf, runOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { commandsOf, untilRuns } from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';

// Hosts that somebody else takes, or wants, or that begin a new life under their machine. A host, a pool and a machine
// each, of the same name.
const used = ['th-selector', 'th-replaced', 'th-bootstrap', 'th-reset', 'th-forgotten', 'th-anew', 'th-rival'];
const wanted = ['th-for-bootstrap', 'th-for-reset', 'th-for-storage'];
const hosts = [...used, ...wanted, 'th-spare'];
const fewEvents = 120;

const test = siteTest('taken', { hosts });

const keyOf = (site: Site, name: string) => ({ namespace: site.namespace, name });

/** The machine's node runs, and its host has told all that it has to tell. */
async function bringUp(site: Site, name: string): Promise<void> {
  await beginOn(site, name);
  await untilProvisioned(site, name);
  await untilRunSettled(site, name);
  await untilRuns(site.host(name), 2);
}

/** Says so at once, and writes nothing to the host; answers the words. */
async function expectTaken(site: Site, name: string, take: () => Promise<unknown>): Promise<string> {
  const { auditLogPath } = useStack();
  const since = await markAudit(auditLogPath);
  await take();
  const taken = await untilReason(site, name, 'PlanApplied', 'HostTaken');
  expect(conditionOf(taken, 'Ready')).toMatchObject({ status: 'False', reason: 'HostTaken' });
  expect(taken.status?.phase).toBe('Running');
  await untilWarning(site, name, 'HostTaken');
  const { historyLength } = await runOf(site, await refOf(site, name)).describe();
  expect(historyLength).toBeLessThan(fewEvents);
  const writes = await listHostWrites(auditLogPath, site, { since, hosts: [name] });
  // The bridge notes again which pool names the host.
  expect(writes.filter((write) => write !== `ironloom-bridge patch machineinventories ${name}`)).toEqual([]);
  return conditionOf(taken, 'PlanApplied')?.message ?? '';
}

const selectorRef = {
  apiVersion: 'elemental.cattle.io/v1beta1',
  kind: foreign.inventorySelectorKind,
  name: 'selector',
  uid: '5e1ec704-0000-4000-8000-000000000000',
};

describe.concurrent('the host of a Running machine', () => {
  test('that a MachineInventorySelector owns shows HostTaken, and its limit of attempts is lifted', async ({
    site,
  }) => {
    const name = 'th-selector';
    await bringUp(site, name);
    expect((await getPlanSecret(site, name)).data['max-failures']).toBeUndefined();
    const message = await expectTaken(site, name, () =>
      site.client.patch(machineInventories, keyOf(site, name), { metadata: { ownerReferences: [selectorRef] } }),
    );
    expect(message).toContain('MachineInventorySelector');
  });

  test('that a selector owns and whose records it has replaced shows HostTaken', async ({ site }) => {
    const name = 'th-replaced';
    await bringUp(site, name);
    const notes = (await findInventory(site, name))?.metadata.annotations ?? {};
    const ours = Object.keys(notes).filter((key) => key.startsWith('baremetal.alauda.io/'));
    const gone = Object.fromEntries(ours.map((key) => [key, null]));
    await expectTaken(site, name, () =>
      site.client.patch(machineInventories, keyOf(site, name), {
        metadata: { ownerReferences: [selectorRef], annotations: gone },
      }),
    );
    const owner = (await findInventory(site, name))?.metadata.annotations[annotations.ownerUid];
    expect(owner).toBeUndefined();
  });

  test('that gets a bootstrap plan of elemental shows HostTaken', async ({ site }) => {
    const name = 'th-bootstrap';
    await bringUp(site, name);
    const plan = toValue('{"instructions":[{"name":"theirs","command":"true"}]}');
    const message = await expectTaken(site, name, () =>
      site.client.patch(planSecrets, keyOf(site, name), {
        metadata: { annotations: { [elementalAnnotations.planType]: 'bootstrap' } },
        data: { plan, 'applied-checksum': '', 'failed-checksum': '' },
      }),
    );
    expect(message).toContain('bootstrap');
  });

  test('that is reset shows HostTaken until the Machine is deleted, which cleans and frees the blank host', async ({
    site,
  }) => {
    const name = 'th-reset';
    await bringUp(site, name);
    site.host(name).neverAnswer();
    await expectTaken(site, name, async () => {
      const resettable = { [elementalAnnotations.resettable]: 'true' };
      await site.client.patch(machineInventories, keyOf(site, name), { metadata: { annotations: resettable } });
      await site.client.delete(machineInventories, keyOf(site, name));
    });
    site.host(name).neverAnswer(false);
    await untilForgotten(site, name);
    await createInventory(site.client, keyOf(site, name));
    const blank = await waitForMachine(
      site,
      name,
      'told that its host is blank',
      (machine) => conditionOf(machine, 'PlanApplied')?.message.includes('registered anew') === true,
    );
    expect(conditionOf(blank, 'Ready')).toMatchObject({ status: 'False', reason: 'HostTaken' });
    expect((await findInventory(site, name))?.metadata.annotations[annotations.ownerUid]).toBeUndefined();
    await deleteMachine(site, name);
    await untilGone(site, name);
    await expectReleased(site, name);
    expect(plansReceived(site, name).at(-1)).toBe('clean');
    await untilPoolCounts(site, name, { total: 1, available: 1 });
  });

  test('whose inventory is deleted without a reset is adopted when it registers anew', async ({ site }) => {
    const name = 'th-forgotten';
    await bringUp(site, name);
    const { finalizers = [] } = (await findInventory(site, name))?.metadata ?? {};
    // So that the deletion is seen.
    await hold(site, name, [...finalizers, 'example.com/hold']);
    const run = runOf(site, await refOf(site, name));
    const { historyLength } = await run.describe();
    await site.client.delete(machineInventories, keyOf(site, name));
    await waitFor('the run has looked', async () => (await run.describe()).historyLength > historyLength);
    await untilRunSettled(site, name);
    expect(conditionOf(await findMachine(site, name), 'Ready')?.status).toBe('True');
    await waitFor('elemental-operator lets it go', async () => {
      const left = (await findInventory(site, name))?.metadata.finalizers;
      return left?.length === 1;
    });
    await hold(site, name, []);
    await untilReason(site, name, 'InventoryAllocated', 'InventoryMissing');
    await createInventory(site.client, keyOf(site, name));
    await waitForMachine(site, name, 'ready again', (machine) => conditionOf(machine, 'Ready')?.status === 'True');
    const { uid } = await refOf(site, name);
    expect((await findInventory(site, name))?.metadata.annotations[annotations.ownerUid]).toBe(uid);
  });
});

describe.concurrent('a host that is lost and registers anew during Reprovisioning', () => {
  test('is claimed and reprovisioned for real', async ({ site }) => {
    const name = 'th-anew';
    await loseUpgraded(site, name, []);
    const before = await attemptOn(site, name);
    await comeBack(site, name);
    await untilProvisioned(site, name);
    expect(await attemptOn(site, name)).not.toBe(before);
    expect(await upgradesOf(site, name)).toBe(2);
  });

  test("is one machine's only", async ({ site }) => {
    const name = 'th-rival';
    const second = 'th-rival-second';
    await loseUpgraded(site, name, [second]);
    await comeBack(site, name);
    const served = await waitFor('one of the machines is provisioned', async () =>
      (await site.machines()).find(({ spec }) => spec.providerID === `baremetal:///${name}`),
    );
    await untilProvisioned(site, served.metadata.name);
    expect((await findInventory(site, name))?.metadata.annotations[annotations.ownerUid]).toBe(served.metadata.uid);
    expect(await upgradesOf(site, name)).toBe(2);
    const other = [name, second].find((machine) => machine !== served.metadata.name) ?? '';
    await untilReason(site, other, 'InventoryAllocated', 'PoolExhausted');
    expect((await findMachine(site, other))?.status?.machineInventoryRef).toBeUndefined();
  });
});

/** The host does what the machine's plan says, and nobody learns of it; machines of these names wait for it, too. */
async function loseUpgraded(site: Site, name: string, rivals: readonly string[]): Promise<void> {
  site.host(name).crashBeforePut(1_000);
  await beginOn(site, name);
  for (const rival of rivals) await createMachine(site, { name: rival, pool: name });
  await waitFor('the host has upgraded', async () => (await upgradesOf(site, name)) === 1);
}

async function comeBack(site: Site, name: string): Promise<void> {
  await site.client.delete(machineInventories, keyOf(site, name));
  await untilForgotten(site, name);
  // It says so, or goes back to the claim, by what the bridge sees first.
  await waitForMachine(site, name, 'told that its host is gone', (machine) =>
    ['InventoryMissing', 'PoolExhausted'].includes(conditionOf(machine, 'InventoryAllocated')?.reason ?? ''),
  );
  site.host(name).crashBeforePut(0);
  await createInventory(site.client, keyOf(site, name));
}

async function attemptOn(site: Site, name: string): Promise<string | undefined> {
  return (await findInventory(site, name))?.metadata.annotations[annotations.hostPlanAttempt];
}

test("a host with somebody else's plan is passed over for its neighbour, and the pool says why", async ({ site }) => {
  const pool = 'th-pool';
  const notes = [
    { [elementalAnnotations.planType]: 'bootstrap' },
    { [elementalAnnotations.planType]: 'reset' },
    { [annotations.planType]: 'storage-prepare' },
  ];
  for (const [index, name] of wanted.entries()) {
    await site.client.patch(secrets, keyOf(site, name), { metadata: { annotations: notes[index] } });
  }
  await createPool(site, pool, [...wanted, 'th-spare']);
  await createMachine(site, { name: pool, pool });
  const running = await untilProvisioned(site, pool);
  expect(running.spec.providerID).toBe('baremetal:///th-spare');
  await untilPoolCounts(site, pool, { total: 4, allocated: 1, unavailable: 3 });
  const { status } = await site.client.get(machineInventoryPools, keyOf(site, pool));
  const valid = status?.conditions?.find(({ type }) => type === 'MembersValid');
  expect(valid).toMatchObject({ status: 'False', reason: 'MemberNotReady' });
  for (const name of wanted) expect(valid?.message).toContain(name);
  for (const name of wanted) expect(plansReceived(site, name)).not.toContain('reprovision');
});

async function hold(site: Site, name: string, finalizers: readonly string[]): Promise<void> {
  await site.client.patch(machineInventories, keyOf(site, name), { metadata: { finalizers } });
}

/** The inventory is gone, and its plan Secret with it. */
async function untilForgotten(site: Site, name: string): Promise<void> {
  await waitFor(`${name} is forgotten`, async () => {
    const left = [await findInventory(site, name), await site.client.find(secrets, keyOf(site, name))];
    return left.every((object) => object === undefined);
  });
}

async function upgradesOf(site: Site, name: string): Promise<number> {
  return (await commandsOf(site.host(name), 'elemental upgrade')).length;
}
