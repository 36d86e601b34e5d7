import type { Activities } from '../activities/index.ts';
import * as advanceHost from '../domain/life/advance-host.ts';
import * as advance from '../domain/life/advance-life.ts';
import { assertNever } from '../domain/assert-never.ts';
import { onceBegun, onceCompleted, whileReprovisioning } from '../domain/life/forecast.ts';
import type { Step } from '../domain/life/step.ts';
import { type MachineLife, takerOf } from '../domain/life/machine-life.ts';
import { lookWithinTask, shortStep } from './activity-proxies.ts';
import { carry, firstLook, noteLook } from './journal.ts';
import { livesBy, livesByAll } from './patches.ts';
import { mayLookWithinTask, tryWithinTask } from './within-task.ts';
import { settle, settlePlanStep } from './settle-step.ts';
import { believesClaim, hostIn, notePublished, planIn, type Run, take, wentMissing } from './run.ts';

type StepToRunning = Extract<Step, { kind: 'begin' | 'claim' | 'provision' | 'complete' }>;

/** A step on the way to Running. */
export async function performStepToRunning(run: Run, life: MachineLife, step: StepToRunning): Promise<void> {
  const { machine } = run;
  const at = life.revision;
  switch (step.kind) {
    case 'begin': {
      const mayClaim = step.claim && life.snapshot.provisioning !== null;
      const summary = mayClaim ? `Claim a host of pool ${life.snapshot.pool}` : 'Look for what is ours already';
      const claim = step.claim ? { status: take(run, life), avoid: life.avoidedHosts } : null;
      const mayAdopt = takerOf(life.stage) === undefined;
      const look = firstLook(run);
      const { inputsHeard } = run;
      const told = { life, statusNumber: ++run.statusNumber, ...(look && { look }) };
      const input = { machine, claim, mayAdopt, told };
      const begun = mayLookWithinTask(run)
        ? tryWithinTask(run, life, step, { summary, choose: (it) => it.beginLife }, input)
        : carry(run, life, step, lookOf(life, summary), input);
      return settle(run, life, step, begun, (now, outcome) => {
        const claimed = outcome.kind === 'claimTried' && outcome.claim.kind === 'claimed';
        if (outcome.kind !== 'gone' && outcome.statusWritten === true) {
          notePublished(run, onceBegun(life, outcome), inputsHeard);
        }
        // The status was not written, or names a host that the machine then did not get.
        else if (step.claim && !claimed) run.published = null;
        if (outcome.kind !== 'gone') noteLook(run, outcome, look, life);
        return advance.onBegun(now, outcome, at, {
          hostWentMissing: wentMissing(now, at),
          believesClaim: claimed && believesClaim(now),
        });
      });
    }
    case 'claim': {
      const wish = { machine, status: take(run, life), avoid: life.avoidedHosts };
      return settle(
        run,
        life,
        step,
        carry(run, life, step, shortStep(`Claim a host of pool ${life.snapshot.pool}`).claimHost, wish),
        (now, outcome) => {
          // The claim may have named a host in the status that it then did not get.
          if (outcome.kind !== 'claimed') run.published = null;
          return advance.onClaimed(now, outcome, at, outcome.kind === 'claimed' && believesClaim(now));
        },
      );
    }
    case 'provision': {
      const host = hostIn(life);
      const { attempt } = step;
      const summary = `Write the reprovision plan for ${host.inventory}`;
      const before = run.published;
      const status = take(run, whileReprovisioning(life, host, attempt));
      const written = carry(run, life, step, shortStep(summary).writeReprovisionPlan, {
        machine,
        host,
        attempt,
        status,
      });
      return settlePlanStep(run, life, step, written, before, (now, outcome) =>
        advance.onProvisionTried(now, outcome, at),
      );
    }
    case 'complete': {
      const host = hostIn(life);
      const status = take(run, onceCompleted(life));
      const summary = `Report ${host.inventory} as provisioned`;
      const completed = carry(run, life, step, shortStep(summary).completeProvisioning, {
        machine,
        host,
        plan: planIn(life),
        status,
      });
      return settle(run, life, step, completed, (now, outcome) => {
        if (outcome.kind !== 'completed') run.published = null;
        return advanceHost.onCompleteTried(now, outcome);
      });
    }
    default:
      return assertNever(step);
  }
}

/** A run that begins on a machine which came to Running under another one looked at it within its first task before others did. */
function lookOf({ stage, snapshot }: MachineLife, summary: string): Activities['beginLife'] {
  const isSettled = stage.kind === 'new' && snapshot.provisioning === null && !snapshot.deleting;
  const withinTask = isSettled && !livesByAll() && livesBy('lookWithinTask');
  return withinTask ? lookWithinTask(summary) : shortStep(summary).beginLife;
}
