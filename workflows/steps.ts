import { condition, log, patched } from '@temporalio/workflow';
import * as advanceHost from '../domain/life/advance-host.ts';
import * as advance from '../domain/life/advance-life.ts';
import { assertNever } from '../domain/assert-never.ts';
import { onHaltOver, onStopped, withoutHalt } from '../domain/life/halt.ts';
import { isOutcome } from '../domain/life/outcome-shape.ts';
import type { Step } from '../domain/life/step.ts';
import { type MachineLife, takerOf } from '../domain/life/machine-life.ts';
import type { StepStopped } from '../domain/life/step-outcomes.ts';
import { shortStep } from './activity-proxies.ts';
import { awaitAnswer } from './await-answer.ts';
import { isStopped, orBroken } from './ended-step.ts';
import { patches } from './patches.ts';
import { hostIn, planIn, publishStatus, type Run, take, unwrittenPauseMs, update } from './run.ts';

/** Runs one step and lets its outcome advance the life as it is then: signals may have moved it meanwhile. */
export async function performStep(run: Run, life: MachineLife, step: Exclude<Step, { kind: 'end' }>): Promise<void> {
  switch (step.kind) {
    case 'begin':
    case 'claim':
    case 'provision':
    case 'complete':
      return performStepToRunning(run, life, step);
    case 'awaitPlan':
      return awaitAnswer(run, life, step);
    case 'markUnavailable':
    case 'clean':
    case 'release':
    case 'forceRelease':
    case 'confirmGone':
    case 'finish':
      return performStepOfHost(run, life, step);
    case 'wait':
      return waitForEvent(run, life, step);
    default:
      return assertNever(step);
  }
}

type StepToRunning = Extract<Step, { kind: 'begin' | 'claim' | 'provision' | 'complete' }>;

async function performStepToRunning(run: Run, life: MachineLife, step: StepToRunning): Promise<void> {
  const { machine } = run;
  const at = life.revision;
  switch (step.kind) {
    case 'begin': {
      const summary = step.claim ? `Claim a host of pool ${life.snapshot.pool}` : 'Look for what is ours already';
      const claim = step.claim ? { status: take(run, life), avoid: life.avoidedHosts } : null;
      const mayAdopt = takerOf(life.stage) === undefined;
      const begun = shortStep(summary).beginLife({ machine, claim, mayAdopt });
      return end(run, life, step, begun, (now, outcome) => {
        const claimed = outcome.kind === 'claimTried' && outcome.claim.kind === 'claimed';
        // The status was not written, or names a host that the machine then did not get.
        if (step.claim && !claimed) run.published = null;
        return advance.onBegun(now, outcome, at);
      });
    }
    case 'claim': {
      const wish = { machine, status: take(run, life), avoid: life.avoidedHosts };
      return end(
        run,
        life,
        step,
        shortStep(`Claim a host of pool ${life.snapshot.pool}`).claimHost(wish),
        (now, outcome) => {
          // The claim may have named a host in the status that it then did not get.
          if (outcome.kind !== 'claimed') run.published = null;
          return advance.onClaimed(now, outcome, at);
        },
      );
    }
    case 'provision': {
      const host = hostIn(life);
      const { attempt } = step;
      const summary = `Write the reprovision plan for ${host.inventory}`;
      const before = run.published;
      const status = take(run, advance.whileReprovisioning(life, host, attempt));
      const written = shortStep(summary).writeReprovisionPlan({ machine, host, attempt, status });
      return endOfPlanStep(run, life, step, written, before, (now, outcome) =>
        advance.onProvisionTried(now, outcome, at),
      );
    }
    case 'complete': {
      const host = hostIn(life);
      const status = take(run, advanceHost.onCompleted(life));
      const summary = `Report ${host.inventory} as provisioned`;
      const completed = shortStep(summary).completeProvisioning({ machine, host, plan: planIn(life), status });
      return end(run, life, step, completed, (now, outcome) => {
        if (outcome.kind !== 'completed') run.published = null;
        return advanceHost.onCompleteTried(now, outcome);
      });
    }
    default:
      return assertNever(step);
  }
}

type StepOfHost = Extract<
  Step,
  { kind: 'markUnavailable' | 'clean' | 'release' | 'forceRelease' | 'confirmGone' | 'finish' }
>;

