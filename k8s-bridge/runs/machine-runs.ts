import { ActivityNotFoundError, type Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import type { OperatorVerb, PlanAnswer } from '../../domain/life/machine-life.ts';
import type { MachineRef, MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { PLAN_NOT_APPLIED, tellNotApplied } from '../../domain/life/plan-answer.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import type { TemporalPause } from '../../domain/report/pause-news.ts';
import {
  capacityAvailableSignal,
  machineObservedSignal,
  type OperationRequest,
  operationUpdates,
} from '../../workflows/messages.ts';
import { findDetails, grpcCodes } from '../../runtime/temporal/connection.ts';
import { createOpenRuns, type ListingTrust, type OpenRun } from './open-runs.ts';
import { readPauses } from './pauses.ts';
import { hasOpenRun, isAtRest, lookAtRun, type RunSight } from './run-sight.ts';
import { type RunLabels, signalWithStart, type StartAttributes } from './start-run.ts';

/** All that the bridge does to machines' runs. Every method rejects only when Temporal cannot be asked: try again. */
export interface MachineRuns {
  /** Tells the machine's run what is seen now. If there is none, or one that takes no signal any more, another is started. */
  observe(machine: MachineRef, snapshot: MachineSnapshot, labels: RunLabels): Promise<void>;
  /** Tells an open run and never starts one. A run that takes no signal any more counts as none, until it starts over. */
  tell(machine: MachineRef, snapshot: MachineSnapshot): Promise<'told' | 'noRun'>;
  /** A host may be free: an open run tries again. A run that takes no signal any more counts as none. */
  wake(machine: MachineRef): Promise<'woken' | 'noRun'>;
  /** Answers a run that waits for a host's plan under one of these ids. `notWaiting`: not yet, or not any more. */
  completePlan(
    machine: MachineRef,
    activityIds: readonly string[],
    answer: PlanAnswer,
  ): Promise<'completed' | 'notWaiting'>;
  /**
   * Asks a run for an operator's verb and waits for its verdict; needs a live worker. What a run has accepted under an
   * id it does not do again under the same id, and answers the same.
   */
  operate(machine: MachineRef, verb: OperatorVerb, request: IdentifiedRequest): Promise<OperationVerdict>;
  /** Whether the machine's run has taken in what it was told. */
  look(machine: MachineRef): Promise<RunSight>;
  /** Nobody has anything to do for the machine's run: it has ended, or waits for an event. */
  isAtRest(machine: MachineRef): Promise<boolean>;
  /** The machine has a run that has not ended; one that somebody paused has not. */
  hasOpenRun(machine: MachineRef): Promise<boolean>;
  /** Ends that run, which is of no use any more; nothing if it has ended. The next `observe` starts another one, which adopts what it finds. */
  end(machine: MachineRef, runId: string, why: string): Promise<void>;
  /** The machines that have an open run in the task queue, see `OpenRuns`. Lags behind starts and ends by a moment. */
  listOpen(trust: ListingTrust): Promise<OpenRun[]>;
  /** What somebody paused in that run, in Temporal; empty also when it is not open any more. */
  readPauses(run: OpenRun): Promise<TemporalPause[]>;
}

/** A request with its id, which becomes Temporal's Update ID. */
export interface IdentifiedRequest extends OperationRequest {
  id: string;
}

/** What a run says to an operator's verb; `deaf`: it is open, and Temporal lets nobody ask it now. */
export type OperationVerdict =
  | { kind: 'accepted' | 'refused' | 'deaf'; answer: string }
  | { kind: 'noRun'; answer: string };

const anyAttribute: StartAttributes = { isUsable: () => true, noteRefused: () => {} };

/** gRPC deadline of one call, in milliseconds; without one a call into a dead connection hangs. */
const CALL_TIMEOUT_MS = 10_000;
const LIST_TIMEOUT_MS = 120_000;

/** Talks to the runs in the client's namespace; new runs go to `taskQueue`. */
export function createMachineRuns(client: Client, taskQueue: string, attributes = anyAttribute): MachineRuns {
  const openRuns = createOpenRuns(client, taskQueue, Date.now);
  const call = <T>(work: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_TIMEOUT_MS, work);
  /** Without `runId`: the run that is open. */
  const terminate = async (machine: MachineRef, runId: string | undefined, why: string): Promise<void> => {
    const run = client.workflow.getHandle(machineWorkflowId(machine), runId);
    await unlessMissing(() => call(async () => void (await run.terminate(why))), 'ended', 'noRun');
  };
  return {
    async observe(machine, snapshot, labels) {
      const tell = () => call(() => signalWithStart(client, { machine, snapshot, labels }, { taskQueue, attributes }));
      try {
        await tell();
      } catch (error) {
        if (!isDeaf(error)) throw error;
        await terminate(machine, undefined, DEAF);
        await tell();
      }
    },
    tell: (machine, snapshot) =>
      unlessMissing(
        () => call(() => client.workflow.getHandle(machineWorkflowId(machine)).signal(machineObservedSignal, snapshot)),
        'told',
        'noRun',
      ),
    wake: (machine) =>
      unlessMissing(
        () => call(() => client.workflow.getHandle(machineWorkflowId(machine)).signal(capacityAvailableSignal)),
        'woken',
        'noRun',
      ),
    async completePlan(machine, activityIds, answer) {
      const workflowId = machineWorkflowId(machine);
      for (const activityId of activityIds) {
        const complete = () => call(() => endWait(client, { workflowId, activityId }, answer));
        if ((await unlessMissing(complete, 'completed', 'notWaiting')) === 'completed') return 'completed';
      }
      return 'notWaiting';
    },
    operate: (machine, verb, request) => operate(client, machine, verb, request),
    end: terminate,
    look: (machine) => call(() => lookAtRun(client, machineWorkflowId(machine))),
    isAtRest: (machine) => call(() => isAtRest(client, machineWorkflowId(machine))),
    hasOpenRun: (machine) => call(() => hasOpenRun(client, machineWorkflowId(machine))),
    listOpen: (trust) => client.withDeadline(Date.now() + LIST_TIMEOUT_MS, () => openRuns.list(trust)),
    readPauses: (run) => call(() => readPauses(client, run)),
  };
}

/** A plan that was not applied fails its wait, and the run reads the answer off the failure. */
function endWait(client: Client, wait: { workflowId: string; activityId: string }, answer: PlanAnswer): Promise<void> {
  const message = tellNotApplied(answer);
  if (message === undefined) return client.activity.complete(wait, answer);
  const failure = { type: PLAN_NOT_APPLIED, message, details: [answer], nonRetryable: true };
  return client.activity.fail(wait, ApplicationFailure.create(failure));
}

async function unlessMissing<Done, Missing>(
  work: () => Promise<void>,
  done: Done,
  missing: Missing,
): Promise<Done | Missing> {
  try {
    await work();
    return done;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || error instanceof ActivityNotFoundError || isDeaf(error))
      return missing;
    throw error;
  }
}

const DEAF = 'The run was sent so many signals that the server accepts no more; another one takes over what it finds';

/** The server accepts 10,000 signals a run (`history.maximumSignalsPerExecution`), and refuses all others, also a deletion. */
function isDeaf(error: unknown): boolean {
  return findDetails(error, grpcCodes.invalidArgument)?.includes('limit for signal events') ?? false;
}

async function operate(
  client: Client,
  machine: MachineRef,
  verb: OperatorVerb,
  { id, ...request }: IdentifiedRequest,
): Promise<OperationVerdict> {
  try {
    const { answer } = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflow
        .getHandle(machineWorkflowId(machine))
        .executeUpdate(operationUpdates[verb], { args: [request], updateId: id }),
    );
    return { kind: 'accepted', answer };
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      return { kind: 'refused', answer: error.cause?.message ?? error.message };
    if (error instanceof WorkflowNotFoundError) return { kind: 'noRun', answer: 'The machine has no open run' };
    // The run is paused, or its code fails.
    const why = findDetails(error, grpcCodes.failedPrecondition);
    if (why === undefined) throw error;
    return { kind: 'deaf', answer: `The run of the machine hears nobody now (${why}); it is asked again` };
  }
}
