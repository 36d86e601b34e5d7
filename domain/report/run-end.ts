import type { MachineLife } from '../life/machine-life.ts';
import type { PhaseStay } from '../life/phases.ts';
import type { Step } from '../life/step.ts';

type Outcome = Extract<Step, { kind: 'end' }>['outcome'];

/**
 * The result of a run as the Temporal UI shows it: how it ended, which hosts the machine had, how long it was in each phase,
 * and what failed. It begins with the outcome.
 */
export function tellEnd(outcome: Outcome, { phases = [] }: Pick<MachineLife, 'phases'>, nowMs: number): string {
  const first = phases[0];
  if (first === undefined) return outcome;
  const hosts = [...new Set(phases.flatMap(({ host }) => host ?? []))];
  const who = hosts.length === 0 ? 'no host' : `host ${hosts.join(', then ')}`;
  const stays = phases.map((stay, index) => ({ stay, ms: (phases[index + 1]?.sinceMs ?? nowMs) - stay.sinceMs }));
  return `${outcome}: ${who} in ${tellTime(nowMs - first.sinceMs)} (${joinStays(stays).map(tellStay).join(', ')})`;
}

interface Lasting {
  stay: PhaseStay;
  ms: number;
}

/** One phase with two hosts or reasons is one phase for the reader, unless something failed. */
function joinStays(stays: readonly Lasting[]): Lasting[] {
  const joined: Lasting[] = [];
  for (const { stay, ms } of stays) {
    const last = joined.at(-1);
    if (last?.stay.phase === stay.phase && last.stay.reason === stay.reason) last.ms += ms;
    else joined.push({ stay, ms });
  }
  return joined;
}

function tellStay({ stay: { phase, reason }, ms }: Lasting): string {
  return `${phase} ${tellTime(ms)}${reason === undefined ? '' : `: ${reason}`}`;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** The two largest units: `3 d 4 h`, `12 min 5 s`, `0 s`. */
function tellTime(ms: number): string {
  const at = units.findIndex(([, length]) => ms >= length);
  if (at === -1) return '0 s';
  let left = ms;
  const parts = units.slice(at, at + 2).flatMap(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count === 0 ? [] : [`${count} ${unit}`];
  });
  return parts.join(' ');
}
