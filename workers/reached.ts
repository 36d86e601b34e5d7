import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from '../runtime/logger.ts';
import { rootMessage } from '../runtime/temporal/connection.ts';
import { whyUnreached, type WorkerIdentity } from '../runtime/temporal/reach.ts';
import { describeTaskQueue } from '../runtime/temporal/task-queue.ts';

/** Below the time that a readiness check has. */
const LOOK_TIMEOUT_MS = 1_500;
const LOOK_EVERY_MS = 30_000;

/** A worker that asks for the tasks of a task queue. */
export interface PollingWorker extends WorkerIdentity {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
}

/** Asks Temporal now whether tasks reach the worker. Answers true, or what keeps them away. */
export async function checkReached(worker: PollingWorker): Promise<true | string> {
  const late = new AbortController();
  try {
    // The native client outlasts its deadline while it is not connected.
    const queue = await Promise.race([
      describeTaskQueue(worker.connection, worker, LOOK_TIMEOUT_MS),
      sleep(LOOK_TIMEOUT_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error(`nothing within ${LOOK_TIMEOUT_MS} ms`);
      }),
    ]);
    return queue === undefined || (whyUnreached(worker, queue) ?? true);
  } catch (error) {
    return `Temporal does not answer: ${rootMessage(error)}`;
  } finally {
    late.abort();
  }
}

/** Logs, until the signal aborts, when tasks do not reach the worker, and when they do again. */
export async function logUnreached(worker: PollingWorker, logger: Logger, signal: AbortSignal): Promise<void> {
  let said: true | string = true;
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const reached = await checkReached(worker);
    if (reached === said) continue;
    said = reached;
    if (reached === true) logger.info({}, 'Tasks reach this worker again');
    else logger.warn({ problem: reached }, 'Tasks do not reach this worker');
  }
}
