import type { MachineLife, Stage } from './machine-life.ts';
import type { Step } from './step.ts';

/** What is left to do for a machine whose object is gone. null: the machine was being deleted, and its host is cleaned all the same. */
export function nextStepOfGone({ snapshot, stage }: MachineLife): Step | null {
  if (snapshot.deletedForMove || snapshot.paused) return { kind: 'end', outcome: 'moved' };
  // Nothing was written to the host: giving it back harms nobody, wherever the machine went.
  if (!snapshot.deleting && isUntouched(stage)) return { kind: 'release', untouched: true, last: true };
  return !snapshot.deleting || isLost(stage) ? { kind: 'end', outcome: 'orphaned' } : null;
}

/** A host is held, and no plan was written to it. */
function isUntouched(stage: Stage): boolean {
  return stage.kind === 'leaving' || (stage.kind === 'claimed' && stage.attempt === 1);
}

/**
 * With the object went all that could still be done: nothing is known of a host, or its plan Secret is gone or somebody
 * else's and there is no machine left whom an operator could help.
 */
function isLost(stage: Stage): boolean {
  if (stage.kind !== 'cleaning') return stage.kind === 'new';
  return stage.plan?.progress.kind === 'taken' || stage.plan?.progress.kind === 'secretMissing';
}
