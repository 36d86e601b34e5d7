import type { ObjectKey } from '../../../api/meta.ts';
import { findHostUser } from '../../hosts/host-user.ts';
import type { MachineView } from '../../inputs/machine-view.ts';
import type { PoolView } from '../../inputs/pool-view.ts';
import { classifyMember } from '../../pool/members.ts';
import { explainHost, type HostFacts, type HostState } from '../explain/explain-host.ts';
import type { MachineExplanation } from '../explain/explain-machine.ts';
import type { Fleet } from './fleet.ts';

/** In which order states are listed: what works first, then what is on its way, then what needs a person. */
export const cellStates = [
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
] as const;
/** Where a host is: `InUse` told apart by the phase of its machine, else as `ironloom get hosts` says. */
export type CellState = (typeof cellStates)[number];

/** What the explanation of a machine says in short. */
export type MachineTold = Pick<MachineExplanation, 'reason' | 'since' | 'stuck'>;

/** One host of the fleet map, which stands in the row of the pool that owns it. A text that nobody knows is ''. */
export interface FleetCell extends ObjectKey {
  /** Of the same namespace; '': no pool names it. */
  pool: string;
  /** In the order of the pool, from 0; -1: the pool does not name it (any more). */
  place: number;
  state: CellState;
  /** It goes on by nothing but what a person does. */
  stuck: boolean;
  /** `late`: over a deadline of the installation. `refused`: something that we write to it or its machine is refused. */
  alarm: '' | 'late' | 'refused';
  machine: string;
  cluster: string;
  /** Of the machine's condition that says most; without a machine the pool's word for what is wrong. */
  reason: string;
  /** Since when its machine is in its phase; RFC 3339. */
  since: string;
  failureDomain: string;
}

/** What a cell is made of, besides the fleet. */
export interface CellSources {
  fleet: Fleet;
  pool: (key: ObjectKey) => PoolView | undefined;
  /** See `FleetCell`. */
  placeOf: (host: ObjectKey, pool: string) => number;
  toldOf: (uid: string) => MachineTold | undefined;
}

/** The cell of a host; undefined: nobody knows of such a host. */
export function describeCell(key: ObjectKey, { fleet, pool, placeOf, toldOf }: CellSources): FleetCell | undefined {
  const facts = fleet.factsOf(key);
  if (facts.inventory.kind === 'missing' && facts.pool === undefined) return undefined;
  const { state, stuck } = explainHost(facts);
  const machine = state === 'InUse' ? userOf(facts) : undefined;
  const told = machine && toldOf(machine.uid);
  const host = facts.inventory.kind === 'found' ? facts.inventory.host : undefined;
  const poolView = facts.pool === undefined ? undefined : pool({ namespace: key.namespace, name: facts.pool });
  const fault = poolView && machine === undefined ? faultOf(key, poolView, fleet) : undefined;
  return {
    namespace: key.namespace,
    name: key.name,
    pool: facts.pool ?? '',
    place: facts.pool === undefined ? -1 : placeOf(key, facts.pool),
    state: cellStateOf(state, machine),
    stuck: stuck || told?.stuck === true,
    alarm: alarmOf(machine, told, fault),
    machine: machine?.name ?? host?.owner?.baremetalMachine ?? '',
    cluster: machine?.clusterName ?? (host?.owner?.cluster || poolView?.clusterName) ?? '',
    reason: told?.reason ?? fault ?? '',
    since: told?.since ?? '',
    failureDomain: host?.failureDomain ?? '',
  };
}

/** Whether two cells show the same. */
export function sameCell(a: FleetCell, b: FleetCell): boolean {
  return (
    a.pool === b.pool &&
    a.place === b.place &&
    a.state === b.state &&
    a.stuck === b.stuck &&
    a.alarm === b.alarm &&
    a.machine === b.machine &&
    a.cluster === b.cluster &&
    a.reason === b.reason &&
    a.since === b.since &&
    a.failureDomain === b.failureDomain
  );
}

function userOf(facts: HostFacts): MachineView | undefined {
  if (facts.inventory.kind !== 'found') return undefined;
  const user = findHostUser(facts.inventory.host, facts);
  return user.kind === 'machine' || user.kind === 'node' ? user.machine : undefined;
}

/** A machine that has a host and does not say so yet is at the beginning of its use. */
function cellStateOf(state: HostState, machine: MachineView | undefined): CellState {
  if (state !== 'InUse') return state;
  const phase = machine?.phase;
  return phase === undefined || phase === 'Pending' ? 'Allocated' : phase;
}

/** As the pool's status counts it. */
function faultOf(key: ObjectKey, pool: PoolView, fleet: Fleet): string | undefined {
  const facts = fleet.lookup(pool)(key.name);
  return classifyMember(facts && 'host' in facts ? { ...facts, settling: false } : facts, pool.name).fault;
}

function alarmOf(
  machine: MachineView | undefined,
  told: MachineTold | undefined,
  fault: string | undefined,
): FleetCell['alarm'] {
  if (machine?.overdue !== undefined) return 'late';
  return told?.reason === 'WriteRefused' || machine?.hostReason === 'WriteRefused' || fault === 'MemberRefused'
    ? 'refused'
    : '';
}
