import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  log,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import * as advanceHost from '../domain/life/advance-host.ts';
import { onStopped, withoutHalt } from '../domain/life/halt.ts';
import { stillAwaits } from '../domain/life/lifecycle.ts';
import type { MachineLife, PlanAnswer, WrittenPlan } from '../domain/life/machine-life.ts';
import { isPlanAnswer, readNotApplied } from '../domain/life/plan-answer.ts';
import { hostlessPlanActivityId, planActivityId } from '../domain/plan/attempt.ts';
import type { Step } from '../domain/life/step.ts';
import { planWait } from './activity-proxies.ts';
import { writeWhileResting } from './journal.ts';
import { meter } from './meter.ts';
import { livesBy } from './patches.ts';
import {
  hostIn,
  planIn,
  publishStatus,
  rulesOf,
  type Run,
  showsSomethingNew,
  take,
  unwrittenPauseMs,
  update,
} from './run.ts';

type End = { kind: 'answered'; answer: PlanAnswer } | { kind: 'broken'; error: unknown } | { kind: 'moot' };

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/** Names the wait that an `awaitPlan` step begins. */
export function waitIdOf(life: MachineLife): string {
  const { type, attempt } = planIn(life);
  return planActivityId(type, attempt, hostIn(life).inventory);
}

/**
 * Waits for the host's answer. An event that makes the answer moot (a deletion) ends the wait at once, and so does a run
 * that is full; one that does not (a pause) is shown meanwhile.
 */
export async function awaitAnswer(
  run: Run,
  life: MachineLife,
  step: Extract<Step, { kind: 'awaitPlan' }>,
): Promise<void> {
  const plan = planIn(life);
  if (showsSomethingNew(run, life) && livesBy('statusBeforePlanWait')) {
    await publishStatus(run, life);
    if (!stillAwaitsIn(run.life ?? life, plan)) return;
  }
  writeWhileResting(run);
  const scope = new CancellationScope({ cancellable: true });
  const answered = scope.run(() => askForAnswer(run, life));
  const moot = scope.run(() => condition(() => run.full || !stillAwaitsIn(run.life ?? life, plan)));
  const shown = showChanges(run, life, plan, scope);
  const end = await Promise.race<End>([
    answered.then(
      (answer) => ({ kind: 'answered', answer }),
      (error: unknown) => ({ kind: 'broken', error }),
    ),
    moot.then(
      () => ({ kind: 'moot' }),
      () => ({ kind: 'moot' }),
    ),
  ]);
  scope.cancel();
  // An older status must not be written after the next one.
  await shown;
  const answer = end.kind === 'answered' ? readAnswer(end.answer) : readFailedWait(end);
  if (end.kind === 'broken' && answer === undefined) return onBrokenWait(run, life, step, end.error);
  run.brokenWaits = 0;
  update(run, withoutHalt);
  if (answer !== undefined) {
    if (answer.kind !== 'lookAgain') meter.planAnswered(plan.type, answer.kind);
    update(run, (now) => advanceHost.onPlanAnswered(now, answer));
  } else {
    run.abandonedWaits.add(waitIdOf(life));
    run.busySteps = 0;
  }
}

/** Whoever can reach Temporal can complete an activity by hand, with anything. */
function readAnswer(answer: unknown): PlanAnswer {
  if (isPlanAnswer(answer)) return answer;
  log.warn('Ignoring an answer to a plan that is none');
  return { kind: 'lookAgain' };
}

/** A plan that was not applied ends its wait as a failure, so that its bar is red. */
function readFailedWait(end: Exclude<End, { kind: 'answered' }>): PlanAnswer | undefined {
  if (end.kind !== 'broken' || !(end.error instanceof ActivityFailure)) return undefined;
  const { cause } = end.error;
  return cause instanceof ApplicationFailure ? readNotApplied(cause) : undefined;
}

function askForAnswer(run: Run, life: MachineLife): Promise<PlanAnswer> {
  const host = hostIn(life);
  const plan = planIn(life);
  const isNew = showsSomethingNew(run, life);
  const status = take(run, life);
  const id = livesBy('planWaitNamesHost') ? waitIdOf(life) : hostlessPlanActivityId(plan.type, plan.attempt);
  return planWait(plan, id, `${plan.type} on ${host.inventory}`).awaitPlanResult({
    machine: run.machine,
    host,
    plan,
    ...(isNew && { status }),
  });
}

/** Publishes what events change while the answer is awaited; ends with the scope. */
async function showChanges(run: Run, life: MachineLife, plan: WrittenPlan, scope: CancellationScope): Promise<void> {
  const now = (): MachineLife => run.life ?? life;
  const differs = (): boolean => stillAwaitsIn(now(), plan) && showsSomethingNew(run, now());
  while (!scope.consideredCancelled) {
    try {
      await scope.run(() => condition(differs));
      if (!(await publishStatus(run, now()))) await scope.run(() => sleep(unwrittenPauseMs(run)));
    } catch (error) {
      if (isCancellation(error)) return;
      throw error;
    }
  }
}

function stillAwaitsIn(life: MachineLife, plan: WrittenPlan): boolean {
  return stillAwaits(life, plan, rulesOf(life));
}

async function onBrokenWait(
  run: Run,
  life: MachineLife,
  step: Extract<Step, { kind: 'awaitPlan' }>,
  error: unknown,
): Promise<void> {
  if (isCancellation(error)) return;
  if (!(error instanceof ActivityFailure)) throw error;
  if (error.cause instanceof TimeoutFailure) {
    meter.planAnswered(planIn(life).type, 'timedOut');
    return update(run, (now) => advanceHost.onPlanAnswered(now, { kind: 'timedOut' }));
  }
  // The activity itself broke (API server down): its status may be unwritten. Look again a little later.
  run.published = null;
  if (livesBy('haltBrokenWait')) {
    const message =
      "The host's plan Secret cannot be read, or the status not be written; the host goes on all the same";
    const stopped = { kind: 'stopped', reason: 'Unreachable', message } as const;
    return update(run, (now) => onStopped(now, step, stopped, life.revision));
  }
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** run.brokenWaits, LONGEST_PAUSE_MS);
  run.brokenWaits += 1;
  await sleep(pauseMs);
}
