import { describe, expect } from 'vitest';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { plansReceived, untilPlanned } from '../support/host-answers.ts';
import { expectReleased } from '../support/hosts.ts';
import {
  beginOn,
  createMachine,
  createPool,
  deleteMachine,
  untilGone,
  untilReason,
  untilJoined,
  waitForMachine,
} from '../support/machines.ts';
import {
  currentRunId,
  listResetPoints,
  readDetails,
  readFootprint,
  refOf,
  resetRun,
  untilStage,
} from '../support/runs.ts';
import { siteTest } from '../support/site-test.ts';
import { untilRuns } from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';

// "Reset" of the Temporal UI to many events of a life; the other buttons: temporal-buttons.test.ts.
const test = siteTest('reset', {
  hosts: ['tu-reset', 'tu-spare', 'tu-undo'],
  env: { IRONLOOM_RESYNC_PERIOD: '3s' },
});

/** A machine that is gone, and where its first run can be reset to. */
let former: { machine: MachineRef; runId: string; points: Awaited<ReturnType<typeof listResetPoints>> } | undefined;

describe.concurrent('"Reset"', () => {
  test('to any earlier event gives a host no second plan, and a machine no second host', async ({ site, ledger }) => {
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
    await untilJoined(site, 'tu-reset');
    await untilStage(site, machine, 'running');
    // As a proof of its boot the host runs the plan once more.
    await untilRuns(site.host('tu-reset'), 2);
    footprint = await readFootprint(site, 'tu-reset');
    runId = await currentRunId(site, machine);
    points = await listResetPoints(site, machine, runId);
    expect(points.length).toBeGreaterThanOrEqual(5);
    for (const eventId of points) {
      const newRunId = await resetRun(site, machine, { runId, eventId });
      await untilStage(site, machine, 'running');
      await untilJoined(site, 'tu-reset');
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

  test('of one that is deleted takes nothing back', async ({ site }) => {
    await beginOn(site, 'tu-undo');
    await untilJoined(site, 'tu-undo');
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

test('"Reset" of a run that ended concerns the next owner of its host in nothing', async ({ site }) => {
  const { machine, runId, points } = former ?? {};
  if (machine === undefined || runId === undefined || points === undefined) throw new Error('No run to reset');
  await createMachine(site, { name: 'tu-next', pool: 'tu-undo' });
  await untilJoined(site, 'tu-next');
  await untilRuns(site.host('tu-undo'), 2);
  const footprint = await readFootprint(site, 'tu-undo');
  const workflowId = machineWorkflowId(machine);
  for (const eventId of new Set([points[0], points.at(-2), points.at(-1)])) {
    if (eventId === undefined) continue;
    const newRunId = await resetRun(site, machine, { runId, eventId });
    await waitFor(
      'the new run has ended',
      async () => (await site.temporal.workflow.getHandle(workflowId, newRunId).describe()).status.name === 'COMPLETED',
      () => readDetails(site, machine),
    );
    expect(await readFootprint(site, 'tu-undo')).toEqual(footprint);
  }
});

test('and no host had two owners or a plan of a stranger', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});
