import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { deployCluster } from '../support/clusters.ts';
import { plansReceived, untilPlanned } from '../support/host-answers.ts';
import { expectReleased } from '../support/hosts.ts';
import {
  createBootstrapSecret,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { readEvents } from '../support/object-events.ts';
import { openOwnershipLedger, type OwnershipLedger } from '../support/ownership-ledger.ts';
import {
  currentRunId,
  listResetPoints,
  readDetails,
  readFootprint,
  refOf,
  resetRun,
  runOf,
  untilStage,
} from '../support/runs.ts';
import { type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// The buttons of the Temporal UI in each phase of a life. One host and one pool for each machine.
const stages = {
  'tu-pool': 'unclaimed',
  'tu-boot': 'claimed',
  'tu-plan': 'reprovisioning',
  'tu-fail': 'reprovisioning',
  'tu-run': 'running',
  'tu-clean': 'cleaning',
} as const;
type Name = keyof typeof stages;
const names: readonly Name[] = ['tu-pool', 'tu-boot', 'tu-plan', 'tu-fail', 'tu-run', 'tu-clean'];
const hosts: string[] = [...names, 'tu-reset', 'tu-spare', 'tu-undo'].filter((name) => name !== 'tu-pool');

let site: Site;
let ledger: OwnershipLedger;
const machines = new Map<Name, MachineRef>();
/** A machine that is gone, and where its first run can be reset to. */
let former: { machine: MachineRef; runId: string; points: Awaited<ReturnType<typeof listResetPoints>> } | undefined;
let bridge: Site['bridge'];
let restarts = 0;
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  site = await startSite('tempui', { hosts, replicas: 0 });
  opened.defer(() => site.close());
  bridge = site.bridge;
  opened.defer(() => bridge.stop());
  ledger = await openOwnershipLedger(site);
  opened.defer(() => ledger.stop());
  await deployCluster(site, useStack());
});

afterAll(() => opened.disposeAsync());

function machineOf(name: Name): MachineRef {
  const machine = machines.get(name);
  if (machine === undefined) throw new Error(`${name} was not made`);
  return machine;
}

async function begin(name: string, userData?: null): Promise<void> {
  await createPool(site, name, [name]);
  await createMachine(site, { name, pool: name, ...(userData === null && { userData }) });
}

/** What stands in the cluster about a machine and its host. */
async function readWorld(name: Name) {
  const machine = await findMachine(site, name);
  const footprint = name === 'tu-pool' ? undefined : await readFootprint(site, name);
  return { status: machine?.status, footprint };
}

test('six machines, each in another phase', async () => {
  site.host('tu-plan').neverAnswer();
  await site.host('tu-fail').failStep('elemental upgrade', 1);
  await Promise.all(names.map((name) => begin(name, name === 'tu-boot' ? null : undefined)));
  await untilReason(site, 'tu-pool', 'InventoryAllocated', 'PoolExhausted');
  await untilReason(site, 'tu-boot', 'BootstrapReady', 'BootstrapWaiting');
  await untilReason(site, 'tu-plan', 'PlanApplied', 'PlanPending');
  await untilReason(site, 'tu-fail', 'PlanApplied', 'PlanFailed');
  await Promise.all([untilJoined('tu-run'), untilJoined('tu-clean')]);
  site.host('tu-clean').neverAnswer();
  await deleteMachine(site, 'tu-clean');
  await waitForMachine(site, 'tu-clean', 'Preparing', ({ status }) => status?.phase === 'Preparing');
  await untilPlanned(site, 'clean', ['tu-clean']);
  for (const name of names) machines.set(name, await refOf(site, name));
  await Promise.all(names.map((name) => untilStage(site, machineOf(name), stages[name])));
});

