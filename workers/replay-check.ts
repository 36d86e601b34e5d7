import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { machineRunQuery } from '../domain/life/run-query.ts';
import { lifeSinks } from './meters.ts';
import { CALL_TIMEOUT_MS } from '../runtime/temporal/connection.ts';

/** Whether the open runs can go on with a workflow bundle. */
export type ReplayVerdict =
  | { kind: 'replayed'; runs: number }
  /** A run whose history holds other commands than the bundle makes of it. */
  | { kind: 'diverged'; workflowId: string; why: string };

/** Runs of a fleet are alike: so many, spread over all of them, are replayed in a few seconds. */
const MAX_RUNS = 200;
const LIST_PAGE_SIZE = 1_000;
/** gRPC deadlines; without one a call into a dead connection hangs. */
const LIST_TIMEOUT_MS = 120_000;

/**
 * Replays histories of the task queue's open runs with a workflow bundle, changing nothing.
 * @throws when Temporal does not answer; the signal's reason
 */
export async function replayOpenRuns(
  client: Client,
  taskQueue: string,
  workflowBundle: WorkflowBundleOption,
  signal: AbortSignal,
): Promise<ReplayVerdict> {
  const open = await client.withDeadline(Date.now() + LIST_TIMEOUT_MS, () => listOpen(client, taskQueue));
  const runs = pickEvenly(open, MAX_RUNS);
  let replayed = 0;
  const options = { workflowBundle, sinks: lifeSinks() };
  for await (const result of Worker.runReplayHistories(options, fetchHistories(client, runs, signal))) {
    signal.throwIfAborted();
    if (result.error !== undefined) {
      return { kind: 'diverged', workflowId: result.workflowId, why: result.error.message };
    }
    replayed += 1;
  }
  return { kind: 'replayed', runs: replayed };
}

interface RunName {
  workflowId: string;
  runId: string;
}

async function listOpen(client: Client, taskQueue: string): Promise<RunName[]> {
  const found: RunName[] = [];
  const query = machineRunQuery(taskQueue, { open: true });
  for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: LIST_PAGE_SIZE })) {
    found.push({ workflowId, runId });
  }
  return found;
}

async function* fetchHistories(client: Client, runs: readonly RunName[], signal: AbortSignal) {
  for (const { workflowId, runId } of runs) {
    signal.throwIfAborted();
    try {
      const fetch = () => client.workflow.getHandle(workflowId, runId).fetchHistory();
      yield { workflowId, history: await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, fetch) };
    } catch (error) {
      // It ended meanwhile, and is forgotten already.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}

/** At most `count` of them, from the first to the last. */
export function pickEvenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  const step = items.length / count;
  return Array.from({ length: count }, (_, index) => items[Math.floor(index * step)]).filter(
    (item) => item !== undefined,
  );
}
