import { reasons, type Reason } from '../../api/conditions.ts';
import { assertNever } from '../assert-never.ts';
import { inventoryOf, isPaused } from '../life/lifecycle.ts';
import { type MachineLife, type PlanProgress, takerOf } from '../life/machine-life.ts';
import { phaseOf } from '../report/status/machine-status.ts';
import type { Place } from './journal.ts';

/** Where the machine is, by all that its run knows. */
export function placeOf(life: MachineLife): Place {
  const { stage } = life;
  if (stage.kind === 'released') return { phase: 'Gone', host: null, reason: null };
  if (stage.kind === 'ended') {
    return { phase: stage.outcome === 'moved' ? 'Moved' : 'Gone', host: null, reason: null };
  }
  return { phase: phaseOf(life) ?? 'Pending', host: inventoryOf(stage) ?? null, reason: reasonOf(life) };
}

function reasonOf(life: MachineLife): Reason | null {
  const { stage, halt, obstacles } = life;
  if (isPaused(life)) return reasons.Paused;
  if (halt !== undefined) return halt.reason;
  const [obstacle] = obstacles;
  if (obstacle !== undefined) return obstacle.reason;
  const plan = 'plan' in stage ? stage.plan : null;
  if (plan !== null) return reasonOfPlan(plan.progress);
  return reasonOfWait(life);
}

function reasonOfPlan({ kind }: PlanProgress): Reason | null {
  switch (kind) {
    case 'pending':
    case 'applied':
      return null;
    case 'timedOut':
      return reasons.PlanTimedOut;
    case 'failed':
      return reasons.PlanFailed;
    case 'secretMissing':
      return reasons.PlanSecretMissing;
    case 'taken':
      return reasons.HostTaken;
    default:
      return assertNever(kind);
  }
}

function reasonOfWait({ stage, snapshot }: MachineLife): Reason | null {
  if (snapshot.deleting || snapshot.gone) return null;
  switch (stage.kind) {
    case 'new':
    case 'unclaimed':
      if (snapshot.machine === null) return reasons.WaitingForMachine;
      return snapshot.cluster?.infrastructureReady === true ? null : reasons.WaitingForClusterInfrastructure;
    case 'claimed':
      return snapshot.provisioning?.bootstrapSecret === null ? reasons.BootstrapWaiting : null;
    case 'running':
    case 'hostless':
      if (takerOf(stage) !== undefined) return reasons.HostTaken;
      if (snapshot.hostMissing || stage.kind === 'hostless') return reasons.InventoryMissing;
      return stage.nodeJoinTimedOut && snapshot.machine?.nodeName === null ? reasons.NodeJoinTimedOut : null;
    case 'leaving':
    case 'reprovisioning':
    case 'cleaning':
    case 'forcing':
    case 'released':
    case 'ended':
      return null;
    default:
      return assertNever(stage);
  }
}
