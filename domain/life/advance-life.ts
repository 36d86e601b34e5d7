import { assertNever } from '../assert-never.ts';
import { expectBoot } from './boot.ts';
import {
  type BoundHost,
  type MachineLife,
  type Obstacle,
  type Stage,
  takerOf,
  type WrittenPlan,
} from './machine-life.ts';
import { type MachineSnapshot, sameSnapshot, settleSnapshot } from '../inputs/machine-snapshot.ts';
import {
  hostMissing,
  hostOfOther,
  hostUsedByOther,
  hostWanted,
  noFreeHost,
  planSecretMissing,
  poolMissing,
} from './obstacles.ts';
import { adoptReboot } from './reboot.ts';
import { withoutPlace } from './slot-wait.ts';
import type { BeginOutcome, ClaimOutcome, KeptWishes, PresenceOutcome, ProvisionOutcome } from './step-outcomes.ts';

/**
 * New inputs from the bridge. A deletion is never taken back, whatever an older snapshot says that comes late; only a step
 * that read the object itself says otherwise. Once gone, an object stays gone, and every word of a pause or a move counts.
 */
export function onObserved(life: MachineLife, snapshot: MachineSnapshot): MachineLife {
  const known = life.snapshot;
  const next = snapshot.gone
    ? {
        ...known,
        gone: true,
        deleting: known.deleting || snapshot.deleting,
        paused: known.paused || snapshot.paused,
        deletedForMove: known.deletedForMove || snapshot.deletedForMove,
      }
    : { ...snapshot, deleting: known.deleting || snapshot.deleting };
  if (sameSnapshot(next, life.snapshot)) return life;
  return { ...life, snapshot: next, revision: life.revision + 1 };
}

/** Something that a waiting step may need has changed. */
export function onWoken(life: MachineLife): MachineLife {
  return { ...withoutPlace(life), revision: life.revision + 1 };
}

/**
 * `startRevision` is the revision that the step began with: an event meanwhile makes the obstacle void.
 * `hostWentMissing`: what the step has seen of the host is older than the news that it is gone. `believesClaim`: see `onClaimed`.
 */
export function onBegun(
  life: MachineLife,
  outcome: BeginOutcome,
  startRevision: number,
  { hostWentMissing = false, believesClaim = true }: { hostWentMissing?: boolean; believesClaim?: boolean } = {},
): MachineLife {
  if (outcome.kind === 'gone') return onObserved(life, { ...life.snapshot, gone: true });
  const next = {
    ...(life.stage.kind === 'new' ? withKeptWishes(life, outcome.kept) : life),
    nodeJoinDeadlineMs: outcome.nodeJoinDeadlineMs,
    snapshot: { ...life.snapshot, finalizerLost: false },
    obstacles: [],
    lookedAt: startRevision,
  };
  const { stage } = life;
  if (stage.kind === 'running' && outcome.kind === 'provisioned') return withHostBack(next, stage, hostWentMissing);
  if (stage.kind === 'running' && outcome.kind === 'hostWanted') {
    return { ...next, stage: { ...stage, takenBy: outcome.by } };
  }
  if (holdsUnprovisioned(stage) && outcome.kind === 'fresh') return { ...next, stage: { kind: 'unclaimed' } };
  const mayLoseHost = stage.kind === 'running' && (life.snapshot.hostMissing || life.snapshot.hostTrouble === 'lost');
  if (stage.kind !== 'new' && stage.kind !== 'hostless' && !mayLoseHost) return next;
  switch (outcome.kind) {
    case 'fresh':
      return { ...next, stage: { kind: 'unclaimed' } };
    case 'claimTried': {
      const { claim, planned } = outcome;
      const claimed = onClaimed({ ...next, stage: { kind: 'unclaimed' } }, claim, startRevision, believesClaim);
      return planned === undefined ? claimed : onProvisionTried(claimed, planned, startRevision);
    }
    case 'holding':
      return adoptHolding(next, outcome.host, outcome.plan);
    case 'provisioned':
      return adoptProvisioned(next, outcome.host, outcome.plan);
    case 'hostMissing':
      return withoutHost(next, outcome.inventory, hostMissing(outcome.inventory), startRevision);
    case 'hostTaken':
      return withoutHost(next, outcome.inventory, hostUsedByOther(outcome.inventory, outcome.owner), startRevision);
    case 'hostWanted': {
      const taken = {
        ...next,
        stage: { kind: 'hostless', inventory: outcome.inventory, takenBy: outcome.by },
      } as const;
      return withObstacles(taken, [hostWanted(outcome.inventory, outcome.by)], startRevision);
    }
    default:
      return assertNever(outcome);
  }
}

/** The node has lost its host; who took it is remembered, for the host that comes back is blank then. */
function withoutHost(life: MachineLife, inventory: string, obstacle: Obstacle, startRevision: number): MachineLife {
  const takenBy = takerOf(life.stage);
  const stage = { kind: 'hostless', inventory, ...(takenBy !== undefined && { takenBy }) } as const;
  return withObstacles({ ...life, stage }, [obstacle], startRevision);
}

