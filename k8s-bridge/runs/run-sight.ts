import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';

const { PendingWorkflowTaskState } = proto.temporal.api.enums.v1;

/**
 * A run from outside: `rests` has taken in everything; `waits` has a task that no worker completes, in this attempt; `stuck`
 * has one that nobody will ever get again.
 */
export type RunSight = { kind: 'rests' | 'stuck' | 'noRun' } | { kind: 'waits'; attempt: number };

/** A task is done within a second, also by a worker that has to replay the run before. */
const OVERDUE_MS = 20_000;
/**
 * The server takes a task back that a worker has had for 10 s; but not (1.31, seen) one that a worker had when somebody
 * paused the run, and that this worker never completed: also after Unpause it waits for it for ever.
 */
const STUCK_MS = 50_000;

/** Looks at a run without asking a worker. @throws when Temporal does not answer */
export async function lookAtRun(client: Client, workflowId: string, nowMs = Date.now()): Promise<RunSight> {
  try {
    const { raw, status } = await client.workflow.getHandle(workflowId).describe();
    const task = raw.pendingWorkflowTask;
    if (task === null || task === undefined) return { kind: 'rests' };
    const attempt = task.attempt ?? 1;
    const isStarted = task.state === PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED;
    if (status.name === 'RUNNING' && isStarted && nowMs - readMs(task.startedTime) > STUCK_MS) return { kind: 'stuck' };
    return attempt > 1 || nowMs - readMs(task.originalScheduledTime ?? task.scheduledTime) > OVERDUE_MS
      ? { kind: 'waits', attempt }
      : { kind: 'rests' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'noRun' };
    throw error;
  }
}

function readMs(time: { seconds?: unknown } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000;
}
