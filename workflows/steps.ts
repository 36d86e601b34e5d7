import { condition } from '@temporalio/workflow';
import * as advanceHost from '../domain/life/advance-host.ts';
import * as advance from '../domain/life/advance-life.ts';
import { assertNever } from '../domain/assert-never.ts';
import type { Step } from '../domain/life/lifecycle.ts';
import type { MachineLife, PlanAnswer } from '../domain/life/machine-life.ts';
import { shortStep } from './activity-proxies.ts';
import { awaitAnswer } from './await-answer.ts';
import { hostIn, planIn, publishStatus, type Run, take, update } from './run.ts';

/** Runs one step and lets its outcome advance the life as it is then: signals may have moved it meanwhile. */
export async function performStep(run: Run, life: MachineLife, step: Exclude<Step, { kind: 'end' }>): Promise<void> {
  const { machine } = run;
  const at = life.revision;
  switch (step.kind) {
    case 'begin': {
      const summary = step.claim ? `Claim a host of pool ${life.snapshot.pool}` : 'Look for what is ours already';
      const claim = step.claim ? { status: take(run, life), avoid: life.avoidedHosts } : null;
      const outcome = await shortStep(summary).beginLife({ machine, claim });
      const claimed = outcome.kind === 'claimTried' && outcome.claim.kind === 'claimed';
      // The status was not written, or names a host that the machine then did not get.
      if (step.claim && !claimed) run.published = null;
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
      return update(run, advanceHost.onMarkedUnavailable);
    }
    case 'clean': {
      const host = hostIn(life);
      const outcome = await shortStep(`Write the clean plan for ${host.inventory}`).writeCleanPlan({
        machine,
        host,
        attempt: step.attempt,
      });
      return update(run, (now) => advanceHost.onCleanTried(now, step.attempt, outcome));
    }
    case 'release': {
      const host = hostIn(life);
      const outcome = await shortStep(`Give ${host.inventory} back to its pool`).releaseHost({
        machine,
        host,
        untouched: step.untouched,
        last: step.last,
      });
      return update(run, (now) => advanceHost.onReleaseTried(now, outcome, step.last));
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
      return update(run, (now) => advanceHost.onReleaseTried(now, { kind: 'released' }, step.last));
    }
    case 'finish': {
      const outcome = await shortStep('Drop the finalizer').finishMachine({ machine });
      return update(run, (now) => advanceHost.onFinishTried(now, outcome));
    }
    case 'wait':
      return waitForEvent(run, life, step);
    default:
      return assertNever(step);
  }
}

/** Waits until an event moves the life on, after the status says what is waited for. */
async function waitForEvent(run: Run, life: MachineLife, step: Extract<Step, { kind: 'wait' }>): Promise<void> {
  await publishStatus(run, life);
  const moved = (): boolean => run.life?.revision !== life.revision;
  if (step.deadlineMs === null) {
    await condition(moved);
  } else if (!(await condition(moved, step.deadlineMs, { summary: 'Deadline for the Node to register' }))) {
    update(run, advanceHost.onNodeJoinDeadline);
  }
}

async function complete(run: Run, life: MachineLife): Promise<void> {
  const host = hostIn(life);
  const plan = planIn(life);
  const completed = advanceHost.onCompleted(life);
  const outcome = await shortStep(`Report ${host.inventory} as provisioned`).completeProvisioning({
    machine: run.machine,
    host,
    plan,
    status: take(run, completed),
  });
  const answer: PlanAnswer = { kind: 'taken' };
  update(run, (now) =>
    outcome.kind === 'completed' ? advanceHost.onCompleted(now) : advanceHost.onPlanAnswered(now, answer),
  );
}
