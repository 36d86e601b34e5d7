import { log } from '@temporalio/workflow';
import { onStopped, withoutHalt } from '../domain/life/halt.ts';
import { isOutcomeOf } from '../domain/life/outcome-shape.ts';
import type { Step } from '../domain/life/step.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import type { StepStopped } from '../domain/life/step-outcomes.ts';
import { isStopped, orBroken } from './ended-step.ts';
import { livesBy } from './patches.ts';
import { type Run, update } from './run.ts';

/**
 * Takes the step's outcome into the life. Whoever reaches Temporal can complete an activity by hand: what is no outcome
 * counts as a step that reached nobody, and is tried again.
 */
export async function settle<Outcome>(
  run: Run,
  life: MachineLife,
  step: Exclude<Step, { kind: 'wait' | 'awaitPlan' | 'end' }>,
  work: Promise<Outcome | StepStopped>,
  advanceBy: (life: MachineLife, outcome: Outcome) => MachineLife,
): Promise<void> {
  const told = run.deletionsTold;
  const outcome = await orBroken(work);
  if (isStopped(outcome) || !isOutcomeOf(step.kind, outcome)) {
    // The status that the step carried may be unwritten.
    if (!writesPlan(step)) run.published = null;
    const stopped = isStopped(outcome) ? outcome : noOutcome;
    log.warn('A step was stopped', { step: step.kind, reason: stopped.reason, problem: stopped.message });
    return update(run, (now) => onStopped(now, step, stopped, life.revision));
  }
  const resumed = isPaused(outcome) && wasResumed(run, life);
  // The status that the step carried, or wrote, says that the machine is paused.
  if (resumed) run.published = null;
  const overtaken = resumed || (isUnjustified(outcome) && wasToldMore(run, life, told));
  update(run, (now) => (overtaken ? withoutHalt(now) : advanceBy(withoutHalt(now), outcome)));
}

/** A step that writes a plan writes the status of the wait for it last, and no status if it wrote no plan. */
export async function settlePlanStep<Outcome extends { kind: string; statusUnwritten?: boolean }>(
  run: Run,
  life: MachineLife,
  step: Extract<Step, { kind: 'provision' | 'reboot' | 'clean' }>,
  work: Promise<Outcome | StepStopped>,
  publishedBefore: Run['published'],
  advanceBy: (life: MachineLife, outcome: Outcome) => MachineLife,
): Promise<void> {
  let shown = publishedBefore;
  const carried = run.published;
  await settle(run, life, step, work, (now, outcome) => {
    if (outcome.kind === 'written') shown = outcome.statusUnwritten === true ? null : carried;
    return advanceBy(now, outcome);
  });
  run.published = shown;
}

function writesPlan({ kind }: Step): boolean {
  return kind === 'provision' || kind === 'reboot' || kind === 'clean';
}

function isUnjustified(outcome: unknown): boolean {
  return kindOf(outcome) === 'unjustified';
}

/** The step read that the machine is paused; a look may have claimed, too. */
function isPaused(outcome: unknown): boolean {
  const claim = kindOf(outcome) === 'claimTried' && isObject(outcome) && 'claim' in outcome ? outcome.claim : undefined;
  return kindOf(outcome) === 'paused' || kindOf(claim) === 'paused';
}

function kindOf(outcome: unknown): unknown {
  return isObject(outcome) && 'kind' in outcome ? outcome.kind : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** While the step read that the machine is paused, the bridge told that it is not: what the step saw is perhaps older. */
function wasResumed(run: Run, began: MachineLife): boolean {
  const isTold = run.life?.revision !== began.revision && run.life?.snapshot.paused === false;
  return isTold && livesBy('heedLaterResumption');
}

/**
 * What the step read speaks against what the run was told, and the run was told more since the step began: it reads again.
 * Also what it was told before counts: the first time may have been a lie, and the second the truth.
 */
function wasToldMore(run: Run, began: MachineLife, told: number): boolean {
  if (run.life?.revision !== began.revision) return true;
  return run.deletionsTold !== told && livesBy('heedRepeatedDeletion');
}

const noOutcome: StepStopped = {
  kind: 'stopped',
  reason: 'Unreachable',
  message: 'Somebody completed the activity of the step by hand, with something that is no outcome of it',
};
