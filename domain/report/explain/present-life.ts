import type { BaremetalMachine } from '../../../api/machine.ts';
import { machinePhases, type MachinePhase } from '../../../api/constants.ts';
import { phaseSince } from '../time-in-phase.ts';

/** A phase of the life that a machine leads, from its beginning to the next one's. */
export interface LifeSpan {
  phase: MachinePhase | 'New';
  /** RFC 3339. */
  from: string;
  /** undefined: it lasts. */
  to: string | undefined;
}

/**
 * The phases of a machine up to now, by the conditions that turn where a phase begins. A status remembers the last time
 * only: a phase that came twice shows its last beginning, and one that no condition tells any more is not shown.
 */
export function tellPresentLife(machine: BaremetalMachine): LifeSpan[] {
  const { metadata, status } = machine;
  const phase: LifeSpan['phase'] = status?.phase ?? 'New';
  const turnedTrue = (type: string): string | undefined =>
    status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')?.lastTransitionTime;
  const turns: readonly (readonly [MachinePhase, string | undefined])[] = [
    ['Pending', metadata.creationTimestamp],
    ['Allocated', turnedTrue('InventoryAllocated')],
    ['Reprovisioning', turnedTrue('BootstrapReady')],
    ['Running', status?.initialization?.provisioned === true ? turnedTrue('PlanApplied') : undefined],
  ];
  const current = { phase, from: phaseSince(machine) };
  const earlier = turns.flatMap(([name, from]) =>
    name === phase || from === undefined || Date.parse(from) > Date.parse(current.from) ? [] : [{ phase: name, from }],
  );
  const before = earlier.filter(({ phase: name }) => phase === 'New' || isBefore(name, phase));
  const begun: Omit<LifeSpan, 'to'>[] = [...before, current];
  const all = begun.toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from));
  return all.map((span, index) => ({ ...span, to: all[index + 1]?.from }));
}

/** A machine that failed may have done so anywhere. */
function isBefore(name: MachinePhase, phase: MachinePhase): boolean {
  return phase === 'Failed' || machinePhases.indexOf(name) < machinePhases.indexOf(phase);
}
