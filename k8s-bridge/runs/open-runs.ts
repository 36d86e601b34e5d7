import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { machineWorkflowId, parseMachineWorkflowId } from '../../domain/life/run-id.ts';
import { machineRunQuery, type RunFilter } from '../../domain/life/run-query.ts';
import { isPaused } from './pauses.ts';

/** A machine and the run that it has. */
export interface OpenRun extends MachineRef {
  /** Another one after a reset, a termination, or a continue-as-new. */
  runId: string;
  /** Somebody paused it, or a step of it, in Temporal. */
  paused: boolean;
}

/** The runs that were open at a time, by what others than Temporal tell. */
export interface EarlierRuns {
  runs: readonly OpenRun[];
  /** Wall clock. */
  atMs: number;
}

/** What is believed without another look: the last listing, what was open at a time, or nothing. Changes since are asked for. */
export type ListingTrust = 'lastListing' | EarlierRuns | 'nothing';

/** The open runs of one task queue, as Temporal's visibility shows them. */
export interface OpenRuns {
  /**
   * Asks for those that started or ended since what is believed, and lists all if their number is not what comes of it: ten
   * thousand runs cost Temporal seconds of CPU time to list, and milliseconds to count. Lists all, too, if nothing is known,
   * once an hour, and the next time after it believed others. @throws when Temporal does not answer
   */
  list(trust: ListingTrust): Promise<OpenRun[]>;
}

const { WORKFLOW_EXECUTION_STATUS_RUNNING: RUNNING, WORKFLOW_EXECUTION_STATUS_PAUSED: PAUSED } =
  proto.temporal.api.enums.v1.WorkflowExecutionStatus;
const openStatuses: ReadonlySet<number> = new Set([RUNNING, PAUSED]);

const PAGE_SIZE = 1_000;
const WHOLE_EVERY_MS = 3_600_000;
/** Temporal shows some time later that a run started or ended, and tells the time by its own clock; `listAhead` is half a minute old. */
const LAG_MS = 2 * 60_000;

/** An open run of each workflow id, and the wall clock just before Temporal was asked. */
interface Listing {
  runs: Map<string, OpenRun>;
  wholeAtMs: number;
  askedAtMs: number;
}

/** See `OpenRuns`. `nowMs` is a wall clock. */
export function createOpenRuns(client: Client, taskQueue: string, nowMs: () => number): OpenRuns {
  let known: Listing | undefined;

  /** Without search attributes and memo, which take longest to decode. */
  async function* listNames(filter: RunFilter): AsyncGenerator<{ workflowId: string; runId: string; isOpen: boolean }> {
    const query = machineRunQuery(taskQueue, filter);
    const { namespace } = client.options;
    let nextPageToken: Uint8Array = new Uint8Array();
    do {
      const request = { namespace, query, pageSize: PAGE_SIZE, nextPageToken };
      const page = await client.workflowService.listWorkflowExecutions(request);
      for (const { execution, status } of page.executions) {
        const { workflowId, runId } = execution ?? {};
        if (workflowId && runId) yield { workflowId, runId, isOpen: openStatuses.has(status ?? 0) };
      }
      ({ nextPageToken } = page);
    } while (nextPageToken.length > 0);
  }

  async function listWhole(): Promise<Listing> {
    const askedAtMs = nowMs();
    const runs = new Map<string, OpenRun>();
    for await (const { workflowId, runId } of listNames({ open: true })) noteOpen(runs, workflowId, runId);
    return { runs, wholeAtMs: askedAtMs, askedAtMs };
  }

  /** undefined: it misses something. */
  async function listChanges({ runs, wholeAtMs, askedAtMs: since }: Listing): Promise<Listing | undefined> {
    const askedAtMs = nowMs();
    for await (const { workflowId, runId, isOpen } of listNames({ changedSince: new Date(since - LAG_MS) })) {
      if (isOpen) noteOpen(runs, workflowId, runId);
      else if (runs.get(workflowId)?.runId === runId) runs.delete(workflowId);
    }
    const { count } = await client.workflow.count(machineRunQuery(taskQueue, { open: true }));
    return count === runs.size ? { runs, wholeAtMs, askedAtMs } : undefined;
  }

  async function listPaused(): Promise<ReadonlySet<string>> {
    const runIds = new Set<string>();
    const query = machineRunQuery(taskQueue, { open: true, paused: true });
    for await (const info of client.workflow.list({ query, pageSize: PAGE_SIZE })) {
      if (isPaused(info)) runIds.add(info.runId);
    }
    return runIds;
  }

  function believed(trust: ListingTrust): Listing | undefined {
    if (trust === 'nothing') return undefined;
    if (trust === 'lastListing') return known && nowMs() - known.wholeAtMs < WHOLE_EVERY_MS ? known : undefined;
    const runs = new Map(trust.runs.map((run) => [machineWorkflowId(run), run]));
    return { runs, wholeAtMs: -Infinity, askedAtMs: trust.atMs };
  }

  return {
    async list(trust) {
      const before = believed(trust);
      known = (before && (await listChanges(before))) ?? (await listWhole());
      const paused = await listPaused();
      return Array.from(known.runs.values(), (run) => (paused.has(run.runId) ? { ...run, paused: true } : run));
    },
  };
}

function noteOpen(runs: Map<string, OpenRun>, workflowId: string, runId: string): void {
  const machine = parseMachineWorkflowId(workflowId);
  if (machine !== undefined) runs.set(workflowId, { ...machine, runId, paused: false });
}