/** A host was claimed and has no node yet: whether it is still ours was looked at because the bridge doubts it. */
function holdsUnprovisioned(stage: Stage): boolean {
  return stage.kind === 'claimed' || stage.kind === 'reprovisioning';
}

/** The step has seen the inventory: a snapshot that says otherwise is old, unless it came while the step looked. */
function withHostBack(
  life: MachineLife,
  stage: Extract<Stage, { kind: 'running' }>,
  hostMissing: boolean,
): MachineLife {
  const { takenBy: _, ...running } = stage;
  return { ...life, stage: running, snapshot: { ...life.snapshot, hostMissing } };
}

/** A run that begins takes over what an earlier one was asked for, unless it was asked for the contrary itself. */
function withKeptWishes(life: MachineLife, kept: KeptWishes | undefined): MachineLife {
  if (kept === undefined) return life;
  const avoidedHosts = [...new Set([...kept.avoidedHosts, ...life.avoidedHosts])];
  const pausedByOperator = life.pausedByOperator || (kept.pausedByOperator && life.lastOperation?.verb !== 'resume');
  return { ...life, avoidedHosts, pausedByOperator };
}

function adoptHolding(life: MachineLife, host: BoundHost, plan: WrittenPlan | null): MachineLife {
  // A reboot is ordered of a provisioned machine only.
  if (plan === null || plan.type === 'reboot') return { ...life, stage: { kind: 'claimed', host, attempt: 1 } };
  if (plan.type === 'reprovision') return { ...life, stage: { kind: 'reprovisioning', host, plan } };
  return { ...life, stage: { kind: 'cleaning', host, attempt: plan.attempt, plan, applied: null } };
}

function adoptProvisioned(life: MachineLife, host: BoundHost, plan: WrittenPlan | null): MachineLife {
  const snapshot = settleSnapshot(life.snapshot);
  if (plan?.type === 'clean') {
    return { ...life, snapshot, stage: { kind: 'cleaning', host, attempt: plan.attempt, plan, applied: null } };
  }
  if (plan?.type === 'reboot') {
    const running = { kind: 'running', host, applied: null, nodeJoinTimedOut: false } as const;
    return { ...life, snapshot, lastReboot: { attempt: plan.attempt }, stage: adoptReboot(running, plan) };
  }
  const applied = plan && { checksum: plan.checksum, bootstrapHash: plan.bootstrapHash };
  const expected = plan === null ? {} : expectBoot(plan);
  return { ...life, snapshot, stage: { kind: 'running', host, applied, nodeJoinTimedOut: false, ...expected } };
}

/** The object itself was read: what it says counts from here on. */
export function onPresenceSeen(life: MachineLife, { kind }: PresenceOutcome): MachineLife {
  const { snapshot } = life;
  switch (kind) {
    case 'gone':
      return { ...life, goneSeen: true };
    case 'moved':
      return { ...life, goneSeen: true, snapshot: { ...snapshot, deletedForMove: true } };
    case 'live':
      return { ...life, snapshot: { ...snapshot, gone: false, deleting: false } };
    case 'deleting':
      return { ...life, snapshot: { ...snapshot, gone: false, deleting: true } };
    case 'paused':
      return { ...life, snapshot: { ...snapshot, gone: false, paused: true } };
    default:
      return assertNever(kind);
  }
}

/**
 * `believesClaim`: the step has written to the host's inventory, so what the run was told of a missing one is of the host
 * before. False: in a run that began before that was so.
 */
export function onClaimed(
  life: MachineLife,
  outcome: ClaimOutcome,
  startRevision: number,
  believesClaim = true,
): MachineLife {
  switch (outcome.kind) {
    case 'claimed': {
      const hostMissing = life.snapshot.hostMissing && !believesClaim;
      const snapshot = { ...life.snapshot, hostMissing };
      return { ...life, snapshot, stage: { kind: 'claimed', host: outcome.host, attempt: 1 }, obstacles: [] };
    }
    case 'provisioned':
      return { ...life, stage: { kind: 'new' }, obstacles: [] };
    case 'deleting':
    case 'paused':
      return withSnapshot(life, outcome.kind);
    case 'poolMissing':
      return withObstacles(life, [poolMissing(outcome.pool)], startRevision);
    case 'exhausted':
      return withObstacles(life, [noFreeHost(outcome)], startRevision);
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
    case 'hostOfOther':
      return {
        ...life,
        stage: { kind: 'leaving', host: stage.host },
        obstacles: [hostOfOther(stage.host.inventory, outcome.owner)],
      };
    case 'provisioned':
    case 'givenUp':
      return { ...life, stage: { kind: 'new' }, obstacles: [] };
    case 'deleting':
    case 'paused':
      return withSnapshot(life, outcome.kind);
    case 'gone':
      return onObserved(life, { ...life.snapshot, gone: true });
    default:
      return assertNever(outcome);
  }
}

/** The step has read the object, which the bridge will tell of, too. */
function withSnapshot(life: MachineLife, flag: 'deleting' | 'paused'): MachineLife {
  return { ...life, snapshot: { ...life.snapshot, [flag]: true } };
}

function withObstacles(life: MachineLife, obstacles: Obstacle[], startRevision: number): MachineLife {
  return { ...life, obstacles, obstaclesRevision: startRevision };
}
