import { ApplicationFailure, CompleteAsyncError } from '@temporalio/activity';
import type { Activities } from '../../activities/index.ts';
import { onBegun, onClaimed, onCompleted, onPlanAnswered, onProvisionTried } from '../../domain/advance-life.ts';
import { type MachineLife, type PlanAnswer, startLife, type WrittenPlan } from '../../domain/machine-life.ts';
import type { MachineSnapshot } from '../../domain/machine-snapshot.ts';
import type { BeginOutcome, ClaimOutcome, ProvisionOutcome } from '../../domain/step-outcomes.ts';
import { host, plan, snapshot } from '../domain/life-fixtures.ts';

/** What a scenario does to a run from outside, as the bridge and the host would. */
export interface LifeDriver {
  /** Sends a snapshot; the first one starts the run. */
  observe(changes?: Partial<MachineSnapshot>): Promise<void>;
  /** Tells a waiting run that a host may be free. */
  wake(): Promise<void>;
  /** Answers the plan that the run waits for, as soon as it does. */
  answer(type: WrittenPlan['type'], answer: PlanAnswer): Promise<void>;
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
  live(driver: LifeDriver): Promise<void>;
}

const joined = { machine: { name: 'm', nodeName: 'n' }, provisioning: null };
const deleting = { ...joined, deleting: true };
const nodeJoinDeadlineMs = 60_000;

async function reachRunning(driver: LifeDriver): Promise<void> {
  await driver.observe();
  await driver.answer('reprovision', { kind: 'applied' });
  await driver.untilReason('WaitingForNode');
  await driver.observe(joined);
  await driver.untilReason('NodeJoined');
}

async function deleteCleanly(driver: LifeDriver): Promise<void> {
  await driver.observe(deleting);
  await driver.answer('clean', { kind: 'applied' });
  await driver.untilRan('releaseHost');
}

/** Runs the first step at the first call, the second at the second, and so on; the last one for ever. */
function inTurn<T>(...steps: [() => Promise<T>, ...(() => Promise<T>)[]]): () => Promise<T> {
  let calls = 0;
  return () => {
    const step = steps[Math.min(calls, steps.length - 1)] ?? steps[0];
    calls += 1;
    return step();
  };
}

function give<T>(value: T): () => Promise<T> {
  return () => Promise.resolve(value);
}

function refuse(error: Error): () => Promise<never> {
  return () => Promise.reject(error);
}

const leaveToBridge = refuse(new CompleteAsyncError());

function runningLife(): MachineLife {
  const begun = onBegun(startLife(snapshot()), { kind: 'fresh', nodeJoinDeadlineMs }, 0);
  const claimed = onClaimed(begun, { kind: 'claimed', host: host() }, 0);
  const written = onProvisionTried(claimed, { kind: 'written', plan: plan() }, 0);
  return onCompleted(onPlanAnswered(written, { kind: 'applied' }));
}

export const scenarios: Record<string, () => Scenario> = {
  'whole-life': () => ({
    async live(driver) {
      await reachRunning(driver);
      await deleteCleanly(driver);
    },
  }),

  'deletion-during-reprovisioning': () => ({
    async live(driver) {
      await driver.observe();
      await driver.untilRan('awaitPlanResult');
      await driver.observe({ deleting: true, provisioning: null });
      await driver.answer('clean', { kind: 'applied' });
      await driver.untilRan('releaseHost');
    },
  }),

  'failed-plan-then-deletion': () => ({
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'failed', message: 'Step upgrade failed with exit code 3' });
      await driver.untilReason('PlanFailed');
      await driver.observe({ deleting: true, provisioning: null });
      await driver.answer('clean', { kind: 'applied' });
      await driver.untilRan('releaseHost');
    },
  }),

  'failed-clean-plan': () => ({
    async live(driver) {
      await reachRunning(driver);
      await driver.observe(deleting);
      await driver.answer('clean', { kind: 'failed', message: 'Step stop-kubelet failed with exit code 1' });
      await driver.untilReason('PlanFailed');
    },
  }),

  'exhausted-pool-woken': () => ({
    activities: {
      claimHost: inTurn<ClaimOutcome>(
        give({ kind: 'poolMissing', pool: 'workers' }),
        give({ kind: 'exhausted', message: 'No host of pool workers is free' }),
        give({ kind: 'claimed', host: host() }),
      ),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilReason('PoolMissing');
      await driver.wake();
      await driver.untilReason('PoolExhausted');
      await driver.wake();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  adoption: () => ({
    activities: {
      beginLife: give({ kind: 'provisioned', host: host(), plan: plan(), nodeJoinDeadlineMs }),
    },
    async live(driver) {
      await driver.observe(joined);
      await driver.untilReason('NodeJoined');
      await deleteCleanly(driver);
    },
  }),

  'adoption-host-missing': () => ({
    activities: {
      beginLife: inTurn<BeginOutcome>(
        give({ kind: 'hostMissing', inventory: 'h', nodeJoinDeadlineMs }),
        give({ kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs }),
      ),
    },
    async live(driver) {
      await driver.observe({ ...joined, hostMissing: true });
      await driver.untilReason('InventoryMissing');
      await driver.observe(joined);
      await driver.untilReason('InventoryAllocated');
    },
  }),

  'timed-out-plan-answered-late': () => ({
    activities: {
      writeReprovisionPlan: give({ kind: 'written', plan: { ...plan(), deadlineMs: 500 } }),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilReason('PlanTimedOut');
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'node-join-timed-out': () => ({
    activities: {
      beginLife: give({ kind: 'fresh', nodeJoinDeadlineMs: 500 }),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('NodeJoinTimedOut');
      await driver.observe(joined);
      await driver.untilReason('NodeJoined');
    },
  }),

  'obstacle-and-pause': () => ({
    activities: {
      writeReprovisionPlan: inTurn<ProvisionOutcome>(
        give({
          kind: 'blocked',
          obstacles: [{ condition: 'ImageResolved', reason: 'ImageCatalogMiss', message: 'No entry for v1.36.0' }],
        }),
        give({ kind: 'written', plan: plan() }),
      ),
    },
    async live(driver) {
      await driver.observe({ machine: null, provisioning: null });
      await driver.untilReason('WaitingForMachine');
      await driver.observe({ provisioning: null, cluster: { name: 'c', infrastructureReady: false } });
      await driver.untilReason('WaitingForClusterInfrastructure');
      await driver.observe();
      await driver.untilReason('ImageCatalogMiss');
      await driver.observe({ paused: true });
      await driver.untilReason('Paused');
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'broken-wait-cancelled-then-moved': () => ({
    activities: {
      awaitPlanResult: inTurn(refuse(ApplicationFailure.nonRetryable('ServiceUnavailable (503)')), leaveToBridge),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilRan('awaitPlanResult', 2);
      await driver.cancel();
      await driver.answer('reprovision', { kind: 'lookAgain' });
      await driver.untilRan('awaitPlanResult', 3);
      await driver.answer('reprovision', { kind: 'taken' });
      await driver.untilReason('HostTaken');
      await driver.observe({ deleting: true, deletedForMove: true, paused: true });
      await driver.untilReason('Paused');
      await driver.observe({ gone: true });
    },
  }),

  'continued-as-new': () => ({
    life: runningLife(),
    async live(driver) {
      await driver.observe(joined);
      await driver.untilReason('NodeJoined');
      await deleteCleanly(driver);
    },
  }),
};
