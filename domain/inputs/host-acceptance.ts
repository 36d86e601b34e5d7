import { type AcceptanceResults, acceptanceResultsSchema } from '../../api/acceptance.ts';
import { type AcceptanceState, acceptanceStates, annotations } from '../../api/constants.ts';
import { bounded, MAX_TOKEN } from './bounded-text.ts';

/** What is recorded on an inventory of the checks of its pool. */
export interface HostAcceptance {
  state: AcceptanceState;
  /** Hash of the checks that this is about; undefined: they are to be done again. */
  checks: string | undefined;
  /** The failed reprovision plan that was known then. */
  after: string | undefined;
  /** Attempt id of the last plan that ran them. */
  attempt: string | undefined;
  /** RFC 3339. */
  since: string | undefined;
  /** Of the last time; undefined: none are there yet. */
  results: AcceptanceResults | undefined;
}

/** Sixteen checks, each with all that it may say. */
const MAX_RESULTS_CHARS = 12 * 1024;

/** undefined: nothing is recorded. */
export function readAcceptance(notes: Readonly<Record<string, string>>): HostAcceptance | undefined {
  const state = acceptanceStates.find((known) => known === notes[annotations.acceptance]);
  if (state === undefined) return undefined;
  return {
    state,
    checks: bounded(notes[annotations.acceptanceChecks], MAX_TOKEN),
    after: bounded(notes[annotations.acceptanceAfter], MAX_TOKEN),
    attempt: bounded(notes[annotations.acceptanceAttempt], MAX_TOKEN),
    since: bounded(notes[annotations.acceptanceSince], MAX_TOKEN),
    results: readResults(notes[annotations.acceptanceResults]),
  };
}

function readResults(text: string | undefined): AcceptanceResults | undefined {
  if (text === undefined || text.length > MAX_RESULTS_CHARS) return undefined;
  try {
    return acceptanceResultsSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
