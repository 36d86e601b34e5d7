import { randomUUID } from 'node:crypto';
import { msToTs } from '@temporalio/common/lib/time.js';
import { expect } from 'vitest';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { operatorVerbs } from '../../domain/life/machine-life.ts';
import { MACHINE_LIFECYCLE, machineWorkflowId } from '../../domain/life/run-id.ts';
import { untilEventSince } from './object-events.ts';
import { currentRunId, listResetPoints, readDetails, resetRun, runOf } from './runs.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';

/*
 * Every button with which the Temporal UI changes a run, pressed by the call of the API that stands behind it. Those of an
 * activity act on all that are pending; where there is none, the UI shows no button, and the server refuses.
 */

/** Presses it, and waits for what the server makes of it. */
export type Button = (site: Site, machine: MachineRef) => Promise<void>;

type Pending = Awaited<ReturnType<typeof readPending>>[number];

export async function readPending(site: Site, machine: MachineRef) {
  const { raw } = await runOf(site, machine).describe();
  return (raw.pendingActivities ?? []).flatMap((activity) =>
    typeof activity.activityId === 'string' ? [{ ...activity, activityId: activity.activityId }] : [],
  );
}

const pauseAndUnpause = onActivities(async (site, machine, { activityId: id, activityType }) => {
  const { workflowService } = site.temporal;
  const which = { ...ofActivities(site, machine), id };
  const told = await untilEventSince(site, machine.name, 'PausedInTemporal', async () => {
    await workflowService.pauseActivity({ ...which, reason: 'tried in a test' });
  });
  expect(told.message).toContain(activityType?.name === 'awaitPlanResult' ? 'The answer still counts' : 'waits for it');
  expect(told.message).toContain('tried in a test');
  await untilEventSince(site, machine.name, 'UnpausedInTemporal', async () => {
    await workflowService.unpauseActivity(which);
  });
});

const resetActivity = onActivities(async (site, machine, { activityId: id }) => {
  const which = { ...ofActivities(site, machine), id };
  await site.temporal.workflowService.resetActivity(which);
  await site.temporal.workflowService.resetActivity({ ...which, keepPaused: true, resetHeartbeat: true });
});

/** More attempts, each a second long, for workers that nobody runs; then the options that it had. */
const updateOptions = onActivities(async (site, machine, { activityId: id }) => {
  const which = { ...ofActivities(site, machine), id };
  await site.temporal.workflowService.updateActivityOptions({
    ...which,
    activityOptions: {
      taskQueue: { name: 'nobody-works-here' },
      startToCloseTimeout: msToTs('1s'),
      retryPolicy: { maximumAttempts: 5 },
    },
    updateMask: { paths: ['task_queue.name', 'start_to_close_timeout', 'retry_policy.maximum_attempts'] },
  });
  await waitFor(`${id} waits for its second attempt`, async () =>
    (await readPending(site, machine)).some(({ activityId, attempt }) => activityId === id && Number(attempt) > 1),
  );
  await site.temporal.workflowService.resetActivity({ ...which, restoreOriginalOptions: true });
});

function completeWith(answer: unknown): Button {
  return onActivities(async (site, machine, { activityId }) => {
    await site.temporal.activity.complete({ workflowId: machineWorkflowId(machine), activityId }, answer);
  });
}

function failWith(failure: object): Button {
  return onActivities(async (site, machine, { activityId }) => {
    await site.temporal.workflowService.respondActivityTaskFailedById({
      namespace: site.temporal.options.namespace,
      workflowId: machineWorkflowId(machine),
      activityId,
      failure: { message: 'failed by hand', ...failure },
    });
  });
}

/** A paused run hears nobody, and the bridge says so; what it was sent meanwhile it hears then. */
const pauseAndUnpauseRun: Button = async (site, machine) => {
  const { workflowService } = site.temporal;
  const { namespace } = site.temporal.options;
  const which = { namespace, workflowId: machineWorkflowId(machine) };
  const told = await untilEventSince(site, machine.name, 'PausedInTemporal', async () => {
    await workflowService.pauseWorkflowExecution({ ...which, reason: 'tried in a test', requestId: randomUUID() });
  });
  expect(told.message).toContain('a deletion waits');
  await expect(runOf(site, machine).executeUpdate('pause', { args: [{}] })).rejects.toThrow();
  await runOf(site, machine).signal('capacityAvailable');
  await untilEventSince(site, machine.name, 'UnpausedInTemporal', async () => {
    await workflowService.unpauseWorkflowExecution({ ...which, reason: 'tried', requestId: randomUUID() });
  });
  // The bridge has looked at the run meanwhile, and has not taken it for a missing one.
  expect(await listSignalsOfPause(site, machine)).toEqual(['capacityAvailable']);
};

