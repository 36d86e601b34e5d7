import { reasons } from '../api/constants.ts';
import { assertNever } from './assert-never.ts';
import {
  type AppliedPlan,
  hostOf,
  type MachineLife,
  type Obstacle,
  type PlanAnswer,
  type WrittenPlan,
} from './machine-life.ts';
import { type MachineSnapshot, sameSnapshot, settleSnapshot } from './machine-snapshot.ts';
import { hostMissing, hostUsedByOther, planSecretMissing, poolMissing } from './obstacles.ts';
import type {
  BeginOutcome,
  ClaimOutcome,
  CleanOutcome,
  FinishOutcome,
  ProvisionOutcome,
  ReleaseOutcome,
} from './step-outcomes.ts';

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
    ...life,
    nodeJoinDeadlineMs: outcome.nodeJoinDeadlineMs,
    snapshot: { ...life.snapshot, finalizerLost: false },
    obstacles: [],
  };
  if (life.stage.kind !== 'new' && life.stage.kind !== 'hostless') return next;
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

function adoptHolding(
  life: MachineLife,
  host: NonNullable<ReturnType<typeof hostOf>>,
  plan: WrittenPlan | null,
): MachineLife {
  if (plan === null) return { ...life, stage: { kind: 'claimed', host, attempt: 1 } };
  if (plan.type === 'reprovision') return { ...life, stage: { kind: 'reprovisioning', host, plan } };
  return { ...life, stage: { kind: 'cleaning', host, attempt: plan.attempt, plan, applied: null } };
}

function adoptProvisioned(
  life: MachineLife,
  host: NonNullable<ReturnType<typeof hostOf>>,
  plan: WrittenPlan | null,
): MachineLife {
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
        stage: { kind: 'reprovisioning', host: { ...stage.host, recorded: 'Reprovisioning' }, plan: outcome.plan },
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
    default:
      return assertNever(outcome);
  }
}

/** The host's answer, or the passing of the deadline. */
export function onPlanAnswered(life: MachineLife, answer: PlanAnswer | { kind: 'timedOut' }): MachineLife {
  const { stage } = life;
  if (answer.kind === 'lookAgain') return life;
  if (stage.kind === 'reprovisioning') {
    return { ...life, stage: { ...stage, plan: { ...stage.plan, progress: answer } } };
  }
  if (stage.kind === 'cleaning' && stage.plan !== null) {
    return { ...life, stage: { ...stage, plan: { ...stage.plan, progress: answer } } };
  }
  return life;
}

/** providerID is set and the host is recorded as in use. */
export function onCompleted(life: MachineLife): MachineLife {
  const { stage } = life;
  if (stage.kind !== 'reprovisioning') return life;
  const applied = { checksum: stage.plan.checksum, bootstrapHash: stage.plan.bootstrapHash };
  return {
    ...life,
    snapshot: settleSnapshot(life.snapshot),
    stage: { kind: 'running', host: { ...stage.host, recorded: 'Allocated' }, applied, nodeJoinTimedOut: false },
    obstacles: [],
  };
}

export function onNodeJoinDeadline(life: MachineLife): MachineLife {
  return life.stage.kind === 'running' ? { ...life, stage: { ...life.stage, nodeJoinTimedOut: true } } : life;
}

export function onMarkedUnavailable(life: MachineLife): MachineLife {
  const { stage } = life;
  if (stage.kind !== 'reprovisioning' && stage.kind !== 'cleaning') return life;
  return { ...life, stage: { ...stage, host: { ...stage.host, recorded: 'Unavailable' } } };
}

export function onCleanTried(life: MachineLife, attempt: number, outcome: CleanOutcome): MachineLife {
  const host = hostOf(life.stage);
  if (host === undefined || isForcing(life)) return life;
  const cleaning = { kind: 'cleaning', attempt, applied: appliedOf(life), host } as const;
  const unwritten = { type: 'clean', attempt, checksum: '', deadlineMs: 0, bootstrapHash: null } as const;
  // The step has seen the inventory: a snapshot that says otherwise is old.
  const found = { ...life, snapshot: { ...life.snapshot, hostMissing: false } };
  switch (outcome.kind) {
    case 'written':
      return { ...found, stage: { ...cleaning, host: { ...host, recorded: 'Preparing' }, plan: outcome.plan } };
    case 'inventoryMissing':
    case 'hostLost':
      // A host that an operator gave up leaves a machine that needs another one.
      return { ...life, stage: { kind: life.snapshot.deleting ? 'released' : 'unclaimed' }, obstacles: [] };
    case 'secretMissing':
    case 'taken':
      return { ...found, stage: { ...cleaning, plan: { ...unwritten, progress: { kind: outcome.kind } } } };
    default:
      return assertNever(outcome);
  }
}

/** `last`: the finalizer went with the host. */
export function onReleaseTried(life: MachineLife, outcome: ReleaseOutcome, last: boolean): MachineLife {
  const host = hostOf(life.stage);
  if (outcome.kind === 'released' || host === undefined) {
    return last ? onFinished(life) : { ...life, stage: { kind: 'unclaimed' }, obstacles: [] };
  }
  return isForcing(life) ? life : { ...life, stage: { kind: 'cleaning', host, attempt: 1, plan: null, applied: null } };
}

/** An operator lets the host go: a step that began before is not to overrule that. */
function isForcing({ stage }: MachineLife): boolean {
  return stage.kind === 'forcing';
}

/** A host that the run did not know of is looked at from the beginning. */
export function onFinishTried(life: MachineLife, outcome: FinishOutcome): MachineLife {
  return outcome?.kind === 'holdsHost' ? { ...life, stage: { kind: 'new' } } : onFinished(life);
}

function onFinished(life: MachineLife): MachineLife {
  return { ...life, stage: { kind: 'ended', outcome: 'released' } };
}

/** What the host applied last, as far as the run knows. */
export function appliedOf(life: MachineLife): AppliedPlan | null {
  const { stage } = life;
  if (stage.kind === 'running' || stage.kind === 'cleaning') return stage.applied;
  if (stage.kind === 'reprovisioning' && stage.plan.progress.kind === 'applied') {
    return { checksum: stage.plan.checksum, bootstrapHash: stage.plan.bootstrapHash };
  }
  return null;
}

function withObstacles(life: MachineLife, obstacles: Obstacle[], startRevision: number): MachineLife {
  return { ...life, obstacles, obstaclesRevision: startRevision };
}
