import {
  ActivityNotFoundError,
  isGrpcDeadlineError,
  QueryRejectedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { MachineLife, PlanAnswer } from '../../domain/life/machine-life.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { DeadlineError, waitFor } from '../support/wait-for.ts';
import type { HandAnswer, Lie } from './command.ts';
import type { Machine } from './history.ts';
import type { Lane } from './lane.ts';
import { hears, pick } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

/*
 * What somebody does who can reach Temporal: signals that no bridge has sent, and activities completed by hand. They may
 * waste time and must never harm a host.
 */

const QUERY_TIMEOUT_MS = 5_000;
/** So long somebody looks for a wait that is open. */
const LOOK_MS = 2_000;

/** What the run knows, but for one lie. */
const forgeries: Record<Exclude<Lie, 'garbage'>, Partial<MachineSnapshot>> = {
  deleting: { deleting: true },
  gone: { gone: true },
  deletingAndGone: { deleting: true, gone: true },
  hostMissing: { hostMissing: true },
};

/** Sends a machine's run a signal as the bridge sends them. What the run knows is asked of it: that needs a worker. */
export async function forgeSnapshot({ lane, model }: Scene, { lie, nth }: { lie: Lie; nth: number }): Promise<Outcome> {
  const machine = pick([...lane.history.machines.values()], nth);
  if (machine === undefined || !hears(model)) return 'skipped';
  const life = lie === 'garbage' ? undefined : await readLife(lane, machine);
  if (lie !== 'garbage' && life === undefined) return 'skipped';
  const payload = lie === 'garbage' ? { deleting: 'perhaps' } : { ...life?.snapshot, ...forgeries[lie] };
  if (lie === 'hostMissing') model.liedTo.add(machine.metadata.name);
  try {
    await runOf(lane, machine).signal('machineObserved', payload);
    return 'done';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'skipped';
    throw error;
  }
}

/** So many of each kind. */
const FLOOD = 100;

/** Signals that change nothing: of a name that nobody knows, with what is no snapshot, and the same one again and again. */
export async function flood({ lane }: Scene, nth: number): Promise<Outcome> {
  const machine = pick([...lane.history.machines.values()], nth);
  if (machine === undefined) return 'skipped';
  const run = runOf(lane, machine);
  const signals = ['noSuchSignal', 'machineObserved', 'capacityAvailable'];
  try {
    for (let count = 0; count < FLOOD; count += 1) {
      await Promise.all(signals.map((name) => run.signal(name, { deleting: 'perhaps' })));
    }
    return 'done';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'skipped';
    throw error;
  }
}

async function readLife(lane: Lane, machine: Machine): Promise<MachineLife | undefined> {
  try {
    return await lane.temporal.withDeadline(
      Date.now() + QUERY_TIMEOUT_MS,
      async () => (await runOf(lane, machine).query(lifeQuery)) ?? undefined,
    );
  } catch (error) {
    const isDeaf = error instanceof QueryRejectedError || isGrpcDeadlineError(error);
    if (isDeaf || error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Completes one of the waits for a host's answer that are open, with anything. */
export async function answerByHand(
  { lane }: Scene,
  { answer, nth }: { answer: HandAnswer; nth: number },
): Promise<Outcome> {
  // Only who is on the way to a host, or from it, is about to wait.
  const isOnTheWay = ({ metadata, status }: Machine): boolean =>
    metadata.deletionTimestamp !== undefined || status?.phase !== 'Running';
  if (![...lane.history.machines.values()].some(isOnTheWay)) return 'skipped';
  const wait = await untilWait(lane, nth);
  if (wait === undefined) return 'skipped';
  const { activity } = lane.temporal;
  try {
    await (answer === 'broken'
      ? activity.fail(wait, new Error('Failed by hand'))
      : activity.complete(wait, answersByHand[answer]));
    return 'done';
  } catch (error) {
    if (error instanceof ActivityNotFoundError) return 'skipped';
    throw error;
  }
}

const answersByHand = {
  applied: { kind: 'applied' },
  failed: { kind: 'failed', message: 'said by hand' },
  taken: { kind: 'taken' },
  secretMissing: { kind: 'secretMissing' },
  garbage: ['anything'],
} satisfies Record<Exclude<HandAnswer, 'broken' | 'garbage'>, PlanAnswer> & { garbage: unknown };

interface OpenWait {
  workflowId: string;
  activityId: string;
}

async function untilWait(lane: Lane, nth: number): Promise<OpenWait | undefined> {
  try {
    const pace = { timeoutMs: LOOK_MS, everyMs: 50 };
    return await waitFor('a wait for a host is open', () => findWait(lane, nth), undefined, pace);
  } catch (error) {
    if (error instanceof DeadlineError) return undefined;
    throw error;
  }
}

async function findWait(lane: Lane, nth: number): Promise<OpenWait | undefined> {
  const waits = await Promise.all([...lane.history.machines.values()].map((machine) => findWaits(lane, machine)));
  return pick(waits.flat(), nth);
}

async function findWaits(lane: Lane, machine: Machine): Promise<OpenWait[]> {
  const workflowId = machineWorkflowId(machine.metadata);
  try {
    const { raw } = await runOf(lane, machine).describe();
    return (raw.pendingActivities ?? []).flatMap(({ activityId, activityType }) =>
      activityType?.name === 'awaitPlanResult' && typeof activityId === 'string' ? [{ workflowId, activityId }] : [],
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

function runOf({ temporal }: Lane, { metadata }: Machine) {
  return temporal.workflow.getHandle(machineWorkflowId(metadata));
}
