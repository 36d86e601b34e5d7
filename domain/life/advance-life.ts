import { reasons } from '../../api/conditions.ts';
import { assertNever } from '../assert-never.ts';
import type { BoundHost, MachineLife, Obstacle, WrittenPlan } from './machine-life.ts';
import { type MachineSnapshot, sameSnapshot, settleSnapshot } from '../inputs/machine-snapshot.ts';
import { hostMissing, hostUsedByOther, planSecretMissing, poolMissing } from './obstacles.ts';
import type { BeginOutcome, ClaimOutcome, KeptWishes, ProvisionOutcome } from './step-outcomes.ts';

/** New inputs from the bridge. Once gone, an object stays gone; what was known of its pause or move still holds. */
export function onObserved(life: MachineLife, snapshot: MachineSnapshot): MachineLife {
  const next = snapshot.gone ? { ...life.snapshot, gone: true } : snapshot;
  if (sameSnapshot(next, life.snapshot)) return life;
  return { ...life, snapshot: next, revision: life.revision + 1 };
}

/** Something that a waiting step may need has changed. */
export function onWoken(life: MachineLife): MachineLife {
  return { ...life, revision: life.revision + 1 };
}

/** `startRevision` is the revision that the step began with: an event meanwhile makes the obstacle void. */
export function onBegun(life: MachineLife, outcome: BeginOutcome, startRevision: number): MachineLife {
  if (outcome.kind === 'gone') return onObserved(life, { ...life.snapshot, gone: true });
  const next = {
    ...(life.stage.kind === 'new' ? withKeptWishes(life, outcome.kept) : life),
    nodeJoinDeadlineMs: outcome.nodeJoinDeadlineMs,
    snapshot: { ...life.snapshot, finalizerLost: false },
    obstacles: [],
  };
  if (life.stage.kind === 'running' && outcome.kind === 'provisioned') return withHostBack(next);
  const mayLoseHost = life.stage.kind === 'running' && life.snapshot.hostMissing;
  if (life.stage.kind !== 'new' && life.stage.kind !== 'hostless' && !mayLoseHost) return next;
  switch (outcome.kind) {
    case 'fresh':
      return { ...next, stage: { kind: 'unclaimed' } };
    case 'claimTried':
      return onClaimed({ ...next, stage: { kind: 'unclaimed' } }, outcome.claim, startRevision);
    case 'holding':
      return adoptHolding(next, outcome.host, outcome.plan);
    case 'provisioned':
      return adoptProvisioned(next, outcome.host, outcome.plan);
    case 'hostMissing':
      return withObstacles(
        { ...next, stage: { kind: 'hostless', inventory: outcome.inventory } },
        [hostMissing(outcome.inventory)],
        startRevision,
      );
    case 'hostTaken':
      return withObstacles(
        { ...next, stage: { kind: 'hostless', inventory: outcome.inventory } },
        [hostUsedByOther(outcome.inventory, outcome.owner)],
        startRevision,
      );
    default:
      return assertNever(outcome);
  }
}

/** The step has seen the inventory: a snapshot that says otherwise is old. */
function withHostBack(life: MachineLife): MachineLife {
  return { ...life, snapshot: { ...life.snapshot, hostMissing: false } };
}

/** A run that begins takes over what an earlier one was asked for, unless it was asked for the contrary itself. */
function withKeptWishes(life: MachineLife, kept: KeptWishes | undefined): MachineLife {
  if (kept === undefined) return life;
  const avoidedHosts = [...new Set([...kept.avoidedHosts, ...life.avoidedHosts])];
  const pausedByOperator = life.pausedByOperator || (kept.pausedByOperator && life.lastOperation?.verb !== 'resume');
  return { ...life, avoidedHosts, pausedByOperator };
}

function adoptHolding(life: MachineLife, host: BoundHost, plan: WrittenPlan | null): MachineLife {
  if (plan === null) return { ...life, stage: { kind: 'claimed', host, attempt: 1 } };
  if (plan.type === 'reprovision') return { ...life, stage: { kind: 'reprovisioning', host, plan } };
  return { ...life, stage: { kind: 'cleaning', host, attempt: plan.attempt, plan, applied: null } };
}

function adoptProvisioned(life: MachineLife, host: BoundHost, plan: WrittenPlan | null): MachineLife {
  const snapshot = settleSnapshot(life.snapshot);
  if (plan?.type === 'clean') {
    return { ...life, snapshot, stage: { kind: 'cleaning', host, attempt: plan.attempt, plan, applied: null } };
  }
  const applied = plan && { checksum: plan.checksum, bootstrapHash: plan.bootstrapHash };
  return { ...life, snapshot, stage: { kind: 'running', host, applied, nodeJoinTimedOut: false } };
}

export function onClaimed(life: MachineLife, outcome: ClaimOutcome, startRevision: number): MachineLife {
  switch (outcome.kind) {
    case 'claimed':
      return { ...life, stage: { kind: 'claimed', host: outcome.host, attempt: 1 }, obstacles: [] };
    case 'provisioned':
      return { ...life, stage: { kind: 'new' }, obstacles: [] };
    case 'poolMissing':
      return withObstacles(life, [poolMissing(outcome.pool)], startRevision);
    case 'exhausted':
      return withObstacles(
        life,
        [{ condition: 'InventoryAllocated', reason: reasons.PoolExhausted, message: outcome.message }],
        startRevision,
      );
    default:
      return assertNever(outcome);
  }
}

export function onProvisionTried(life: MachineLife, outcome: ProvisionOutcome, startRevision: number): MachineLife {
  const { stage } = life;
  if (stage.kind !== 'claimed') return life;
  switch (outcome.kind) {
    case 'written':
      return {
        ...life,
        stage: {
          kind: 'reprovisioning',
          host: { ...(outcome.host ?? stage.host), recorded: 'Reprovisioning' },
          plan: outcome.plan,
        },
        obstacles: [],
      };
    case 'blocked':
      return withObstacles(life, outcome.obstacles, startRevision);
    case 'secretMissing':
      return withObstacles(life, [planSecretMissing(stage.host.planSecret)], startRevision);
    case 'hostLost':
      return { ...life, stage: { kind: 'unclaimed' }, obstacles: [] };
    case 'provisioned':
      return { ...life, stage: { kind: 'new' }, obstacles: [] };
    case 'gone':
      return onObserved(life, { ...life.snapshot, gone: true });
    default:
      return assertNever(outcome);
  }
}

function withObstacles(life: MachineLife, obstacles: Obstacle[], startRevision: number): MachineLife {
  return { ...life, obstacles, obstaclesRevision: startRevision };
}
