import { appliedOf, onCompleted } from './advance-host.ts';
import { onBegun } from './advance-life.ts';
import { withoutHalt } from './halt.ts';
import { nextStep } from './lifecycle.ts';
import { type BoundHost, hostOf, type MachineLife } from './machine-life.ts';
import type { BeginOutcome } from './step-outcomes.ts';

/* The life as it will be once a step has done its write: for the status that goes with it. What stopped it before is over. */

const notWrittenYet = { checksum: '', deadlineMs: 0, bootstrapHash: null, progress: { kind: 'pending' } } as const;

export function whileReprovisioning(life: MachineLife, host: BoundHost, attempt: number): MachineLife {
  const plan = { type: 'reprovision', attempt, ...notWrittenYet } as const;
  const stage = { kind: 'reprovisioning', host: { ...host, recorded: 'Reprovisioning' }, plan } as const;
  return { ...withoutHalt(life), stage, obstacles: [] };
}

/** A life without a host stays as it is. */
export function whileCleaning(life: MachineLife, attempt: number): MachineLife {
  const held = hostOf(life.stage);
  if (held === undefined) return life;
  const host = { ...held, recorded: 'Preparing' } as const;
  const plan = { type: 'clean', attempt, ...notWrittenYet } as const;
  const stage = { kind: 'cleaning', attempt, applied: appliedOf(life), host, plan } as const;
  return { ...withoutHalt(life), snapshot: { ...life.snapshot, hostMissing: false }, stage };
}

export function onceCompleted(life: MachineLife): MachineLife {
  return withoutHalt(onCompleted(life));
}

/** The life after its first look, if nothing happens meanwhile. */
export function onceBegun(life: MachineLife, outcome: BeginOutcome): MachineLife {
  return onBegun(withoutHalt(life), outcome, life.revision);
}

/**
 * The host that the machine has just got is to have its plan next, as far as the run knows. That there is no bootstrap data
 * yet is what the run was told last: who looks may find some.
 */
export function isDueForPlan(life: MachineLife): boolean {
  const step = nextStep(life);
  return step.kind === 'provision' || (step.kind === 'wait' && step.reason === 'inputs');
}

/** Nothing is to be done then but to wait: the status is there to stay. */
export function comesToRest(life: MachineLife): boolean {
  const { kind } = nextStep(life);
  return kind === 'wait' || kind === 'awaitPlan';
}
