import { CompleteAsyncError } from '@temporalio/activity';
import type { Activities } from '../../activities/index.ts';
import { onCompleted, onPlanAnswered } from '../../domain/life/advance-host.ts';
import { onBegun, onClaimed, onProvisionTried } from '../../domain/life/advance-life.ts';
import {
  type MachineLife,
  type OperatorVerb,
  type PlanAnswer,
  startLife,
  type WrittenPlan,
} from '../../domain/life/machine-life.ts';
import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { host, plan, snapshot } from '../domain/life/life-fixtures.ts';

/** What a scenario does to a run from outside, as the bridge and the host would. */
export interface LifeDriver {
  /** Sends a snapshot; the first one starts the run. */
  observe(changes?: Partial<MachineSnapshot>): Promise<void>;
  /** Tells a waiting run that a host may be free. */
  wake(): Promise<void>;
  /** Answers the plan that the run waits for, as soon as it does. */
  answer(type: WrittenPlan['type'], answer: PlanAnswer, inventory?: string): Promise<void>;
  /** Asks for an operator's verb by signal. */
  operate(verb: OperatorVerb): Promise<void>;
  cancel(): Promise<void>;
  /** Until the activity ran, in the whole so many times. */
  untilRan(activity: keyof Activities, times?: number): Promise<void>;
  /** Until a status was written whose Ready, or any other, condition has this reason. */
  untilReason(reason: string): Promise<void>;
}

/** One life that is recorded. Its name is the name of the history's file. */
export interface Scenario {
  activities?: Partial<Activities>;
  /** The run begins as one that continued as new with this life. */
  life?: MachineLife;
  /** Steps find nobody who takes their entries. */
  journalIsAway?: true;
  live(driver: LifeDriver): Promise<void>;
}

/** Inputs of a machine whose Node is there. */
export const joined = { machine: { name: 'm', nodeName: 'n' }, provisioning: null };
export const deleting = { ...joined, deleting: true };
export const nodeJoinDeadlineMs = 60_000;

/** From the first snapshot until the Node is there. */
export async function reachRunning(driver: LifeDriver): Promise<void> {
  await driver.observe();
  await driver.answer('reprovision', { kind: 'applied' });
  await driver.untilReason('WaitingForNode');
  await driver.observe(joined);
  await driver.untilReason('NodeJoined');
}

/** Deletes a running machine whose host applies the clean plan. */
export async function deleteCleanly(driver: LifeDriver): Promise<void> {
  await driver.observe(deleting);
  await driver.answer('clean', { kind: 'applied' });
  await driver.untilRan('releaseHost');
}

/** Runs the first step at the first call, the second at the second, and so on; the last one for ever. */
export function inTurn<T>(...steps: [() => Promise<T>, ...(() => Promise<T>)[]]): () => Promise<T> {
  let calls = 0;
  return () => {
    const step = steps[Math.min(calls, steps.length - 1)] ?? steps[0];
    calls += 1;
    return step();
  };
}

export function give<T>(value: T): () => Promise<T> {
  return () => Promise.resolve(value);
}

export function refuse(error: Error): () => Promise<never> {
  return () => Promise.reject(error);
}

/** The host is still at it: somebody outside completes the activity. */
export const leaveToBridge = refuse(new CompleteAsyncError());

/** A life as a run carries it through a continue-as-new. */
export function runningLife(): MachineLife {
  const begun = onBegun(startLife(snapshot()), { kind: 'fresh', nodeJoinDeadlineMs }, 0);
  const claimed = onClaimed(begun, { kind: 'claimed', host: host() }, 0);
  const written = onProvisionTried(claimed, { kind: 'written', plan: plan() }, 0);
  return onCompleted(onPlanAnswered(written, { kind: 'applied' }));
}
