import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';

const { PendingWorkflowTaskState } = proto.temporal.api.enums.v1;

/**
 * A run from outside: `rests` has taken in everything; `waits` has a task that no worker completes, in this attempt; `stuck`
 * has one that nobody will ever get again.
 */
export type RunSight = { kind: 'rests' | 'paused' | 'stuck' | 'noRun' } | { kind: 'waits'; attempt: number };

/** A task is done within a second, also by a worker that has to replay the run before. */
const OVERDUE_MS = 20_000;
/** The server takes a task back that a worker has had for 10 s. */
const STUCK_MS = 50_000;

/** Looks at a run without asking a worker. @throws when Temporal does not answer */
export async function lookAtRun(client: Client, workflowId: string, nowMs = Date.now()): Promise<RunSight> {
  try {
    const handle = client.workflow.getHandle(workflowId);
    const { raw, status } = await handle.describe();
    if (status.name === 'PAUSED') return { kind: 'paused' };
    const task = raw.pendingWorkflowTask;
    if (task === null || task === undefined) return { kind: 'rests' };
    const attempt = task.attempt ?? 1;
    const scheduledMs = readMs(task.originalScheduledTime ?? task.scheduledTime);
    const isTaken = task.state === PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED;
    if (nowMs - readMs(isTaken ? task.startedTime : task.scheduledTime) > STUCK_MS) {
      if (isTaken || (await wasUnpausedSince(handle, scheduledMs))) return { kind: 'stuck' };
    }
    return attempt > 1 || nowMs - scheduledMs > OVERDUE_MS ? { kind: 'waits', attempt } : { kind: 'rests' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'noRun' };
    throw error;
  }
}

/**
 * The server (1.31, seen) forgets the task that a run had when somebody paused it, waiting or with a worker: also after
 * Unpause nobody gets it, and no other one is made.
 */
async function wasUnpausedSince(handle: WorkflowHandle, sinceMs: number): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).some(
    ({ workflowExecutionUnpausedEventAttributes: unpaused, eventTime }) =>
      unpaused !== null && unpaused !== undefined && readMs(eventTime) >= sinceMs,
  );
}

function readMs(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1_000_000;
}
