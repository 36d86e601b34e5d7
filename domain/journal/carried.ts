import type { MachineRef } from '../inputs/machine-snapshot.ts';
import type { MachineLife } from '../life/machine-life.ts';
import type { Step } from '../life/step.ts';
import { hasLeft, type JournalRecord } from './entry.ts';
import { append, confirm, type Journal } from './journal.ts';
import { quoteImage } from './quote.ts';
import { aimOf, type Moment, toRecord } from './transitions.ts';

/** Entries that a step's activity writes beside its own work. */
export interface CarriedJournal {
  pending: readonly JournalRecord[];
  /** What is an entry once the step has done its work. */
  own?: JournalRecord;
}

/** The input of a step that came with entries. */
export interface Carrying {
  machine: MachineRef;
  journal: CarriedJournal;
}

export function isCarrying(input: unknown): input is Carrying {
  return typeof input === 'object' && input !== null && 'machine' in input && 'journal' in input;
}

/** The outcome of an activity that was given entries to write. */
export interface Journaled<Outcome> {
  outcome: Outcome;
  /** Number of the last entry of those given that is written; null: none is. */
  journaled: number | null;
}

/** More than these wait for another step, or for a rest: an outage must not make every step's input long. */
const MAX_CARRIED = 20;

/** The entries that go with a step, and the journal in which the number of the step's own is taken. */
export function loadJournal(
  journal: Journal,
  life: MachineLife,
  step: Step | null,
  moment: Moment,
): { journal: Journal; carried: CarriedJournal | undefined } {
  const pending = journal.pending.slice(0, MAX_CARRIED);
  const { place } = journal;
  const aim = step === null || place === null || hasLeft(place.phase) ? undefined : aimOf(step, place);
  if (step === null || place === null || aim === undefined || pending.length === MAX_CARRIED) {
    return { journal, carried: pending.length === 0 ? undefined : { pending } };
  }
  const image = step.kind === 'provision' ? imageIn(life) : journal.image;
  const { phase, attempt } = aim;
  const leaves = step.kind === 'release' || step.kind === 'forceRelease' || step.kind === 'finish';
  const to = { phase, host: leaves ? null : place.host, reason: null };
  const how = { step: step.kind, cause: 'Step', actor: null, attempt } as const;
  const own = toRecord({ ...journal, image }, life, moment, to, how);
  return { journal: { ...journal, number: own.number }, carried: { pending, own } };
}

/** Takes back what a step was given: what it says is written, and the step's own entry if the step did its work. */
export function unloadJournal(
  journal: Journal,
  { own }: CarriedJournal,
  outcome: unknown,
  journaled: number | null,
): Journal {
  const noted = own !== undefined && tookEffect(own.step, outcome) ? arrive(journal, own) : journal;
  return journaled === null ? noted : confirm(noted, journaled);
}

function arrive(journal: Journal, own: JournalRecord): Journal {
  const { to, reason, at, image } = own;
  const host = to === 'Reprovisioning' || to === 'Running' || to === 'Preparing' ? own.host : null;
  return { ...append(journal, own), place: { phase: to, host, reason }, sinceMs: at, image };
}

/** Whether a step's outcome says that its work is done. Shared by the run and the activity, which write by it. */
export function tookEffect(step: JournalRecord['step'], outcome: unknown): boolean {
  const kind = kindOf(outcome);
  switch (step) {
    case 'provision':
    case 'clean':
      return kind === 'written';
    case 'complete':
      return kind === 'completed';
    case 'release':
      return kind === 'released';
    case 'forceRelease':
    case 'finish':
      return outcome === undefined || outcome === null;
    default:
      return false;
  }
}

function kindOf(outcome: unknown): unknown {
  return typeof outcome === 'object' && outcome !== null && 'kind' in outcome ? outcome.kind : undefined;
}

/** Image of the plan that is about to be written, as the bridge sees it. */
function imageIn({ snapshot }: MachineLife): string | null {
  return snapshot.provisioning === null ? null : quoteImage(snapshot.provisioning.image);
}
