import { ActivityNotFoundError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { expect } from 'vitest';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { grpcCodes, hasGrpcCode } from '../../runtime/temporal/connection.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { untilEventSince } from './object-events.ts';
import type { Site } from './site.ts';
import {
  failActivity,
  nameActivities,
  pauseActivity,
  readPending,
  resetActivity,
  unpauseActivity,
} from './ui-calls.ts';
import { waitFor } from './wait-for.ts';

/*
 * The buttons that the Temporal UI shows beside an activity, pressed on all that are pending; where there is none, the UI
 * shows no button, and the server refuses.
 */

/** Presses it, and waits for what the server makes of it. */
export type Button = (site: Site, machine: MachineRef) => Promise<void>;

type Pending = Awaited<ReturnType<typeof readPending>>[number];

const pauseAndUnpause = onActivities(async (site, machine, { activityId: id, activityType }) => {
  const told = await untilEventSince(site, machine.name, 'PausedInTemporal', () => pauseActivity(site, machine, id));
  expect(told.message).toContain(activityType?.name === 'awaitPlanResult' ? 'The answer still counts' : 'waits for it');
  expect(told.message).toContain('tried in a test');
  await untilEventSince(site, machine.name, 'UnpausedInTemporal', async () => {
    await unpauseActivity(site, machine, id);
  });
});

const resetTwice = onActivities(async (site, machine, { activityId: id }) => {
  await resetActivity(site, machine, id);
  await resetActivity(site, machine, id, { keepPaused: true, resetHeartbeat: true });
});

/** More attempts, each a second long, for workers that nobody runs; then the options that it had. */
const updateOptions = onActivities(async (site, machine, { activityId: id }) => {
  const which = { ...nameActivities(site, machine), id };
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
  await resetActivity(site, machine, id, { restoreOriginalOptions: true });
});

function completeWith(answer: unknown): Button {
  return onActivities(async (site, machine, { activityId }) => {
    await site.temporal.activity.complete({ workflowId: machineWorkflowId(machine), activityId }, answer);
  });
}

function failWith(failure: object): Button {
  return onActivities(async (site, machine, { activityId }) => {
    await failActivity(site, machine, activityId, failure);
  });
}

export const activityButtons: Readonly<Record<string, Button>> = {
  'activity: pause, unpause': pauseAndUnpause,
  'activity: reset': resetTwice,
  'activity: update options': updateOptions,
  'activity: complete, with an answer that is not so': completeWith({ kind: 'applied' }),
  'activity: complete, with what is no answer': completeWith(['anything']),
  'activity: fail': failWith({ applicationFailureInfo: { type: 'ByHand' } }),
  'activity: fail for good': failWith({ applicationFailureInfo: { type: 'ByHand', nonRetryable: true } }),
  'activity: fail, as if cancelled': failWith({ canceledFailureInfo: {} }),
};

function onActivities(press: (site: Site, machine: MachineRef, activity: Pending) => Promise<void>): Button {
  return async (site, machine) => {
    const pending = await readPending(site, machine);
    for (const activity of pending) await press(site, machine, activity).catch(unlessEnded);
    if (pending.length === 0) await expect(press(site, machine, { activityId: 'none' })).rejects.toThrow();
  };
}

/** A step that is tried again and again may end by itself a moment before: then the button is refused. */
function unlessEnded(error: unknown): void {
  if (!hasGrpcCode(error, grpcCodes.notFound) && !(error instanceof ActivityNotFoundError)) throw error;
}
