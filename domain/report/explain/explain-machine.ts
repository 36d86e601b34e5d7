import { type Reason, reasons } from '../../../api/conditions.ts';
import type { MachinePhase } from '../../../api/constants.ts';
import type { BaremetalMachine } from '../../../api/machine.ts';
import type { Condition } from '../../../api/meta.ts';
import type { OwnerRun } from '../../hosts/host-user.ts';
import { type MachineView, viewMachine } from '../../inputs/machine-view.ts';
import { reasonWords } from './machine-words.ts';
import { phaseSince } from '../time-in-phase.ts';
import { byHand, type Explanation, type Way } from './way.ts';

/** Where a machine is: its phase; `New` before it has one. */
export type MachineState = MachinePhase | 'New';

export interface MachineExplanation extends Explanation<MachineState> {
  /** Of the condition that says most. */
  reason: string;
  /** Since when it is in its phase; RFC 3339. */
  since: string;
}

const expectations: Record<MachineState, string> = {
  New: 'A run looks at it',
  Pending: 'It claims a host of its pool',
  Allocated: 'Bootstrap data and image are there, and the plan is written',
  Reprovisioning: 'The host applies its reprovision plan',
  Running: 'The host has booted, and its Node has joined',
  Preparing: 'The host applies its clean plan and is given back',
  Failed: 'The step that failed is done',
};

/** Why a machine is where it is, and what ends that, by its status and by whether it has a run. */
export function explainMachine(machine: BaremetalMachine, run: OwnerRun): MachineExplanation {
  const view = viewMachine(machine);
  const state = view.phase ?? 'New';
  const culprit = findCulprit(machine);
  const reason = culprit?.reason ?? 'New';
  const words = reasonWords[knownReason(reason)];
  const paused = describePause(machine, view);
  return {
    state,
    reason,
    since: phaseSince(machine),
    stuck: paused !== undefined || words.stuck,
    expected: `${expectations[state]}${state === 'Pending' ? ` ${view.pool}` : ''}`,
    observed: [culprit?.message || describeCalm(view), ...(run === 'none' ? ['It has no run'] : [])].join('. '),
    next: paused ?? (run === 'none' ? 'The bridge starts a run of it within minutes' : words.next),
    ways: paused === undefined ? words.ways(view) : waysOutOfPause(machine),
  };
}

/** Ready, where it is not True; else what came later and is not well. */
function findCulprit({ status }: BaremetalMachine): Condition | undefined {
  const find = (type: string) => status?.conditions?.find((condition) => condition.type === type);
  const ready = find('Ready');
  if (ready?.status !== 'True') return ready;
  return [find('Booted'), find('NodeJoined')].find((condition) => condition?.status === 'False') ?? ready;
}

function knownReason(text: string): Reason {
  return Object.values(reasons).find((reason) => reason === text) ?? 'PlanPending';
}

function describeCalm({ inventory }: MachineView): string {
  return inventory === undefined ? 'It has no host yet' : `It has host ${inventory}`;
}

function describePause({ status }: BaremetalMachine, view: MachineView): string | undefined {
  if (view.deletedForMove) return 'clusterctl moves it elsewhere; its host is not touched';
  if (!view.reportsPaused && !view.pausedByAnnotation) return undefined;
  const told = status?.conditions?.find(({ type }) => type === 'Paused')?.message;
  return told || 'It is paused; nothing is written to its host';
}

function waysOutOfPause({ metadata: { name }, status }: BaremetalMachine): Way[] {
  const resume: Way = { kind: 'machineVerb', verb: 'resume', machine: name, leads: 'it goes on' };
  const unpause = byHand('set spec.paused of its Cluster to false, or take cluster.x-k8s.io/paused away', 'it goes on');
  return status?.pausedByOperator === true ? [resume] : [unpause];
}
