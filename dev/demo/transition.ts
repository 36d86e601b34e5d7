import type { MachinePhase } from '../../api/constants.ts';
import type { HostRow, MachineRow } from './demo-view.ts';

/** Something that is told once: a machine entered a phase or went, or a host is free again. */
export type Transition =
  | { kind: 'machine'; machine: MachineRow; from: MachinePhase | undefined; to: MachinePhase | undefined | 'gone' }
  | { kind: 'host'; host: HostRow; from: string };

/** A transition in one line. */
export function describeTransition(transition: Transition): string {
  switch (transition.kind) {
    case 'host':
      return `host ${transition.host.name}: ${transition.from} → Available`;
    case 'machine': {
      const { machine, from, to } = transition;
      const host = machine.host === undefined ? '' : `  on ${machine.host}`;
      const wait = to === 'gone' || machine.waitsFor === '' ? '' : `  (${machine.waitsFor})`;
      const change = to === undefined ? 'created' : `${from ?? '-'} → ${to}`;
      return `machine ${machine.name}: ${change}${host}${wait}`;
    }
  }
}
