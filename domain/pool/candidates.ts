import type { PoolMember } from '../../api/pool.ts';
import { type HostContext, hostProblem, hostProblemReasons, type HostProblemReason } from './host-eligibility.ts';
import type { HostView } from '../inputs/host-view.ts';
import type { MachineView } from '../inputs/machine-view.ts';
import { canUseOneOf } from './wakeups.ts';

/** What is known of one member of a pool. */
export interface MemberFacts extends Omit<HostContext, 'poolName'> {
  host: HostView;
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
  Record<HostProblemReason | 'missing' | 'unreadable' | 'givenUp' | 'passedOver', number>
>;

interface FoundHost {
  kind: 'host';
  host: HostView;
  /** What the node will be called. */
  hostname: string;
}

export type HostChoice =
  | FoundHost
  | { kind: 'exhausted'; total: number; eligible: number; reasons: ProblemCounts; message: string };

export interface ChoiceOptions {
  poolName: string;
  /** Machines of the pool that wait for a host and are older, see `findOlderWaiting`. They are served first. */
  olderWaiting: readonly Pick<MachineView, 'avoidedHosts'>[];
  /** Names of the hosts that an operator gave up for this machine. */
  avoid: readonly string[];
  /** The host is being given to another machine right now: used, although it does not say so yet. */
  isReserved: (inventoryName: string) => boolean;
  /** A claim has found out that the host is not free after all. */
  isPassedOver?: (inventoryName: string) => boolean;
}

/**
 * The first eligible host in declared order, if there are enough for the older machines that wait, too. One that can use
 * none of them does not hold the others up. Hosts whose last reprovision plan failed come after all others.
 */
export function chooseHost(members: readonly PoolMember[], lookup: MemberLookup, options: ChoiceOptions): HostChoice {
  const { poolName } = options;
  // Nearly all machines take any host: only the others are looked at for each host.
  const undemanding = options.olderWaiting.filter(({ avoidedHosts }) => avoidedHosts.length === 0).length;
  const picky = options.olderWaiting.filter(({ avoidedHosts }) => avoidedHosts.length > 0);
  const reasons: ProblemCounts = {};
  let best: FoundHost | undefined;
  const eligible: string[] = [];
  const countOlder = (): number => undemanding + picky.filter((older) => canUseOneOf(older, eligible)).length;
  for (const { name, hostname = name } of members) {
    const facts = lookup(name);
    const problem = memberProblem(name, facts, options);
    if (facts === undefined || 'unreadable' in facts || problem !== undefined) {
      const reason = problem?.reason ?? 'missing';
      reasons[reason] = (reasons[reason] ?? 0) + 1;
      continue;
    }
    eligible.push(name);
    if (best === undefined || (isLastResort(best) && !isLastResort(facts))) {
      best = { kind: 'host', host: facts.host, hostname };
    }
    if (!isLastResort(best) && eligible.length > countOlder()) return best;
  }
  if (best !== undefined && eligible.length > countOlder()) return best;
  const total = members.length;
  const message = describeExhaustion({ poolName, total, eligible: eligible.length, reasons, older: countOlder() });
  return { kind: 'exhausted', total, eligible: eligible.length, reasons, message };
}

function isLastResort({ host }: { host: HostView }): boolean {
  return host.failedReprovision !== undefined;
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
  { poolName, avoid, isReserved, isPassedOver }: Omit<ChoiceOptions, 'olderWaiting'>,
): MemberProblem | undefined {
  if (avoid.includes(name)) return { reason: 'givenUp', message: 'was given up for this machine' };
  if (facts === undefined) return { reason: 'missing', message: 'has no MachineInventory' };
  if ('unreadable' in facts) return { reason: 'unreadable', message: `cannot be read: ${facts.unreadable}` };
  if (isPassedOver?.(name) === true) return { reason: 'passedOver', message: 'is not free after all' };
  const problem = hostProblem(facts.host, { ...facts, poolName });
  if (problem !== undefined) return problem;
  return isReserved(name) ? { reason: 'owned', message: 'is being given to another machine' } : undefined;
}

const problemWords: Record<keyof ProblemCounts, string> = {
  missing: 'without a MachineInventory',
  unreadable: 'with a MachineInventory that cannot be read',
  givenUp: 'given up for this machine',
  passedOver: 'not free after all',
  deleting: 'being deleted',
  takenBySelector: 'owned by a MachineInventorySelector',
  quarantined: 'quarantined',
  owned: 'used by a machine',
  inUse: 'not released or unavailable',
  inAnotherPool: 'of another pool',
  namedByMachine: 'named by the providerID of a machine',
  planSecretMissing: 'without a plan Secret',
  foreignPlan: 'with a plan of somebody else',
  refusesWrites: 'that cannot be written to',
  storageBusy: 'with a storage operation in flight',
  storageUnprepared: 'with storage that is not prepared',
  notReady: 'not Ready',
};

interface Exhaustion {
  poolName: string;
  older: number;
  total: number;
  eligible: number;
  reasons: ProblemCounts;
}

function describeExhaustion({ poolName, total, eligible, reasons, older }: Exhaustion): string {
  const counts = (['missing', 'unreadable', 'givenUp', 'passedOver', ...hostProblemReasons] as const)
    .filter((reason) => reasons[reason] !== undefined)
    .map((reason) => `${reasons[reason]} ${problemWords[reason]}`);
  const hosts = total === 1 ? '1 host' : `${total} hosts`;
  const machines = older === 1 ? '1 older machine' : `${older} older machines`;
  const summary =
    eligible === 0
      ? `No host of pool ${poolName} is free (${hosts})`
      : `${eligible} of ${hosts} of pool ${poolName} free, kept for ${machines}`;
  return counts.length === 0 ? summary : `${summary}: ${counts.join(', ')}`;
}
