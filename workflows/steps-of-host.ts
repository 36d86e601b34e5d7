import * as advanceHost from '../domain/life/advance-host.ts';
import * as advance from '../domain/life/advance-life.ts';
import { assertNever } from '../domain/assert-never.ts';
import { whileCleaning } from '../domain/life/forecast.ts';
import type { Step } from '../domain/life/step.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import { shortStep } from './activity-proxies.ts';
import { carry } from './journal.ts';
import { settle, settlePlanStep } from './settle-step.ts';
import { hostIn, type Run, take, wentMissing } from './run.ts';

type StepOfHost = Extract<
  Step,
  { kind: 'markUnavailable' | 'clean' | 'release' | 'forceRelease' | 'confirmGone' | 'finish' }
>;

/** A step that keeps a host back, cleans it or gives it back, and the last looks at a machine that goes. */
export async function performStepOfHost(run: Run, life: MachineLife, step: StepOfHost): Promise<void> {
  const { machine } = run;
  const { deleting, cluster } = life.snapshot;
  /** What the step checks against the objects themselves. */
  const cause = { givingUp: !deleting, cluster: cluster?.name ?? null };
  const plan = 'plan' in life.stage ? life.stage.plan : null;
  switch (step.kind) {
    case 'markUnavailable': {
      const host = hostIn(life);
      const { markHostUnavailable } = shortStep(`Keep ${host.inventory} out of the pool`);
      const marked = carry(run, life, step, markHostUnavailable, { machine, host, plan });
      return settle(run, life, step, marked, advanceHost.onMarkTried);
    }
    case 'clean': {
      const host = hostIn(life);
      const { attempt } = step;
      const before = run.published;
      const { writeCleanPlan } = shortStep(`Write the clean plan for ${host.inventory}`);
      const written = carry(run, life, step, writeCleanPlan, {
        machine,
        host,
        attempt,
        status: take(run, whileCleaning(life, attempt)),
        ...cause,
      });
      return settlePlanStep(run, life, step, written, before, (now, outcome) =>
        advanceHost.onCleanTried(now, attempt, outcome, wentMissing(now, life.revision)),
      );
    }
    case 'release': {
      const host = hostIn(life);
      const { untouched, last } = step;
      const summary = `Give ${host.inventory} back to its pool`;
      const released = carry(run, life, step, shortStep(summary).releaseHost, {
        machine,
        host,
        untouched,
        last,
        plan,
        ...cause,
      });
      return settle(run, life, step, released, (now, outcome) => advanceHost.onReleaseTried(now, outcome, last));
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
      const { forceReleaseHost } = shortStep(`Let ${host.inventory} go and quarantine it`);
      const released = carry(run, life, step, forceReleaseHost, request);
      return settle(run, life, step, released, (now, outcome) => advanceHost.onForceReleaseTried(now, outcome, last));
    }
    case 'confirmGone': {
      const { confirmGone } = shortStep('Look whether the machine is gone');
      const seen = carry(run, life, step, confirmGone, { machine, cluster: cause.cluster });
      return settle(run, life, step, seen, advance.onPresenceSeen);
    }
    case 'finish': {
      const { finishMachine } = shortStep('Drop the finalizer');
      const finished = carry(run, life, step, finishMachine, { machine, cluster: cause.cluster });
      return settle(run, life, step, finished, advanceHost.onFinishTried);
    }
    default:
      return assertNever(step);
  }
}
