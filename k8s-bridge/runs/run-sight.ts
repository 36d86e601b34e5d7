import { type Client, WorkflowNotFoundError } from '@temporalio/client';

/** A run from outside: `rests` has taken in everything; `waits` has a task that no worker completes, in this attempt. */
export type RunSight = { kind: 'rests' } | { kind: 'waits'; attempt: number } | { kind: 'noRun' };

/** A task is done within a second, also by a worker that has to replay the run before. */
const OVERDUE_MS = 20_000;

/** Looks at a run without asking a worker. @throws when Temporal does not answer */
export async function lookAtRun(client: Client, workflowId: string): Promise<RunSight> {
  try {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    const task = raw.pendingWorkflowTask;
    if (task === null || task === undefined) return { kind: 'rests' };
    const attempt = task.attempt ?? 1;
    const scheduledMs = Number((task.originalScheduledTime ?? task.scheduledTime)?.seconds ?? 0) * 1000;
    return attempt > 1 || Date.now() - scheduledMs > OVERDUE_MS ? { kind: 'waits', attempt } : { kind: 'rests' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'noRun' };
    throw error;
  }
}
