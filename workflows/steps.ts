import {
  ActivityFailure,
  CancellationScope,
  condition,
  isCancellation,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import * as advance from '../domain/advance-life.ts';
import { assertNever } from '../domain/assert-never.ts';
import { type Step, stillAwaits } from '../domain/lifecycle.ts';
import { type BoundHost, hostOf, type MachineLife, type PlanAnswer, type WrittenPlan } from '../domain/machine-life.ts';
import type { MachineRef } from '../domain/machine-snapshot.ts';
import { type DesiredStatus, projectStatus } from '../domain/machine-status.ts';
import { planWait, shortStep } from './activity-proxies.ts';

/** What a run keeps besides its machine's life. */
export interface Run {
  machine: MachineRef;
  /** null until the first snapshot has arrived. */
  life: MachineLife | null;
  /** Status that was written last, as JSON; spares activities that would change nothing. */
  published: string | null;
  /** Somebody pressed "Request Cancellation". */
  cancelNoted: boolean;
}

/** Runs one step and lets its outcome advance the life as it is then: signals may have moved it meanwhile. */
export async function performStep(run: Run, life: MachineLife, step: Exclude<Step, { kind: 'end' }>): Promise<void> {
  const { machine } = run;
  const at = life.revision;
  switch (step.kind) {
    case 'begin': {
      const outcome = await shortStep('Look for what is ours already').beginLife({
        machine,
        deleting: life.snapshot.deleting,
      });
      return update(run, (now) => advance.onBegun(now, outcome, at));
    }
    case 'claim': {
      const outcome = await shortStep(`Claim a host of pool ${life.snapshot.pool}`).claimHost({
        machine,
        status: take(run, life),
        avoid: life.avoidedHosts,
      });
      // The claim may have named a host in the status that it then did not get.
      if (outcome.kind !== 'claimed') run.published = null;
      return update(run, (now) => advance.onClaimed(now, outcome, at));
    }
    case 'provision': {
      const host = hostIn(life);
      const outcome = await shortStep(`Write the reprovision plan for ${host.inventory}`).writeReprovisionPlan({
        machine,
        host,
        attempt: step.attempt,
      });
      return update(run, (now) => advance.onProvisionTried(now, outcome, at));
    }
    case 'awaitPlan':
      return awaitAnswer(run, life);
    case 'complete':
      return complete(run, life);
    case 'markUnavailable': {
      const host = hostIn(life);
      await shortStep(`Keep ${host.inventory} out of the pool`).markHostUnavailable({ machine, host });
      return update(run, advance.onMarkedUnavailable);
    }
    case 'clean': {
      const host = hostIn(life);
      const outcome = await shortStep(`Write the clean plan for ${host.inventory}`).writeCleanPlan({
        machine,
        host,
        attempt: step.attempt,
      });
      return update(run, (now) => advance.onCleanTried(now, step.attempt, outcome));
    }
    case 'release': {
      const host = hostIn(life);
      const outcome = await shortStep(`Give ${host.inventory} back to its pool`).releaseHost({
        machine,
        host,
        untouched: step.untouched,
        last: step.last,
      });
      return update(run, (now) => advance.onReleaseTried(now, outcome, step.last));
    }
    case 'forceRelease': {
      const host = hostIn(life);
      const by = life.lastOperation;
      await shortStep(`Let ${host.inventory} go and quarantine it`).forceReleaseHost({
        machine,
        host,
        last: step.last,
        cause: by === null ? '' : `${by.actor}: ${by.reason}`,
      });
      return update(run, (now) => advance.onReleaseTried(now, { kind: 'released' }, step.last));
    }
    case 'finish':
      await shortStep('Drop the finalizer').finishMachine({ machine });
      return update(run, advance.onFinished);
    case 'wait':
      return waitForEvent(run, life, step);
    default:
      return assertNever(step);
  }
}

/** Waits until an event moves the life on, after the status says what is waited for. */
async function waitForEvent(run: Run, life: MachineLife, step: Extract<Step, { kind: 'wait' }>): Promise<void> {
  await publish(run, life);
  const moved = (): boolean => run.life?.revision !== life.revision;
  if (step.deadlineMs === null) {
    await condition(moved);
  } else if (!(await condition(moved, step.deadlineMs, { summary: 'Deadline for the Node to register' }))) {
    update(run, advance.onNodeJoinDeadline);
  }
}

/** Waits for the host's answer; an event that makes the answer moot (a deletion) ends the wait at once. */
async function awaitAnswer(run: Run, life: MachineLife): Promise<void> {
  const host = hostIn(life);
  const plan = planIn(life);
  const status = take(run, life);
  const scope = new CancellationScope({ cancellable: true });
  const answer = scope.run(() =>
    planWait(plan, `${plan.type} on ${host.inventory}`).awaitPlanResult({ machine: run.machine, host, plan, status }),
  );
  const ended = answer.then(
    (value) => ({ kind: 'answered', value }) as const,
    (error: unknown) => ({ kind: 'broken', error }) as const,
  );
  const moot = scope
    .run(() => condition(() => !stillAwaits(run.life ?? life, plan)))
    .then(
      () => ({ kind: 'moot' }) as const,
      () => ({ kind: 'moot' }) as const,
    );
  const end = await Promise.race([ended, moot]);
  scope.cancel();
  if (end.kind === 'answered') return update(run, (now) => advance.onPlanAnswered(now, end.value));
  if (end.kind === 'moot') return;
  await onBrokenWait(run, end.error);
}

async function onBrokenWait(run: Run, error: unknown): Promise<void> {
  if (isCancellation(error)) return;
  if (!(error instanceof ActivityFailure)) throw error;
  if (error.cause instanceof TimeoutFailure) {
    return update(run, (now) => advance.onPlanAnswered(now, { kind: 'timedOut' }));
  }
  // The activity itself broke (API server down): its status may be unwritten. Look again a little later.
  run.published = null;
  await sleep('2s');
}

async function complete(run: Run, life: MachineLife): Promise<void> {
  const host = hostIn(life);
  const plan = planIn(life);
  const completed = advance.onCompleted(life);
  const outcome = await shortStep(`Report ${host.inventory} as provisioned`).completeProvisioning({
    machine: run.machine,
    host,
    plan,
    status: take(run, completed),
  });
  const answer: PlanAnswer = { kind: 'taken' };
  update(run, (now) => (outcome.kind === 'completed' ? advance.onCompleted(now) : advance.onPlanAnswered(now, answer)));
}

async function publish(run: Run, life: MachineLife): Promise<void> {
  const before = run.published;
  const status = take(run, life);
  if (run.published === before || life.snapshot.gone) return;
  await shortStep(`Report ${status.phase ?? 'Paused'}`).publishStatus({ machine: run.machine, status });
}

/** The status to write now, noted as written: an activity that carries it is retried until it is. */
function take(run: Run, life: MachineLife): DesiredStatus {
  const status = projectStatus(life);
  run.published = JSON.stringify(status);
  return status;
}

function update(run: Run, change: (life: MachineLife) => MachineLife): void {
  if (run.life !== null) run.life = change(run.life);
}

function hostIn(life: MachineLife): BoundHost {
  const host = hostOf(life.stage);
  if (host === undefined) throw new TypeError(`Stage ${life.stage.kind} holds no host`);
  return host;
}

function planIn({ stage }: MachineLife): WrittenPlan {
  const plan = 'plan' in stage ? stage.plan : null;
  if (plan === null) throw new TypeError(`Stage ${stage.kind} holds no plan`);
  return plan;
}
