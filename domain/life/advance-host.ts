import { assertNever } from '../assert-never.ts';
import { expectBoot } from './boot.ts';
import {
  type AppliedPlan,
  type BoundHost,
  hostOf,
  type MachineLife,
  type PlanAnswer,
  type PlanProgress,
} from './machine-life.ts';
import { withRebootProgress } from './reboot.ts';
import { settleSnapshot } from '../inputs/machine-snapshot.ts';
import type {
  CleanOutcome,
  CompleteOutcome,
  FinishOutcome,
  ForceReleaseOutcome,
  MarkOutcome,
  ReleaseOutcome,
} from './step-outcomes.ts';

/** The host's answer, or the passing of the deadline. */
export function onPlanAnswered(life: MachineLife, answer: PlanAnswer | { kind: 'timedOut' }): MachineLife {
  const { stage } = life;
  if (answer.kind === 'lookAgain') return life;
  if (stage.kind === 'running') return withRebootProgress(life, answer);
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
    stage: {
      kind: 'running',
      host: { ...stage.host, recorded: 'Allocated' },
      applied,
      nodeJoinTimedOut: false,
      ...expectBoot(stage.plan),
    },
    obstacles: [],
  };
}

export function onNodeJoinDeadline(life: MachineLife): MachineLife {
  return life.stage.kind === 'running' ? { ...life, stage: { ...life.stage, nodeJoinTimedOut: true } } : life;
}

/** What the host was told to have done stands in its Secret, or not: then what stands there counts. */
export function onCompleteTried(life: MachineLife, outcome: CompleteOutcome): MachineLife {
  switch (outcome.kind) {
    case 'completed':
      return onCompleted(life);
    case 'hostLost':
      return onHostLost(life);
    case 'unproven':
      return withProgress(life, outcome.progress);
    default:
      return assertNever(outcome);
  }
}

/** The inventory is not recorded as ours any more: the machine needs a host. */
function onHostLost(life: MachineLife): MachineLife {
  return life.stage.kind === 'reprovisioning' ? { ...life, stage: { kind: 'unclaimed' }, obstacles: [] } : life;
}

function withProgress(life: MachineLife, progress: PlanProgress): MachineLife {
  const { stage } = life;
  if (stage.kind === 'reprovisioning') return { ...life, stage: { ...stage, plan: { ...stage.plan, progress } } };
  if (stage.kind !== 'cleaning' || stage.plan === null) return life;
  // A plan that was never written is written now that something can be.
  if (stage.plan.checksum === '') return { ...life, stage: { ...stage, plan: null } };
  return { ...life, stage: { ...stage, plan: { ...stage.plan, progress } } };
}

export function onMarkTried(life: MachineLife, outcome: MarkOutcome): MachineLife {
  if (outcome === undefined) return onMarkedUnavailable(life);
  switch (outcome.kind) {
    case 'marked':
      return onMarkedUnavailable(life);
    case 'hostLost':
      return life.stage.kind === 'reprovisioning' ? onHostLost(life) : onMarkedUnavailable(life);
    case 'unwritten':
      return onPlanUnwritten(life);
    case 'unproven':
      return withProgress(life, outcome.progress);
    default:
      return assertNever(outcome);
  }
}

/** The plan that the run believed in is to be written after all. */
function onPlanUnwritten(life: MachineLife): MachineLife {
  const { stage } = life;
  if (stage.kind === 'cleaning') return { ...life, stage: { ...stage, plan: null } };
  if (stage.kind !== 'reprovisioning') return life;
  const { host, plan } = stage;
  return { ...life, stage: { kind: 'claimed', host, attempt: plan.attempt } };
}

function onMarkedUnavailable(life: MachineLife): MachineLife {
  const { stage } = life;
  if (stage.kind !== 'reprovisioning' && stage.kind !== 'cleaning') return life;
  return { ...life, stage: { ...stage, host: { ...stage.host, recorded: 'Unavailable' } } };
}

/** `hostWentMissing`: what the step has seen of the host is older than the news that it is gone. */
export function onCleanTried(
  life: MachineLife,
  attempt: number,
  outcome: CleanOutcome,
  hostWentMissing = false,
): MachineLife {
  const host = hostOf(life.stage);
  if (host === undefined || isForcing(life)) return life;
  const cleaning = { kind: 'cleaning', attempt, applied: appliedOf(life), host } as const;
  const unwritten = { type: 'clean', attempt, checksum: '', deadlineMs: 0, bootstrapHash: null } as const;
  // The step has seen the inventory: a snapshot that says otherwise is old, unless it came while the step looked.
  const found = { ...life, snapshot: { ...life.snapshot, hostMissing: hostWentMissing } };
  switch (outcome.kind) {
    case 'unjustified':
    case 'paused':
    case 'moved':
      return onUnjustified(life, outcome.kind);
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
  switch (outcome.kind) {
    case 'released':
      return last ? onFinished(life) : { ...life, stage: { kind: 'unclaimed' }, obstacles: [] };
    case 'holdsHost':
      return withHeldHost(life, outcome.host);
    case 'needsClean':
      if (isForcing(life) || host === undefined) return life;
      return { ...life, stage: { kind: 'cleaning', host, attempt: 1, plan: null, applied: null } };
    case 'unproven':
      return withProgress(life, outcome.progress);
    case 'unjustified':
    case 'paused':
    case 'moved':
      return onUnjustified(life, outcome.kind);
    default:
      return assertNever(outcome);
  }
}

/** As `onReleaseTried`, of a host that an operator lets go. */
export function onForceReleaseTried(life: MachineLife, outcome: ForceReleaseOutcome, last: boolean): MachineLife {
  return onReleaseTried(life, outcome ?? { kind: 'released' }, last);
}

/** A host that the run did not know of: untouched as far as it knows, and looked at before it is given back. */
function withHeldHost(life: MachineLife, host: BoundHost): MachineLife {
  return { ...life, stage: { kind: 'claimed', host, attempt: 1 }, obstacles: [] };
}

/** The step read the object, and it speaks against what the run was told: what it read counts from here on. */
function onUnjustified(life: MachineLife, kind: 'unjustified' | 'paused' | 'moved'): MachineLife {
  const { snapshot, stage } = life;
  switch (kind) {
    case 'paused':
      return { ...life, snapshot: { ...snapshot, paused: true } };
    case 'moved':
      return { ...life, stage: { kind: 'ended', outcome: 'moved' } };
    case 'unjustified': {
      const corrected = { ...life, snapshot: { ...snapshot, deleting: false, gone: false } };
      const rested = stage.kind === 'running' || stage.kind === 'reprovisioning' || stage.kind === 'claimed';
      return rested ? corrected : { ...corrected, stage: { kind: 'new' } };
    }
    default:
      return assertNever(kind);
  }
}

/** An operator lets the host go: a step that began before is not to overrule that. */
function isForcing({ stage }: MachineLife): boolean {
  return stage.kind === 'forcing';
}

/** A host that the run did not know of is looked at from the beginning. */
export function onFinishTried(life: MachineLife, outcome: FinishOutcome): MachineLife {
  if (outcome === undefined) return onFinished(life);
  if (outcome.kind !== 'holdsHost') return onUnjustified(life, outcome.kind);
  return outcome.host === undefined ? { ...life, stage: { kind: 'new' } } : withHeldHost(life, outcome.host);
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