test('"Request Cancellation" changes nothing and is answered in the current details', async () => {
  const before = await Promise.all(names.map(readWorld));
  for (const name of names) await runOf(site, machineOf(name)).cancel();
  for (const name of names) {
    const details = await waitFor(
      `the run of ${name} says what became of the cancellation`,
      async () => {
        const seen = await readDetails(site, machineOf(name));
        return seen.includes('A cancellation was requested') && seen;
      },
      () => readDetails(site, machineOf(name)),
    );
    expect(details).toContain('delete the machine');
    expect((await runOf(site, machineOf(name)).describe()).status.name).toBe('RUNNING');
    await untilStage(site, machineOf(name), stages[name]);
  }
  expect(await Promise.all(names.map(readWorld))).toEqual(before);
});

test('"Terminate" is healed in every phase: a new run adopts what is there and writes no plan', async () => {
  const before = await Promise.all(names.map(readWorld));
  const toldBefore = await Promise.all(names.map((name) => readEvents(site, name)));
  const terminated = new Map<Name, string>();
  for (const name of names) {
    terminated.set(name, await currentRunId(site, machineOf(name)));
    await runOf(site, machineOf(name)).terminate('tried in a test');
  }
  await untilNoneIsListed();
  await restartBridge();
  await Promise.all(names.map((name) => untilStage(site, machineOf(name), stages[name], terminated.get(name))));
  for (const [index, name] of names.entries()) {
    expect(await readWorld(name), name).toEqual(before[index]);
    expect(await readEvents(site, name), name).toEqual(toldBefore[index]);
  }
});

test('and their lives go on as if nothing had happened', async () => {
  await createBootstrapSecret(site, { name: 'tu-boot' });
  site.host('tu-plan').neverAnswer(false);
  site.host('tu-clean').neverAnswer(false);
  await Promise.all([untilJoined('tu-boot'), untilJoined('tu-plan'), untilGone(site, 'tu-clean')]);
  await Promise.all(['tu-fail', 'tu-run', 'tu-pool'].map((name) => deleteMachine(site, name)));
  await Promise.all(['tu-fail', 'tu-run', 'tu-pool'].map((name) => untilGone(site, name)));
  for (const name of ['tu-boot', 'tu-plan']) expect(plansReceived(site, name)).toEqual([undefined, 'reprovision']);
  for (const name of ['tu-fail', 'tu-run', 'tu-clean']) {
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision', 'clean']);
    await expectReleased(site, name);
  }
  for (const name of ['tu-fail', 'tu-run', 'tu-clean', 'tu-pool'] as const) {
    expect(await runOf(site, machineOf(name)).result()).toBe('released');
  }
});

