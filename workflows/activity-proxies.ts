import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { WrittenPlan } from '../domain/life/machine-life.ts';

/**
 * Short reads and writes of the Kubernetes API: idempotent, and over within half a minute. A step that is refused, or finds
 * nobody to ask, ends with an outcome that says so (see `activities/step/stopped.ts`) long before the last attempt; what
 * outlives it broke, and the run waits as well. The timeout is what a killed worker costs; an attempt that outlives it
 * writes nothing (see `activities/step/fence.ts`). The longest time is for a step that no worker takes: somebody moved it
 * to another task queue, as the Temporal UI lets everybody.
 */
const shortRetry = {
  initialInterval: '200ms',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  maximumAttempts: 10,
} as const;

export function shortStep(summary: string): Activities {
  return proxyActivities<Activities>({
    startToCloseTimeout: '15s',
    scheduleToCloseTimeout: '10m',
    retry: shortRetry,
    summary,
  });
}

/**
 * The look that begins the run of a provisioned machine, ten thousand times when Temporal has lost its data. It is a local
 * activity, done within the task that asks for it: that spares the server three of five writes. It confirms what stands
 * there, so nothing is lost if it is done again; and a run has no other local activity, of which there are bugs where
 * several are under way.
 */
export function lookWithinTask(summary: string): Pick<Activities, 'beginLife'> {
  return proxyLocalActivities<Activities>({ startToCloseTimeout: '15s', retry: shortRetry, summary });
}

/**
 * The write of entries that no step has written, because the journal's database was away or nothing was left to do. It is
 * tried until it succeeds, by the server, so that an outage of days costs the run's history nothing.
 */
export function journalWrite(): Pick<Activities, 'recordJournal'> {
  return proxyActivities<Activities>({
    startToCloseTimeout: '15s',
    retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '15m' },
    summary: 'Write to the journal',
  });
}

/**
 * The wait for a host. One attempt whose timeout is the plan's deadline: it is completed from outside, and a second
 * attempt would be painted as a failure. Cancelled without waiting, because nobody would acknowledge.
 */
export function planWait(plan: WrittenPlan, activityId: string, summary: string): Pick<Activities, 'awaitPlanResult'> {
  return proxyActivities<Activities>({
    activityId,
    startToCloseTimeout: plan.deadlineMs,
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary,
  });
}
