import type { CellState } from '../../domain/report/fleet/fleet-cell.ts';

/** How a state is shown besides its colour. */
export interface Look {
  /** '': told by its shape alone. */
  letter: string;
  /** What a person calls it, after "is". */
  words: string;
}

export const looks: Readonly<Record<CellState, Look>> = {
  Free: { letter: '', words: 'free' },
  Running: { letter: '', words: 'running' },
  Allocated: { letter: 'A', words: 'claimed, its plan is being made ready' },
  Reprovisioning: { letter: 'R', words: 'being reprovisioned' },
  Preparing: { letter: 'P', words: 'being cleaned' },
  Releasing: { letter: 'L', words: 'being given back' },
  Failed: { letter: 'F', words: 'held by a machine that failed' },
  Quarantined: { letter: 'Q', words: 'kept out by an operator' },
  Unusable: { letter: 'U', words: 'not usable' },
  Stranded: { letter: 'S', words: 'recorded for a use that nobody ends' },
  Deleting: { letter: 'D', words: 'being deleted' },
  Missing: { letter: 'M', words: 'named by a pool, and not registered' },
  Unreadable: { letter: '?', words: 'not readable' },
  Spare: { letter: '', words: 'in no pool' },
};

/** In the order of the counters. */
export const shownStates: readonly CellState[] = [
  'Free',
  'Running',
  'Allocated',
  'Reprovisioning',
  'Preparing',
  'Releasing',
  'Failed',
  'Quarantined',
  'Unusable',
  'Stranded',
  'Deleting',
  'Missing',
  'Unreadable',
  'Spare',
];

export const alarmWords = { '': '', late: 'over its deadline', refused: 'a write is refused' } as const;
