import { describe, expect } from 'vitest';
import { annotations, foreign, MACHINE_FINALIZER } from '../../api/constants.ts';
import { baremetalMachines, machineInventories, machineInventoryPools, secrets } from '../../api/resources.ts';
import { createInventory } from '../../dev/elemental/operator.ts';
import { operationUpdates } from '../../workflows/messages.ts';
import { plansReceived, readPlanSecret } from '../support/host-answers.ts';
import {
  allocationState,
  expectReleased,
  findInventory,
  getPlanSecret,
  untilAllocationState,
} from '../support/hosts.ts';
import { untilEvent } from '../support/object-events.ts';
import {
  beginOn,
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
import { currentRunId, refOf, runOf, untilStage } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { askHost, bringBack } from '../support/stranded-host.ts';
import { waitFor } from '../support/wait-for.ts';

// What a machine's records lose and find again: its host, its plan Secret, its run. No host may be free uncleaned.
const hosts = ['hr-anew', 'hr-late', 'hr-blank', 'hr-paused', 'hr-named', 'hr-left'];

const test = siteTest('returns', { hosts });

const keyOf = (site: Site, name: string) => ({ namespace: site.namespace, name });

/** The inventory goes, and its plan Secret with it; the host runs on. */
async function forgetHost(site: Site, name: string): Promise<void> {
  await site.client.delete(machineInventories, keyOf(site, name));
  await waitFor(`${name} is forgotten`, async () => {
    const left = [await findInventory(site, name), await site.client.find(secrets, keyOf(site, name))];
    return left.every((object) => object === undefined);
  });
}

async function ownerOf(site: Site, name: string): Promise<string | undefined> {
  return (await findInventory(site, name))?.metadata.annotations[annotations.ownerUid];
}

async function annotatePaused(site: Site, name: string, value: '' | null): Promise<void> {
  const notes = { [foreign.pausedAnnotation]: value };
  await site.client.patch(baremetalMachines, keyOf(site, name), { metadata: { annotations: notes } });
}

describe.concurrent('a machine', () => {
  test('whose host registers anew is told so, adopts it and cleans it', async ({ site }) => {
    await beginOn(site, 'hr-anew');
    const { metadata } = await untilProvisioned(site, 'hr-anew');
    await forgetHost(site, 'hr-anew');
    const lost = await untilReason(site, 'hr-anew', 'InventoryAllocated', 'InventoryMissing');
    expect(lost.status).toMatchObject({ phase: 'Running', ready: true });
    await createInventory(site.client, keyOf(site, 'hr-anew'));
    await waitFor(
      'the host is recorded as in use again',
      async () => (await ownerOf(site, 'hr-anew')) === metadata.uid,
      () => findInventory(site, 'hr-anew'),
    );
    await waitForMachine(
      site,
      'hr-anew',
      'whole again',
      (machine) => conditionOf(machine, 'InventoryAllocated')?.status === 'True',
    );
    await deleteMachine(site, 'hr-anew');
    await untilGone(site, 'hr-anew');
    await expectReleased(site, 'hr-anew');
    expect(plansReceived(site, 'hr-anew').at(-1)).toBe('clean');
  });

  test('that is deleted before it has seen its host again cleans it all the same', async ({ site }) => {
    await beginOn(site, 'hr-late');
    await untilProvisioned(site, 'hr-late');
    await forgetHost(site, 'hr-late');
    await untilReason(site, 'hr-late', 'InventoryAllocated', 'InventoryMissing');
    await annotatePaused(site, 'hr-late', '');
    await waitForMachine(site, 'hr-late', 'paused', (machine) => conditionOf(machine, 'Paused')?.status === 'True');
    await createInventory(site.client, keyOf(site, 'hr-late'));
    await deleteMachine(site, 'hr-late');
    await waitForMachine(site, 'hr-late', 'deleted', (machine) => machine.metadata.deletionTimestamp !== undefined);
    await annotatePaused(site, 'hr-late', null);
    await untilGone(site, 'hr-late');
    await expectReleased(site, 'hr-late');
    expect(plansReceived(site, 'hr-late').at(-1)).toBe('clean');
  });

  test('that wrote to a host whose plan Secret is lost does not give it back as untouched', async ({ site }) => {
    site.host('hr-blank').neverAnswer();
    await beginOn(site, 'hr-blank');
    await untilAllocationState(site, 'hr-blank', 'Reprovisioning');
    await waitForMachine(site, 'hr-blank', 'waiting', ({ status }) => status?.phase === 'Reprovisioning');
    const { data } = await getPlanSecret(site, 'hr-blank');
    await site.client.delete(secrets, keyOf(site, 'hr-blank'));
    await untilReason(site, 'hr-blank', 'PlanApplied', 'PlanSecretMissing');
    const run = runOf(site, await refOf(site, 'hr-blank'));
    await run.executeUpdate(operationUpdates.retry, { args: [{ actor: 'ada', reason: 'perhaps it is back' }] });
    await untilStage(site, await refOf(site, 'hr-blank'), 'claimed');
    await deleteMachine(site, 'hr-blank');
    await untilStage(site, await refOf(site, 'hr-blank'), 'cleaning');
    const stuck = await untilReason(site, 'hr-blank', 'PlanApplied', 'PlanSecretMissing');
    expect(stuck.metadata.finalizers).toContain(MACHINE_FINALIZER);
    expect(await ownerOf(site, 'hr-blank')).toBe(stuck.metadata.uid);
    await run.executeUpdate(operationUpdates.forceRelease, { args: [{ actor: 'ada', reason: 'gone for good' }] });
    await untilGone(site, 'hr-blank');
    const notes = (await findInventory(site, 'hr-blank'))?.metadata.annotations ?? {};
    expect(notes[annotations.quarantine]).toContain('gone for good');

    // A node's plan that comes back does not make the host clean.
    site.host('hr-blank').neverAnswer(false);
    const metadata = { ...keyOf(site, 'hr-blank'), labels: { 'elemental.cattle.io/managed': 'true' } };
    await site.client.create(secrets, { metadata, type: foreign.planSecretType, data });
    await waitFor('the host has applied what stands there', async () => {
      const view = await readPlanSecret(site, 'hr-blank');
      return view.appliedChecksum === view.planChecksum;
    });
    await askHost(site, 'hr-blank', 'unquarantine');
    const waiting = await untilEvent(site, 'hr-blank', 'UnquarantineWaiting');
    expect(waiting.message).toContain('was not cleaned');
    expect(await allocationState(site, 'hr-blank')).toBe('Unavailable');
  });

  test('that went while it was paused leaves its host recorded, and an operator brings that back, clean', async ({
    site,
  }) => {
    await beginOn(site, 'hr-left');
    await untilProvisioned(site, 'hr-left');
    const machine = await refOf(site, 'hr-left');
    await annotatePaused(site, 'hr-left', '');
    await waitForMachine(site, 'hr-left', 'paused', (it) => conditionOf(it, 'Paused')?.status === 'True');
    await site.client.patch(baremetalMachines, keyOf(site, 'hr-left'), { metadata: { finalizers: [] } });
    await deleteMachine(site, 'hr-left');
    await untilGone(site, 'hr-left');
    expect(await runOf(site, machine).result()).toMatch(/^moved: /);
    expect(await ownerOf(site, 'hr-left')).toBe(machine.uid);
    await bringBack(site, 'hr-left');
    await expectReleased(site, 'hr-left');
    expect(plansReceived(site, 'hr-left')).toEqual([undefined, 'reprovision', 'clean']);
  });

  test('that an operator paused stays so when its run is terminated', async ({ site }) => {
    await beginOn(site, 'hr-paused');
    await untilProvisioned(site, 'hr-paused');
    const machine = await refOf(site, 'hr-paused');
    const run = runOf(site, machine);
    await run.executeUpdate(operationUpdates.pause, { args: [{ actor: 'ada', reason: 'looking at it' }] });
    await waitForMachine(site, 'hr-paused', 'paused', ({ status }) => status?.pausedByOperator === true);
    const before = await currentRunId(site, machine);
    await run.terminate('tried in a test');
    await deleteMachine(site, 'hr-paused');
    await untilStage(site, machine, 'running', before);
    await waitForMachine(site, 'hr-paused', 'known to be deleted', ({ status }) => status?.phase === 'Preparing');
    expect(conditionOf(await findMachine(site, 'hr-paused'), 'Paused')?.status).toBe('True');
    expect(plansReceived(site, 'hr-paused')).toEqual([undefined, 'reprovision']);
    await run.executeUpdate(operationUpdates.resume, { args: [{ actor: 'ada', reason: 'seen enough' }] });
    await untilGone(site, 'hr-paused');
    await expectReleased(site, 'hr-paused');
  });

  test('gets the host name that its pool has when the plan is written', async ({ site }) => {
    await createPool(site, 'hr-named', [{ name: 'hr-named', hostname: 'misnamed' }]);
    await createMachine(site, { name: 'hr-named', pool: 'hr-named', userData: null });
    await untilReason(site, 'hr-named', 'BootstrapReady', 'BootstrapWaiting');
    const members = [{ name: 'hr-named', hostname: 'well-named' }];
    await site.client.patch(machineInventoryPools, keyOf(site, 'hr-named'), { spec: { machineInventories: members } });
    await createBootstrapSecret(site, { name: 'hr-named' });
    const running = await untilProvisioned(site, 'hr-named');
    expect(running.status?.addresses).toContainEqual({ type: 'Hostname', address: 'well-named' });
    await waitFor('the node has that name', () => site.host('hr-named').node?.name === 'well-named');
  });
});
