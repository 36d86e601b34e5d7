import type { MachinePhase } from '../../api/constants.ts';

/** A time that a machine spent in one phase. */
export interface PhaseStay {
  phase: MachinePhase;
  /** Milliseconds since 1970, by the clock of the run. */
  sinceMs: number;
  /** Why, where the phase is Failed. */
  reason?: string;
  /** The host that the machine had. */
  host?: string;
}

/** A machine that goes to and fro is told by its beginning and its end. */
const MAX_STAYS = 40;

/** The phases of a machine so far, with the one in which it is now; the same list if nothing has changed. */
export function noteStay(stays: readonly PhaseStay[], now: PhaseStay): readonly PhaseStay[] {
  const last = stays.at(-1);
  if (last?.phase === now.phase && last.reason === now.reason && last.host === now.host) return stays;
  const noted = [...stays, now];
  return noted.length <= MAX_STAYS ? noted : [...noted.slice(0, MAX_STAYS / 2), ...noted.slice(1 - MAX_STAYS / 2)];
}
