import {
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import proto from '@temporalio/proto';

const { PendingActivityState, PendingWorkflowTaskState } = proto.temporal.api.enums.v1;

/**
 * A run from outside: `rests` has taken in everything; `waits` has a task that no worker completes, in this attempt; `stuck`
 * has one, or a step, that nobody will ever get again.
 */
export type RunSight =
  | { kind: 'rests' | 'paused' | 'noRun' }
  | { kind: 'stuck'; runId: string }
  | { kind: 'waits'; attempt: number };

/** A task is done within a second, also by a worker that has to replay the run before. */
const OVERDUE_MS = 20_000;
/** The server takes a task back that a worker has had for 10 s. */
const STUCK_MS = 50_000;

/** Looks at a run without asking a worker. @throws when Temporal does not answer */
export async function lookAtRun(client: Client, workflowId: string, nowMs = Date.now()): Promise<RunSight> {
  try {
    const handle = client.workflow.getHandle(workflowId);
    const { raw, status, runId } = await handle.describe();
    if (status.name === 'PAUSED') return { kind: 'paused' };
    const isOld = (time: Time): boolean => nowMs - readMs(time) > STUCK_MS;
    const task = raw.pendingWorkflowTask ?? undefined;
    const isTaken = task?.state === PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED;
    if (isTaken && isOld(task.startedTime)) return { kind: 'stuck', runId };
    const isUntaken =
      task !== undefined ? isOld(task.scheduledTime) : hasUntakenStep(raw.pendingActivities ?? [], isOld);
    if (isUntaken && !isTaken && (await wasPaused(handle))) return { kind: 'stuck', runId };
    if (task === undefined) return { kind: 'rests' };
    const attempt = task.attempt ?? 1;
    const isOverdue = nowMs - readMs(task.originalScheduledTime ?? task.scheduledTime) > OVERDUE_MS;
    return attempt > 1 || isOverdue ? { kind: 'waits', attempt } : { kind: 'rests' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'noRun' };
    throw error;
  }
}

/** The run has ended, or waits for an event: no worker has anything to do for it. @throws when Temporal does not answer */
export async function isAtRest(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { raw, status } = await client.workflow.getHandle(workflowId).describe();
    return status.name !== 'RUNNING' || (!raw.pendingWorkflowTask && !raw.pendingActivities?.length);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

/** A run of that id has not ended. @throws when Temporal does not answer */
export async function hasOpenRun(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

type Steps = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>;

/** No worker has ever got it. */
function hasUntakenStep(steps: Steps, isOld: (time: Time) => boolean): boolean {
  return steps.some(
    ({ state, attempt, paused, scheduledTime }) =>
      state === PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED &&
      attempt === 1 &&
      paused !== true &&
      isOld(scheduledTime),
  );
}

/**
 * The server (1.31, seen) forgets the task that a run had when somebody paused it, waiting or with a worker, and the steps
 * that a worker asks for in the task that it had then: also after Unpause nobody gets them.
 */
async function wasPaused(handle: WorkflowHandle): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).some(({ workflowExecutionPausedEventAttributes: paused }) => Boolean(paused));
}

type Time = { seconds?: unknown } | null | undefined;

function readMs(time: Time): number {
  return Number(time?.seconds ?? 0) * 1_000;
}