describe.concurrent('"Reset"', () => {
  test('to any earlier event gives a host no second plan, and a machine no second host', async () => {
    site.host('tu-reset').neverAnswer();
    await createMachine(site, { name: 'tu-reset', pool: 'tu-reset' });
    await untilReason(site, 'tu-reset', 'InventoryAllocated', 'PoolMissing');
    await createPool(site, 'tu-reset', ['tu-reset', 'tu-spare']);
    await untilPlanned(site, 'reprovision', ['tu-reset']);
    const machine = await refOf(site, 'tu-reset');
    await untilStage(site, machine, 'reprovisioning');
    let footprint = await readFootprint(site, 'tu-reset');
    let runId = await currentRunId(site, machine);
    let points = await listResetPoints(site, machine, runId);
    for (const eventId of points) {
      const newRunId = await resetRun(site, machine, { runId, eventId });
      await untilStage(site, machine, 'reprovisioning');
      await untilReason(site, 'tu-reset', 'PlanApplied', 'PlanPending');
      expect(await currentRunId(site, machine)).toBe(newRunId);
      expect(await readFootprint(site, 'tu-reset')).toEqual(footprint);
    }

    site.host('tu-reset').neverAnswer(false);
    await untilJoined('tu-reset');
    await untilStage(site, machine, 'running');
    footprint = await readFootprint(site, 'tu-reset');
    runId = await currentRunId(site, machine);
    points = await listResetPoints(site, machine, runId);
    expect(points.length).toBeGreaterThanOrEqual(5);
    for (const eventId of points) {
      const newRunId = await resetRun(site, machine, { runId, eventId });
      await untilStage(site, machine, 'running');
      await untilJoined('tu-reset');
      expect(await currentRunId(site, machine)).toBe(newRunId);
      expect(await readFootprint(site, 'tu-reset')).toEqual(footprint);
    }
    await deleteMachine(site, 'tu-reset');
    await untilGone(site, 'tu-reset');
    expect(plansReceived(site, 'tu-reset')).toEqual([undefined, 'reprovision', 'clean']);
    await expectReleased(site, 'tu-reset');
    expect(plansReceived(site, 'tu-spare')).toEqual([undefined]);
    expect(ledger.ownerChanges().filter(({ host, to }) => host === 'tu-spare' && to !== undefined)).toEqual([]);
  });

  test('of one that is deleted takes nothing back', async () => {
    await begin('tu-undo');
    await untilJoined('tu-undo');
    const machine = await refOf(site, 'tu-undo');
    site.host('tu-undo').neverAnswer();
    await deleteMachine(site, 'tu-undo');
    await untilPlanned(site, 'clean', ['tu-undo']);
    await untilStage(site, machine, 'cleaning');
    const footprint = await readFootprint(site, 'tu-undo');
    const runId = await currentRunId(site, machine);
    const points = await listResetPoints(site, machine, runId);
    for (const eventId of points) {
      await resetRun(site, machine, { runId, eventId });
      await untilStage(site, machine, 'cleaning');
      await waitForMachine(site, 'tu-undo', 'Preparing', ({ status }) => status?.phase === 'Preparing');
      expect(await readFootprint(site, 'tu-undo')).toEqual(footprint);
    }
    site.host('tu-undo').neverAnswer(false);
    await untilGone(site, 'tu-undo');
    await expectReleased(site, 'tu-undo');

    former = { machine, runId, points };
  });
});

test('"Reset" of a run that ended concerns the next owner of its host in nothing', async () => {
  const { machine, runId, points } = former ?? {};
  if (machine === undefined || runId === undefined || points === undefined) throw new Error('No run to reset');
  await createMachine(site, { name: 'tu-next', pool: 'tu-undo' });
  await untilJoined('tu-next');
  const footprint = await readFootprint(site, 'tu-undo');
  for (const eventId of new Set([points[0], points.at(-2), points.at(-1)])) {
    if (eventId === undefined) continue;
    const newRunId = await resetRun(site, machine, { runId, eventId });
    await untilListed(newRunId);
    await restartBridge();
    await waitFor(
      'the new run has ended',
      async () => (await runOf(site, machine).describe()).status.name === 'COMPLETED',
      () => readDetails(site, machine),
    );
    expect(await readFootprint(site, 'tu-undo')).toEqual(footprint);
  }
});

test('and no host had two owners or a plan of a stranger', () => {
  expect(ledger.findBreaches()).toEqual([]);
});

function untilJoined(name: string) {
  return waitForMachine(
    site,
    name,
    'joined',
    ({ status }) =>
      status?.phase === 'Running' &&
      status.conditions?.some((condition) => condition.type === 'NodeJoined' && condition.status === 'True') === true,
  );
}

/** The bridge compares runs with machines every few minutes, and at its start: that spares the test the minutes. */
async function restartBridge(): Promise<void> {
  await bridge.stop();
  bridge = await site.start('bridge', `bridge-again-${++restarts}`, { IRONLOOM_LEADER_ELECT: 'false' });
}

/** The bridge finds the run where it lists those that are open, unless it has ended. */
async function untilListed(runId: string): Promise<void> {
  const query = `RunId = "${runId}"`;
  await waitFor('the run is listed', async () => (await site.temporal.workflow.count(query)).count === 1);
}

/** The listing of open runs lags behind; the bridge starts what is missing there. */
async function untilNoneIsListed(): Promise<void> {
  const query = `WorkflowId STARTS_WITH "machine/${site.namespace}/" AND ExecutionStatus = "Running"`;
  const count = async () => (await site.temporal.workflow.count(query)).count;
  await waitFor('no run is listed as open', async () => (await count()) === 0, count);
}
