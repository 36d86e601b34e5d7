import { boundText } from '../inputs/bounded-text.ts';
import type { News } from './machine-news.ts';

/** What somebody paused in Temporal, as its UI and its CLI let everybody who may write there. */
export interface TemporalPause {
  /** The activity type of a paused step; undefined: the whole run. */
  step: string | undefined;
  /** Who, and why, in the words of whoever paused it; '' where nothing was said. */
  by: string;
  reason: string;
  /** Since when, in milliseconds since 1970; 0: unknown. */
  sinceMs: number;
}

export const PAUSED_IN_TEMPORAL = 'PausedInTemporal';
export const UNPAUSED_IN_TEMPORAL = 'UnpausedInTemporal';

/** The step that is a wait for the host's answer, and loses nothing but its deadline by a pause. */
const PLAN_WAIT = 'awaitPlanResult';
const MAX_WORDS = 120;

/** Whoever waits for the machine learns that it is not ours to go on. */
export function tellTemporalPauses(pauses: readonly TemporalPause[]): News {
  const message = pauses.map(describePause).join(' ');
  return { type: 'Warning', reason: PAUSED_IN_TEMPORAL, message };
}

/** What was paused goes on. */
export function tellTemporalPauseOver(): News {
  return {
    type: 'Normal',
    reason: UNPAUSED_IN_TEMPORAL,
    message: 'Nothing of the run of this machine is paused in Temporal any more',
  };
}

function describePause({ step, by, reason, sinceMs }: TemporalPause): string {
  const since = sinceMs === 0 ? '' : ` since ${new Date(sinceMs).toISOString()}`;
  const who = by === '' ? '' : ` by ${boundText(by, MAX_WORDS)}`;
  const why = reason === '' ? '' : ` ("${boundText(reason, MAX_WORDS)}")`;
  return `${describeWhat(step)} paused in Temporal${since}${who}${why}. ${describeConsequence(step)}`;
}

function describeWhat(step: string | undefined): string {
  if (step === undefined) return 'The run of this machine is';
  return step === PLAN_WAIT ? "The wait for the host's answer is" : `The step ${boundText(step, MAX_WORDS)} is`;
}

function describeConsequence(step: string | undefined): string {
  if (step === undefined) {
    return 'No step begins, no verb is heard, and a deletion waits, until it is unpaused there; what a host does goes on.';
  }
  if (step === PLAN_WAIT) return 'The answer still counts; its deadline does not until the step is unpaused there.';
  return 'The machine waits for it, also with a deletion, until the step is unpaused there.';
}
