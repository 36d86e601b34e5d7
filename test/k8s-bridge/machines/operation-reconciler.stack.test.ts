import { describe, expect } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import { baremetalMachines } from '../../../api/resources.ts';
import { type MachineView, viewMachine } from '../../../domain/inputs/machine-view.ts';
import { reconcileMachineOperation } from '../../../k8s-bridge/machines/operation-reconciler.ts';
import { createMachineRuns } from '../../../k8s-bridge/runs/machine-runs.ts';
import { RetryPauses } from '../../../k8s-bridge/reconcile/retry-pauses.ts';
import type { KubeClient } from '../../../runtime/kube/client.ts';
import { lifeQuery, operationUpdates } from '../../../workflows/messages.ts';
import { createMemoryStore } from '../../support/fake-objects.ts';
import { createMachine, createPool, findMachine, untilReason } from '../../support/machines.ts';
import { readEvents } from '../../support/object-events.ts';
import { refOf, runOf } from '../../support/runs.ts';
import type { Site } from '../../support/site.ts';
import { siteTest } from '../../support/site-test.ts';
import { waitFor } from '../../support/wait-for.ts';
import { silentLogger } from '../bridge-fixtures.ts';

const machines = ['ask-long', 'ask-dying', 'ask-late', 'ask-again', 'ask-taken', 'ask-other'];

const test = siteTest('asks', { hosts: ['ask-used'] });

test.beforeAll(async ({ site }) => {
  await createPool(site, 'asks', []);
  await Promise.all(machines.map((name) => createMachine(site, { name, pool: 'asks' })));
  await Promise.all(machines.map((name) => untilReason(site, name, 'InventoryAllocated', 'PoolExhausted')));
  // The bridges of this file are parts of one, called by hand.
  await site.bridge.stop();
});

async function annotate(site: Site, name: string, text: string | null): Promise<void> {
  const key = { namespace: site.namespace, name };
  await site.client.patch(baremetalMachines, key, { metadata: { annotations: { [annotations.operation]: text } } });
}

async function look(site: Site, name: string): Promise<MachineView> {
  const machine = await findMachine(site, name);
  if (machine === undefined) throw new Error(`No machine ${name}`);
  return viewMachine(machine);
}

/** A bridge whose cache shows the machine like this, and whose n-th patch kills it. */
async function bridgeWith(site: Site, seen: MachineView, diesAtPatch = Infinity): Promise<void> {
  const store = createMemoryStore<MachineView>();
  store.upsert(seen);
  let patches = 0;
  const patch: KubeClient['patch'] = async (...call) => {
    patches += 1;
    if (patches === diesAtPatch) throw new Error('the bridge died');
    return site.client.patch(...call);
  };
  const client = { patch, create: site.client.create.bind(site.client) };
  const runs = createMachineRuns(site.temporal, site.namespace);
  const deps = { machines: store, runs, client, pauses: new RetryPauses(), logger: silentLogger };
  await reconcileMachineOperation(`${seen.namespace}/${seen.name}`, deps);
}

/** The run writes its status meanwhile: what a bridge saw may be outdated, and its informer would tell it so. */
async function bridgeUntilDone(site: Site, name: string): Promise<void> {
  await waitFor(
    `the request of ${name} is done`,
    async () => {
      await bridgeWith(site, await look(site, name));
      const { operation, operationId } = await look(site, name);
      return operation === undefined && operationId === undefined;
    },
    () => look(site, name),
  );
}

async function resume(site: Site, name: string): Promise<void> {
  await runOf(site, await refOf(site, name)).executeUpdate(operationUpdates.resume, { args: [{}] });
}

async function isPaused(site: Site, name: string): Promise<boolean | undefined> {
  return (await runOf(site, await refOf(site, name)).query(lifeQuery))?.pausedByOperator;
}

async function answersOf(site: Site, name: string): Promise<string[]> {
  const all = await readEvents(site, name);
  return all
    .filter(({ reason }) => reason.startsWith('Operation'))
    .map(({ reason, message }) => `${reason} ${message}`);
}