/** Names of the signals that a run got while it was paused. */
async function listSignalsOfPause(site: Site, machine: MachineRef): Promise<(string | null | undefined)[]> {
  const events = (await runOf(site, machine).fetchHistory()).events ?? [];
  const begin = events.findIndex((event) => Boolean(event.workflowExecutionPausedEventAttributes));
  const end = events.findIndex((event) => Boolean(event.workflowExecutionUnpausedEventAttributes));
  return events
    .slice(begin, end)
    .flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => (signal ? [signal.signalName] : []));
}

const requestCancellation: Button = async (site, machine) => {
  await runOf(site, machine).cancel();
  await waitFor(
    `the run of ${machine.name} says what became of the cancellation`,
    async () => (await readDetails(site, machine)).includes('A cancellation was requested'),
    () => readDetails(site, machine),
  );
};

const unusable = ['please', 42, null, ['retry'], { actor: 7 }, { reason: 'x'.repeat(2_000) }];

const sendSignal: Button = async (site, machine) => {
  const run = runOf(site, machine);
  await run.signal('noSuchSignal', 'x');
  await run.signal('capacityAvailable');
  for (const payload of [...unusable, {}, { deleting: true }]) await run.signal('machineObserved', payload);
  for (const verb of operatorVerbs) {
    for (const payload of unusable.filter((value) => value !== null)) await run.signal(verb, payload);
  }
};

const sendUpdate: Button = async (site, machine) => {
  const run = runOf(site, machine);
  await expect(run.executeUpdate('noSuchUpdate', { args: [{}] })).rejects.toThrow();
  for (const verb of operatorVerbs) {
    await expect(run.executeUpdate(verb, { args: ['please'] }), verb).rejects.toThrow();
  }
};

function resetTo(which: 'first' | 'last', withSignals: boolean): Button {
  return async (site, machine) => {
    const runId = await currentRunId(site, machine);
    const eventId = (await listResetPoints(site, machine, runId)).at(which === 'first' ? 0 : -1);
    if (eventId === undefined) throw new Error(`The run of ${machine.name} cannot be reset`);
    await resetRun(site, machine, { runId, eventId, withSignals });
  };
}

/** The bridge starts a run anew that is missing. */
const terminate: Button = async (site, machine) => {
  const runId = await currentRunId(site, machine);
  await runOf(site, machine).terminate('tried in a test');
  await untilOtherRun(site, machine, runId);
};

const deleteRun: Button = async (site, machine) => {
  const runId = await currentRunId(site, machine);
  await site.temporal.workflowService.deleteWorkflowExecution({
    namespace: site.temporal.options.namespace,
    workflowExecution: { workflowId: machineWorkflowId(machine), runId },
  });
  await untilOtherRun(site, machine, runId);
};

async function untilOtherRun(site: Site, machine: MachineRef, runId: string): Promise<void> {
  const look = () => currentRunId(site, machine).catch(() => runId);
  await waitFor(`${machine.name} has a run again`, async () => (await look()) !== runId);
}

/** A second run of the same machine, of another id. */
const startLikeThisOne: Button = async (site, machine) => {
  const workflowId = `${machineWorkflowId(machine)}-copy`;
  const { namespace: taskQueue } = site;
  const copy = await site.temporal.workflow.start(MACHINE_LIFECYCLE, { workflowId, taskQueue, args: [{ machine }] });
  await waitFor(
    `the copy of the run of ${machine.name} ends`,
    async () => (await copy.describe()).status.name !== 'RUNNING',
  );
};

export const buttons: Readonly<Record<string, Button>> = {
  'activity: pause, unpause': pauseAndUnpause,
  'activity: reset': resetActivity,
  'activity: update options': updateOptions,
  'activity: complete, with an answer that is not so': completeWith({ kind: 'applied' }),
  'activity: complete, with what is no answer': completeWith(['anything']),
  'activity: fail': failWith({ applicationFailureInfo: { type: 'ByHand' } }),
  'activity: fail for good': failWith({ applicationFailureInfo: { type: 'ByHand', nonRetryable: true } }),
  'activity: fail, as if cancelled': failWith({ canceledFailureInfo: {} }),
  'workflow: pause, unpause': pauseAndUnpauseRun,
  'workflow: request cancellation': requestCancellation,
  'workflow: send signal': sendSignal,
  'workflow: send update': sendUpdate,
  'workflow: reset to the last event': resetTo('last', true),
  'workflow: reset to the first event': resetTo('first', true),
  'workflow: reset to the first event, without later signals': resetTo('first', false),
  'workflow: start one like this': startLikeThisOne,
  'workflow: terminate': terminate,
  'workflow: delete': deleteRun,
};

function onActivities(press: (site: Site, machine: MachineRef, activity: Pending) => Promise<void>): Button {
  return async (site, machine) => {
    const pending = await readPending(site, machine);
    for (const activity of pending) await press(site, machine, activity);
    if (pending.length === 0) await expect(press(site, machine, { activityId: 'none' })).rejects.toThrow();
  };
}

function ofActivities({ temporal }: Site, machine: MachineRef) {
  const { namespace } = temporal.options;
  return { namespace, execution: { workflowId: machineWorkflowId(machine) } };
}
