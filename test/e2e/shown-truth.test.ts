import { describe, expect } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { baremetalMachines, machineInventories, machineInventoryPools, secrets } from '../../api/resources.ts';
import { createMachineRuns } from '../../k8s-bridge/runs/machine-runs.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { findInventory } from '../support/hosts.ts';
import {
  beginOn,
  bootstrapSecretOf,
  conditionOf,
  createMachine,
  createPool,
  findMachine,
  readShownStatus,
  untilJoined,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { plansReceived } from '../support/host-answers.ts';
import { currentRunId, refOf, runOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

// What a machine's status says is so, whatever became of the run that wrote it, of its inputs, or of the status itself.
const longName = `st-named.${'a'.repeat(60)}`;
const hosts = ['st-paused', 'st-edited', 'st-empty', 'st-used'];

const test = siteTest('truth', { hosts: [...hosts, longName] });

const keyOf = (site: Site, name: string) => ({ namespace: site.namespace, name });

async function bringUp(site: Site, name: string): Promise<void> {
  await beginOn(site, name);
  await untilJoined(site, name);
}

/** What is shown but for what every look of a run changes. */
async function readWords(site: Site, name: string) {
  const { observedInputs: _, ...shown } = await readShownStatus(site, name);
  return shown;
}

describe.concurrent('a machine', () => {
  test('that is paused and whose run was terminated loses no word of its status', async ({ site }) => {
    await bringUp(site, 'st-paused');
    const pause = { metadata: { annotations: { [foreign.pausedAnnotation]: 'true' } } };
    await site.client.patch(baremetalMachines, keyOf(site, 'st-paused'), pause);
    await waitForMachine(site, 'st-paused', 'paused', (one) => conditionOf(one, 'Paused')?.status === 'True');
    const machine = await refOf(site, 'st-paused');
    const [run, terminated] = [runOf(site, machine), await currentRunId(site, machine)];
    const life = await run.query(lifeQuery);
    if (life === null) throw new Error('The run knows nothing');
    const before = await readWords(site, 'st-paused');
    await run.terminate('tried in a test');
    const { taskQueue } = await runOf(site, machine).describe();
    // What the bridge does at its next look, some minutes later.
    const snapshot = { ...life.snapshot, statusEditedAt: 'makes the run say that it has seen it' };
    await createMachineRuns(site.temporal, taskQueue).observe(machine, snapshot, {
      cluster: 'demo',
      pool: 'st-paused',
    });
    await waitForMachine(site, 'st-paused', 'seen by a new run', ({ status }) => {
      return status?.writtenBy !== undefined && !status.writtenBy.startsWith(terminated);
    });
    expect(await readWords(site, 'st-paused')).toEqual(before);
    expect(conditionOf(await findMachine(site, 'st-paused'), 'Ready')?.status).toBe('True');
  });

  test('whose status was overwritten by hand says the truth again', async ({ site }) => {
    await bringUp(site, 'st-edited');
    const before = await readWords(site, 'st-edited');
    const status = { phase: 'Failed', ready: null, machineInventoryRef: null, addresses: null, conditions: [] };
    await site.client.patch(baremetalMachines, keyOf(site, 'st-edited'), { status }, { subresource: 'status' });
    const words = (shown: typeof before) =>
      JSON.stringify({ ...shown, conditions: shown.conditions?.map((one) => ({ ...one, lastTransitionTime: '' })) });
    await waitFor(
      'the status is as it was',
      async () => words(await readWords(site, 'st-edited')) === words(before),
      () => readWords(site, 'st-edited'),
    );
  });

  test('whose bootstrap Secret has no value says so, and goes on when it has one', async ({ site }) => {
    await createPool(site, 'st-empty', ['st-empty']);
    await createMachine(site, { name: 'st-empty', pool: 'st-empty', userData: null });
    await untilReason(site, 'st-empty', 'BootstrapReady', 'BootstrapWaiting');
    const metadata = { ...keyOf(site, bootstrapSecretOf('st-empty')), labels: { [foreign.clusterNameLabel]: 'demo' } };
    await site.client.create(secrets, { metadata, type: foreign.clusterSecretType, data: {} });
    const refused = await untilReason(site, 'st-empty', 'BootstrapReady', 'BootstrapInvalid');
    expect(conditionOf(refused, 'BootstrapReady')?.message).toContain("no key 'value'");
    const value = Buffer.from(renderJoinConfig()).toString('base64');
    await site.client.patch(secrets, metadata, { data: { value } });
    await untilProvisioned(site, 'st-empty');
  });

  test('whose host has a bad name goes on when its pool gives the host another one', async ({ site }) => {
    await createPool(site, 'st-named', [longName]);
    await createMachine(site, { name: 'st-named', pool: 'st-named' });
    await untilReason(site, 'st-named', 'BootstrapReady', 'BootstrapInvalid');
    const machineInventories = [{ name: longName, hostname: 'st-named' }];
    await site.client.patch(machineInventoryPools, keyOf(site, 'st-named'), { spec: { machineInventories } });
    const { status } = await untilProvisioned(site, 'st-named');
    expect(status?.addresses).toContainEqual({ type: 'Hostname', address: 'st-named' });
  });

  test('whose host is recorded as used by another looks again when that one lets go', async ({ site }) => {
    await bringUp(site, 'st-used');
    const recorded = (await findInventory(site, 'st-used'))?.metadata.annotations ?? {};
    const owner = Object.entries(recorded).filter(([name]) =>
      name.startsWith(annotations.ownerUid.replace(/uid$/, '')),
    );
    const other = {
      ...Object.fromEntries(owner),
      [annotations.ownerUid]: 'of-another',
      [annotations.ownerBaremetalMachine]: 'other',
    };
    await site.client.patch(machineInventories, keyOf(site, 'st-used'), { metadata: { annotations: other } });
    await untilReason(site, 'st-used', 'InventoryAllocated', 'InventoryMissing');
    const nobody = Object.fromEntries(owner.map(([name]) => [name, null]));
    await site.client.patch(machineInventories, keyOf(site, 'st-used'), { metadata: { annotations: nobody } });
    await waitForMachine(
      site,
      'st-used',
      'on its host',
      (one) => conditionOf(one, 'InventoryAllocated')?.status === 'True',
    );
    expect((await findInventory(site, 'st-used'))?.metadata.annotations).toMatchObject(Object.fromEntries(owner));
    expect(plansReceived(site, 'st-used')).toEqual([undefined, 'reprovision']);
  });
});
