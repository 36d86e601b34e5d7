import {
  ActivityFailure,
  CancellationScope,
  condition,
  isCancellation,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import * as advanceHost from '../domain/advance-host.ts';
import { stillAwaits } from '../domain/lifecycle.ts';
import type { MachineLife, PlanAnswer, WrittenPlan } from '../domain/machine-life.ts';
import { planWait } from './activity-proxies.ts';
import { hostIn, planIn, publishStatus, type Run, showsSomethingNew, take, update } from './run.ts';

type End = { kind: 'answered'; answer: PlanAnswer } | { kind: 'broken'; error: unknown } | { kind: 'moot' };

/**
 * Waits for the host's answer. An event that makes the answer moot (a deletion) ends the wait at once; one that does
 * not (a pause) is shown meanwhile.
 */
export async function awaitAnswer(run: Run, life: MachineLife): Promise<void> {
  const plan = planIn(life);
  const scope = new CancellationScope({ cancellable: true });
  const answered = scope.run(() => askForAnswer(run, life));
  const moot = scope.run(() => condition(() => !stillAwaits(run.life ?? life, plan)));
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
  if (end.kind === 'answered') return update(run, (now) => advanceHost.onPlanAnswered(now, end.answer));
  if (end.kind === 'broken') await onBrokenWait(run, end.error);
}

function askForAnswer(run: Run, life: MachineLife): Promise<PlanAnswer> {
  const host = hostIn(life);
  const plan = planIn(life);
  const status = take(run, life);
  return planWait(plan, `${plan.type} on ${host.inventory}`).awaitPlanResult({
    machine: run.machine,
    host,
    plan,
    status,
  });
}

/** Publishes what events change while the answer is awaited; ends with the scope. */
async function showChanges(run: Run, life: MachineLife, plan: WrittenPlan, scope: CancellationScope): Promise<void> {
  const now = (): MachineLife => run.life ?? life;
  const differs = (): boolean => stillAwaits(now(), plan) && showsSomethingNew(run, now());
  while (!scope.consideredCancelled) {
    try {
      await scope.run(() => condition(differs));
    } catch (error) {
      if (isCancellation(error)) return;
      throw error;
    }
    await publishStatus(run, now());
  }
}

async function onBrokenWait(run: Run, error: unknown): Promise<void> {
  if (isCancellation(error)) return;
  if (!(error instanceof ActivityFailure)) throw error;
  if (error.cause instanceof TimeoutFailure) {
    return update(run, (now) => advanceHost.onPlanAnswered(now, { kind: 'timedOut' }));
  }
  // The activity itself broke (API server down): its status may be unwritten. Look again a little later.
  run.published = null;
  await sleep('2s');
}
