import type { MachineLife } from '../life/machine-life.ts';
import type { BeginOutcome } from '../life/step-outcomes.ts';
import type { JournalRecord } from './entry.ts';
import type { Journal } from './journal.ts';
import { quoteImage } from './quote.ts';
import { type Moment, noteTransition } from './transitions.ts';

/** The journal of a run that has noted nothing yet, as its first look finds it. */
export interface FirstLook {
  journal: Journal;
  moment: Moment;
}

/** A step is over ten minutes after it was asked for. */
const LONGEST_STEP_MS = 3_600_000;

/**
 * The look, as it was done at that time by the clock of who did it: it may have waited for a worker. A time that cannot be does
 * not count. Shared by the run and the activity, which so come to the same.
 */
export function lookAt({ journal, moment }: FirstLook, atMs: number | undefined): FirstLook {
  const spentMs = typeof atMs === 'number' ? atMs - moment.atMs : 0;
  const counts = spentMs > 0 && spentMs < LONGEST_STEP_MS;
  return { journal, moment: counts ? { ...moment, atMs: moment.atMs + spentMs } : moment };
}

/**
 * The look writes its entry only where it has made the machine rest. One whose answer is lost is tried again and may find
 * something else: it then replaces the entry, or the run does with its number 1.
 */
export const LOOK_NUMBER = 0;

/** undefined: something is noted already, or waits to be written. */
export function firstLookOf(journal: Journal, moment: Moment): FirstLook | undefined {
  return journal.place === null && journal.number === 0 ? { journal, moment } : undefined;
}

/**
 * The entry of a first look that leads to `after`, and the journal as that entry leaves it. Shared by the run and the
 * activity. undefined: it is more than one entry, which the run writes.
 */
export function noteFirstLook(
  { journal, moment }: FirstLook,
  after: MachineLife,
  outcome: LookTold,
  isFresh = isFreshClaim(outcome),
): { entry: JournalRecord; journal: Journal } | undefined {
  const noted = noteTransition(learnPast(journal, outcome, isFresh), { kind: 'begin', before: after, after }, moment);
  const [entry, another] = noted.pending;
  if (entry === undefined || another !== undefined) return undefined;
  return { entry: { ...entry, number: LOOK_NUMBER }, journal: { ...noted, number: LOOK_NUMBER, pending: [] } };
}

/** What a look tells of the time before the run, and of the plan that it wrote. */
export type LookTold = Exclude<BeginOutcome, { kind: 'gone' }>;

/** The look claimed the host, of which the unknown time before tells nothing. */
export function isFreshClaim(outcome: LookTold): boolean {
  return outcome.kind === 'claimTried' && outcome.claim.kind === 'claimed' && typeof outcome.describedAtMs === 'number';
}

/** @param isFresh see `isFreshClaim`; false for runs of before */
export function learnPast(journal: Journal, outcome: LookTold, isFresh: boolean): Journal {
  const { group, describedAtMs } = outcome;
  const image = outcome.kind === 'claimTried' ? outcome.planned?.image : undefined;
  return {
    ...journal,
    ...(typeof group === 'string' && { group }),
    ...(typeof image === 'string' && { image: quoteImage(image) }),
    ...(typeof describedAtMs === 'number' &&
      journal.place === null && {
        unknownSinceMs: describedAtMs,
        ...(isFresh && { foundHostless: true as const }),
      }),
  };
}
