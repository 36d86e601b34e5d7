import type { MachineView } from '../../inputs/machine-view.ts';
import { poolCounterNames, type PoolView } from '../../inputs/pool-view.ts';
import { memberProblem } from '../../pool/candidates.ts';
import { waitsForHost } from '../../pool/wakeups.ts';
import { explainHost } from '../explain/explain-host.ts';
import type { Fleet } from './fleet.ts';
import { tellSlots } from './slot-use.ts';
import { byHand, type Explanation, type Way } from '../explain/way.ts';

export const poolStates = ['Deleting', 'Empty', 'Exhausted', 'Faulty', 'Ready'] as const;
export type PoolState = (typeof poolStates)[number];

/** One host of a pool, in its order. */
export interface MemberLine {
  host: string;
  /** undefined: nobody has said, or it is not seen. */
  failureDomain: string | undefined;
  /** Which rule rules it out, as a sentence part; undefined: it can be claimed. */
  problem: string | undefined;
  way: Way | undefined;
}

/**
 * Every host of the pool with the rule that rules it out, by the function that a claim asks.
 * @param machine on whose behalf; undefined: nobody's
 */
export function listMembers(pool: PoolView, fleet: Fleet, machine?: MachineView): MemberLine[] {
  const lookup = fleet.lookup(pool, machine);
  const failureDomain = machine?.awaitedFailureDomain;
  const options = { poolName: pool.name, failureDomain, avoid: machine?.avoidedHosts ?? [], isReserved: () => false };
  return pool.members.map(({ name }) => {
    const facts = lookup(name);
    const problem = memberProblem(name, facts, options)?.message;
    const ways = problem === undefined ? [] : explainHost(fleet.factsOf({ namespace: pool.namespace, name })).ways;
    const domain = facts !== undefined && 'host' in facts ? facts.host.failureDomain : undefined;
    return { host: name, failureDomain: domain, problem, way: ways[0] };
  });
}

/** Whether a pool can serve, who waits for it, and what would give it hosts. */
export function explainPool(pool: PoolView, fleet: Fleet, machines: readonly MachineView[]): Explanation<PoolState> {
  const { name, namespace, members } = pool;
  const waiting = machines.filter(
    (machine) => machine.namespace === namespace && machine.pool === name && waitsForHost(machine),
  );
  const lines = listMembers(pool, fleet);
  const free = lines.filter(({ problem }) => problem === undefined).length;
  const faults = pool.conditions.find(({ type, status }) => type === 'MembersValid' && status === 'False');
  const counted = poolCounterNames.map((counter) => `${pool.counters[counter] ?? 0} ${counter}`).join(', ');
  const state = stateOf(pool, free, faults !== undefined);
  const waits = waiting.length === 1 ? '1 machine waits' : `${waiting.length} machines wait`;
  const add = byHand(`kubectl edit mip ${name}`, 'add hosts to spec.machineInventories');
  return {
    state,
    stuck: state === 'Empty' || (state === 'Exhausted' && waiting.length > 0) || state === 'Faulty',
    expected: `Its ${members.length} hosts are there, and one is free for the next machine`,
    observed: [
      `${free} free; ${waits}. Counted: ${counted}`,
      describeDomains(lines),
      tellSlots(pool) ?? '',
      faults?.message ?? '',
    ]
      .filter((text) => text !== '')
      .join('. '),
    next: waiting.length > 0 ? 'Waiting machines are served oldest first, as soon as a host is free' : 'Nothing waits',
    ways: [add],
  };
}

/** More would fill a screen. */
const MAX_DOMAINS = 12;

/** Where free hosts stand; '' where nobody has said of any. */
function describeDomains(lines: readonly MemberLine[]): string {
  const byDomain = Map.groupBy(lines, ({ failureDomain }) => failureDomain);
  const told = [...byDomain].flatMap(([domain, members]) => {
    const free = members.filter(({ problem }) => problem === undefined).length;
    return domain === undefined ? [] : [`${domain} ${free} of ${members.length}`];
  });
  if (told.length === 0) return '';
  const more = told.length > MAX_DOMAINS ? ` and ${told.length - MAX_DOMAINS} more` : '';
  return `Free by failure domain: ${told.toSorted().slice(0, MAX_DOMAINS).join(', ')}${more}`;
}

function stateOf({ deleting, members }: PoolView, free: number, faulty: boolean): PoolState {
  if (deleting) return 'Deleting';
  if (members.length === 0) return 'Empty';
  if (free === 0) return 'Exhausted';
  return faulty ? 'Faulty' : 'Ready';
}
