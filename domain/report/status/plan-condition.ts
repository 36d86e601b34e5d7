import { reasons } from '../../../api/conditions.ts';
import type { MachinePlanType } from '../../../api/constants.ts';
import { assertNever } from '../../assert-never.ts';
import { type DesiredCondition, fails, findObstacle, holds } from './machine-condition.ts';
import type { BoundHost, MachineLife, WrittenPlan } from '../../life/machine-life.ts';

/** `PlanApplied`, as far as a plan is due. */
export function planCondition(life: MachineLife): DesiredCondition | null {
  const { stage } = life;
  const obstacle = findObstacle(life, 'PlanApplied');
  if (obstacle?.reason === reasons.WaitingForSlot) {
    return { ...obstacle, message: `${life.snapshot.queued ?? 'Waits for its turn'}. ${obstacle.message}` };
  }
  if (obstacle !== null) return obstacle;
  if (stage.kind === 'running' && stage.reboot !== undefined && stage.takenBy === undefined) {
    const { plan } = stage.reboot;
    if (plan !== null) return planProgressCondition(stage.host, plan);
    return fails('PlanApplied', reasons.PlanPending, 'The reboot plan is about to be written');
  }
  if (stage.kind === 'running') {
    return stage.takenBy === undefined
      ? holds('PlanApplied')
      : fails(
          'PlanApplied',
          reasons.HostTaken,
          `The host ${stage.host.inventory} of the node was taken: ${stage.takenBy}. Nothing is written to it; delete the Machine to get another host`,
        );
  }
  if (stage.kind === 'reprovisioning') return planProgressCondition(stage.host, stage.plan);
  if (stage.kind !== 'cleaning') return null;
  if (stage.plan === null) return fails('PlanApplied', reasons.PlanPending, 'The clean plan is about to be written');
  return planProgressCondition(stage.host, stage.plan);
}

function planProgressCondition(host: BoundHost, plan: WrittenPlan): DesiredCondition {
  const { progress, type, attempt } = plan;
  const what = `${type} plan, attempt ${attempt}, on host ${host.inventory}`;
  switch (progress.kind) {
    case 'applied':
      return holds('PlanApplied');
    case 'pending':
      return fails('PlanApplied', reasons.PlanPending, `Waiting for the host to apply the ${what}`);
    case 'timedOut':
      return fails(
        'PlanApplied',
        reasons.PlanTimedOut,
        `No answer to the ${what} within ${describeMs(plan.deadlineMs)}: the host is dead or cut off, ` +
          'or its agent cannot parse or write something of the plan (it then reports nothing). Look at the host; a late answer still counts. retry writes the plan again',
      );
    case 'failed':
      return fails(
        'PlanApplied',
        reasons.PlanFailed,
        `The ${what}, failed: ${progress.message}. ${adviceAfterFailure[type]}`,
      );
    case 'secretMissing':
      return fails(
        'PlanApplied',
        reasons.PlanSecretMissing,
        `The plan Secret ${host.planSecret} is gone and elemental-operator does not make it again. Restore it and retry, or give the host up: reallocate, or delete the Machine; then forceRelease`,
      );
    case 'taken':
      return fails(
        'PlanApplied',
        reasons.HostTaken,
        `A plan of somebody else stands in Secret ${host.planSecret} (a reset or a MachineInventorySelector); nothing is written until an operator decides: retry looks again; to give the host up, delete the Machine, then forceRelease`,
      );
    default:
      return assertNever(progress);
  }
}

const adviceAfterFailure: Record<MachinePlanType, string> = {
  reprovision: 'Mend the cause and retry, or give the host up: reallocate, or delete the Machine',
  reboot: 'Mend the cause and retry, or reboot the host by hand; its node goes on',
  clean: 'Mend the cause and retry, or let the host go into quarantine: forceRelease',
};

function describeMs(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
