import type { PoolMember } from '../../api/pool.ts';
import type { HostView } from '../inputs/host-view.ts';
import type { Preference } from '../inputs/preference.ts';
import { Elders } from './elders.ts';
import { FreeHosts, type WaitingMachine } from './free-hosts.ts';
import { type HostContext, hostProblem, type HostProblemReason } from './host-eligibility.ts';
import { Ranking } from './ranking.ts';
import { Tally } from './tally.ts';

/** What is known of one member of a pool. */
export interface MemberFacts extends Omit<HostContext, 'poolName'> {
  host: HostView;
  /** Group of the machine that has it, or is about to have it, and stays; see `groupOf`. */
  userGroup?: string | undefined;
}
/** A member whose `MachineInventory` exists and does not have the shape that its API promises. */
export interface UnreadableMember {
  /** The fields, without their values. */
  unreadable: string;
}
/** undefined: the `MachineInventory` does not exist. */
export type MemberLookup = (inventoryName: string) => MemberFacts | UnreadableMember | undefined;

/** How many members cannot be claimed, by reason. */
export type ProblemCounts = Partial<
  Record<HostProblemReason | 'missing' | 'unreadable' | 'givenUp' | 'passedOver' | 'otherDomain', number>
>;

interface FoundHost {
  kind: 'host';
  host: HostView;
  /** What the node will be called. */
  hostname: string;
  /** Its place in the pool. */
  at: number;
}

export type HostChoice =
  | FoundHost
  | { kind: 'exhausted'; total: number; eligible: number; reasons: ProblemCounts; message: string };

export interface ChoiceOptions {
  poolName: string;
  /** Machines of the pool that wait for a host and are older, see `findOlderWaiting`. They are served first. */
  olderWaiting: readonly WaitingMachine[];
  /** Where the host has to stand. undefined: anywhere. */
  failureDomain?: string | undefined;
  /** Which of the hosts that it can have the machine would rather have. undefined: the first. */
  preference?: Preference | undefined;
  /** Names of the hosts that an operator gave up for this machine. */
  avoid: readonly string[];
  /** The host is being given to another machine right now: used, although it does not say so yet. */
  isReserved: (inventoryName: string) => boolean;
  /** A claim has found out that the host is not free after all. */
  isPassedOver?: (inventoryName: string) => boolean;
}

/**
 * The first eligible host in the order of `Ranking`, of the failure domain if one is asked for, if there are enough for the
 * older machines that wait, too. One that can use none of them does not hold the others up.
 */
export function chooseHost(members: readonly PoolMember[], lookup: MemberLookup, options: ChoiceOptions): HostChoice {
  const elders = new Elders(options.olderWaiting);
  const free = new FreeHosts();
  const usable = new Map<string | undefined, FoundHost>();
  const tally = new Tally(members.length);
  const ranking = new Ranking(options);
  let isDecided = false;
  for (const [at, { name, hostname = name }] of members.entries()) {
    const facts = lookup(name);
    const problem = memberProblem(name, facts, options);
    tally.note(facts, problem);
    if (facts === undefined || 'unreadable' in facts) continue;
    const { host } = facts;
    ranking.note(host, facts.userGroup);
    if (problem !== undefined && problem.reason !== 'otherDomain') continue;
    const { failureDomain } = host;
    free.add(host);
    if (problem === undefined) {
      const found = { kind: 'host', host, hostname, at } as const;
      const known = usable.get(failureDomain);
      if (known === undefined || ranking.goesBefore(found, known)) usable.set(failureDomain, found);
      isDecided ||= ranking.isFirst(found);
    }
    if (!isDecided) continue;
    const best = findBest(usable, ranking, elders, free);
    if (best !== undefined && ranking.isFirst(best)) return best;
  }
  const best = findBest(usable, ranking, elders, free);
  if (best !== undefined) return best;
  const { failureDomain } = options;
  const eligible = failureDomain === undefined ? free.count : free.countIn(failureDomain);
  const older = elders.countAt(free, failureDomain);
  const message = tally.describeExhaustion({ ...options, eligible, older });
  return { kind: 'exhausted', total: members.length, eligible, reasons: tally.reasons, message };
}

/** Of the hosts that are left over where they stand, if any is left over at all. */
function findBest(
  usable: ReadonlyMap<string | undefined, FoundHost>,
  ranking: Ranking,
  elders: Elders,
  free: FreeHosts,
): FoundHost | undefined {
  if (usable.size === 0 || !elders.leaveOne(free)) return undefined;
  let best: FoundHost | undefined;
  for (const [domain, found] of usable) {
    if ((best === undefined || ranking.goesBefore(found, best)) && elders.leaveOneIn(domain, free)) best = found;
  }
  return best;
}

/** Which rule rules a member out for one machine. */
export interface MemberProblem {
  reason: keyof ProblemCounts;
  /** A sentence part for people; follows the name of the host. */
  message: string;
}

/** Why a machine cannot have this member of its pool; undefined: it can. */
export function memberProblem(
  name: string,
  facts: ReturnType<MemberLookup>,
  { poolName, failureDomain, avoid, isReserved, isPassedOver }: Omit<ChoiceOptions, 'olderWaiting' | 'preference'>,
): MemberProblem | undefined {
  if (avoid.includes(name)) return { reason: 'givenUp', message: 'was given up for this machine' };
  if (facts === undefined) return { reason: 'missing', message: 'has no MachineInventory' };
  if ('unreadable' in facts) return { reason: 'unreadable', message: `cannot be read: ${facts.unreadable}` };
  if (isPassedOver?.(name) === true) return { reason: 'passedOver', message: 'is not free after all' };
  const problem = hostProblem(facts.host, { ...facts, poolName });
  if (problem !== undefined) return problem;
  if (isReserved(name)) return { reason: 'owned', message: 'is being given to another machine' };
  // Last: of such a host nothing else stands in the way.
  if (failureDomain === undefined || facts.host.failureDomain === failureDomain) return undefined;
  return { reason: 'otherDomain', message: `${describePlace(facts.host)}; one of ${failureDomain} is asked for` };
}

function describePlace({ failureDomain }: HostView): string {
  return failureDomain === undefined ? 'names no failure domain' : `stands in failure domain ${failureDomain}`;
}