async function performStepOfHost(run: Run, life: MachineLife, step: StepOfHost): Promise<void> {
  const { machine } = run;
  const { deleting, cluster } = life.snapshot;
  /** What the step checks against the objects themselves. */
  const cause = { givingUp: !deleting, cluster: cluster?.name ?? null };
  const plan = 'plan' in life.stage ? life.stage.plan : null;
  switch (step.kind) {
    case 'markUnavailable': {
      const host = hostIn(life);
      const marked = shortStep(`Keep ${host.inventory} out of the pool`).markHostUnavailable({ machine, host, plan });
      return end(run, life, step, marked, advanceHost.onMarkTried);
    }
    case 'clean': {
      const host = hostIn(life);
      const { attempt } = step;
      const before = run.published;
      const written = shortStep(`Write the clean plan for ${host.inventory}`).writeCleanPlan({
        machine,
        host,
        attempt,
        status: take(run, advanceHost.whileCleaning(life, attempt)),
        ...cause,
      });
      return endOfPlanStep(run, life, step, written, before, (now, outcome) =>
        advanceHost.onCleanTried(now, attempt, outcome),
      );
    }
    case 'release': {
      const host = hostIn(life);
      const { untouched, last } = step;
      const summary = `Give ${host.inventory} back to its pool`;
      const released = shortStep(summary).releaseHost({ machine, host, untouched, last, plan, ...cause });
      return end(run, life, step, released, (now, outcome) => advanceHost.onReleaseTried(now, outcome, last));
    }
    case 'forceRelease': {
      const host = hostIn(life);
      const { last } = step;
      const by = life.lastOperation;
      const request = {
        machine,
        host,
        last,
        cause: by === null ? '' : `${by.actor}: ${by.reason}`,
        cluster: cause.cluster,
      };
      const released = shortStep(`Let ${host.inventory} go and quarantine it`).forceReleaseHost(request);
      return end(run, life, step, released, (now, outcome) => advanceHost.onForceReleaseTried(now, outcome, last));
    }
    case 'confirmGone': {
      const seen = shortStep('Look whether the machine is gone').confirmGone({ machine, cluster: cause.cluster });
      return end(run, life, step, seen, advance.onPresenceSeen);
    }
    case 'finish': {
      const finished = shortStep('Drop the finalizer').finishMachine({ machine, cluster: cause.cluster });
      return end(run, life, step, finished, advanceHost.onFinishTried);
    }
    default:
      return assertNever(step);
  }
}

/**
 * Takes the step's outcome into the life. Whoever reaches Temporal can complete an activity by hand: what is no outcome
 * counts as a step that reached nobody, and is tried again.
 */
async function end<Outcome>(
  run: Run,
  life: MachineLife,
  step: StepToRunning | StepOfHost,
  work: Promise<Outcome | StepStopped>,
  advanceBy: (life: MachineLife, outcome: Outcome) => MachineLife,
): Promise<void> {
  const told = run.deletionsTold;
  const outcome = await orBroken(work);
  if (isStopped(outcome) || !isOutcome(outcome)) {
    // The status that the step carried may be unwritten.
    if (step.kind !== 'provision' && step.kind !== 'clean') run.published = null;
    const stopped = isStopped(outcome) ? outcome : noOutcome;
    log.warn('A step was stopped', { step: step.kind, reason: stopped.reason, problem: stopped.message });
    return update(run, (now) => onStopped(now, step, stopped, life.revision));
  }
  const overtaken = isUnjustified(outcome) && wasToldMore(run, life, told);
  update(run, (now) => (overtaken ? withoutHalt(now) : advanceBy(withoutHalt(now), outcome)));
}

/** A step that writes a plan writes the status of the wait for it last, and no status if it wrote no plan. */
async function endOfPlanStep<Outcome extends { kind: string; statusUnwritten?: boolean }>(
  run: Run,
  life: MachineLife,
  step: Extract<Step, { kind: 'provision' | 'clean' }>,
  work: Promise<Outcome | StepStopped>,
  publishedBefore: string | null,
  advanceBy: (life: MachineLife, outcome: Outcome) => MachineLife,
): Promise<void> {
  let shown = publishedBefore;
  const carried = run.published;
  await end(run, life, step, work, (now, outcome) => {
    if (outcome.kind === 'written') shown = outcome.statusUnwritten === true ? null : carried;
    return advanceBy(now, outcome);
  });
  run.published = shown;
}

function isUnjustified(outcome: unknown): boolean {
  return typeof outcome === 'object' && outcome !== null && 'kind' in outcome && outcome.kind === 'unjustified';
}

/**
 * What the step read speaks against what the run was told, and the run was told more since the step began: it reads again.
 * Also what it was told before counts: the first time may have been a lie, and the second the truth.
 */
function wasToldMore(run: Run, began: MachineLife, told: number): boolean {
  if (run.life?.revision !== began.revision) return true;
  return run.deletionsTold !== told && patched(patches.heedRepeatedDeletion);
}

const noOutcome: StepStopped = {
  kind: 'stopped',
  reason: 'Unreachable',
  message: 'Somebody completed the activity of the step by hand, with something that is no outcome of it',
};

/** Waits until an event moves the life on, or the time is over, after the status says what is waited for. */
async function waitForEvent(run: Run, life: MachineLife, step: Extract<Step, { kind: 'wait' }>): Promise<void> {
  // Who could not be asked a moment ago could not take a status either.
  const mute = step.reason === 'halt' && life.halt?.reason === 'Unreachable';
  const written = mute || (await publishStatus(run, life));
  const moved = (): boolean => run.full || run.life?.revision !== life.revision;
  const blocked = !moved();
  const deadlineMs = written ? step.deadlineMs : Math.min(step.deadlineMs ?? Infinity, unwrittenPauseMs(run));
  const summary = step.reason === 'node' ? 'Deadline for the Node to register' : 'Pause before the next try';
  const event = deadlineMs === null ? condition(moved).then(() => true) : condition(moved, deadlineMs, { summary });
  if (await event) {
    if (blocked) run.busySteps = 0;
  } else if (step.reason === 'halt') update(run, onHaltOver);
  else if (step.reason === 'inputs' && written) update(run, advance.onWoken);
  else if (step.reason === 'node' && written) update(run, advanceHost.onNodeJoinDeadline);
}
