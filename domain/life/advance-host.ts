import { assertNever } from '../assert-never.ts';
import { type AppliedPlan, hostOf, type MachineLife, type PlanAnswer } from './machine-life.ts';
import { settleSnapshot } from '../inputs/machine-snapshot.ts';
import type { CleanOutcome, FinishOutcome, ReleaseOutcome } from './step-outcomes.ts';

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
    case 'paused':
      return { ...life, snapshot: { ...life.snapshot, paused: true } };
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