const PAUSED = 'OperationAccepted pause: Nothing is written to the host any more until resume';

describe.concurrent('a request by annotation', () => {
  test('whose bridge dies before it takes it away is asked again, and done once', async ({ site }) => {
    await annotate(site, 'ask-dying', 'pause: disk swap');
    await expect(bridgeWith(site, await look(site, 'ask-dying'), 2)).rejects.toThrow('died');
    expect(await isPaused(site, 'ask-dying')).toBe(true);
    expect((await look(site, 'ask-dying')).operation).toBe('pause: disk swap');
    await resume(site, 'ask-dying');
    await bridgeWith(site, await look(site, 'ask-dying'));
    expect(await isPaused(site, 'ask-dying')).toBe(false);
    expect(await look(site, 'ask-dying')).toMatchObject({ operation: undefined, operationId: undefined });
    expect(await answersOf(site, 'ask-dying')).toEqual([PAUSED]);
  });

  test('is done once though caches still show it', async ({ site }) => {
    await annotate(site, 'ask-late', 'pause');
    const unnumbered = await look(site, 'ask-late');
    await expect(bridgeWith(site, unnumbered, 2)).rejects.toThrow('died');
    const numbered = await look(site, 'ask-late');
    await bridgeWith(site, numbered);
    await resume(site, 'ask-late');
    await bridgeWith(site, unnumbered);
    await bridgeWith(site, numbered);
    expect(await isPaused(site, 'ask-late')).toBe(false);
    expect(await answersOf(site, 'ask-late')).toEqual([PAUSED]);
  });

  test('of more words than are kept is done once and taken away, too', async ({ site }) => {
    await annotate(site, 'ask-long', `pause: ${'x'.repeat(200_000)}`);
    await bridgeUntilDone(site, 'ask-long');
    expect(await isPaused(site, 'ask-long')).toBe(true);
    expect(await answersOf(site, 'ask-long')).toEqual([PAUSED]);
  });

  test('can be made again in the same words', async ({ site }) => {
    for (const _ of ['first', 'second']) {
      await annotate(site, 'ask-again', 'pause');
      await bridgeUntilDone(site, 'ask-again');
      expect(await isPaused(site, 'ask-again')).toBe(true);
      await resume(site, 'ask-again');
    }
    expect(await answersOf(site, 'ask-again')).toEqual([PAUSED, PAUSED]);
  });

  test('whose words somebody took away before the bridge did is no answer to the same words later', async ({
    site,
  }) => {
    await annotate(site, 'ask-taken', 'pause');
    await expect(bridgeWith(site, await look(site, 'ask-taken'), 2)).rejects.toThrow('died');
    await annotate(site, 'ask-taken', null);
    await bridgeUntilDone(site, 'ask-taken');
    await resume(site, 'ask-taken');
    await annotate(site, 'ask-taken', 'pause');
    await bridgeUntilDone(site, 'ask-taken');
    expect(await isPaused(site, 'ask-taken')).toBe(true);
  });

  test('that takes the place of one which was asked already is asked, too', async ({ site }) => {
    await annotate(site, 'ask-other', 'pause');
    await expect(bridgeWith(site, await look(site, 'ask-other'), 2)).rejects.toThrow('died');
    await annotate(site, 'ask-other', 'resume');
    await bridgeUntilDone(site, 'ask-other');
    expect(await isPaused(site, 'ask-other')).toBe(false);
    expect(await look(site, 'ask-other')).toMatchObject({ operation: undefined, operationId: undefined });
  });
});

test('the listing of open runs holds those of the own task queue, and no others of the Temporal namespace', async ({
  site,
}) => {
  const ours = createMachineRuns(site.temporal, site.namespace);
  const found = await waitFor('all runs to be listed', async () => {
    const open = await ours.listOpen('nothing');
    return open.length >= machines.length && open;
  });
  expect(found.map(({ name }) => name).toSorted()).toEqual(machines.toSorted());
  expect(await createMachineRuns(site.temporal, `${site.namespace}-other`).listOpen('nothing')).toEqual([]);
});
