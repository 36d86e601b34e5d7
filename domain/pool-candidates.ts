import type { PoolMember } from '../api/pool.ts';
import { type HostContext, hostProblem, hostProblemReasons, type HostProblemReason } from './host-eligibility.ts';
import type { HostView } from './host-view.ts';

/** What is known of one member of a pool; undefined where the `MachineInventory` does not exist. */
export interface MemberFacts extends Omit<HostContext, 'poolName'> {
  host: HostView;
}
export type MemberLookup = (inventoryName: string) => MemberFacts | undefined;

/** How many members cannot be claimed, by reason. */
export type ProblemCounts = Partial<Record<HostProblemReason | 'missing', number>>;

export type HostChoice =
  /** `hostname`: what the node will be called. */
  | { kind: 'host'; host: HostView; hostname: string }
  | { kind: 'exhausted'; total: number; eligible: number; reasons: ProblemCounts; message: string };

export interface ChoiceOptions {
  poolName: string;
  /** Machines of the pool that wait for a host and are older, see `countOlderWaiting`. They are served first. */
  olderWaiting: number;
}

/** The first eligible host in declared order, if there are enough for the older machines that wait, too. */
export function chooseHost(members: readonly PoolMember[], lookup: MemberLookup, options: ChoiceOptions): HostChoice {
  const { poolName, olderWaiting } = options;
  const reasons: ProblemCounts = {};
  let first: { host: HostView; hostname: string } | undefined;
  let eligible = 0;
  for (const { name, hostname = name } of members) {
    const facts = lookup(name);
    const problem = facts === undefined ? 'missing' : hostProblem(facts.host, { ...facts, poolName })?.reason;
    if (problem !== undefined) {
      reasons[problem] = (reasons[problem] ?? 0) + 1;
      continue;
    }
    eligible += 1;
    if (facts !== undefined) first ??= { host: facts.host, hostname };
    if (first !== undefined && eligible > olderWaiting) return { kind: 'host', ...first };
  }
  const total = members.length;
  const message = describeExhaustion({ poolName, total, eligible, reasons, olderWaiting });
  return { kind: 'exhausted', total, eligible, reasons, message };
}

const problemWords: Record<keyof ProblemCounts, string> = {
  missing: 'without a MachineInventory',
  deleting: 'being deleted',
  takenBySelector: 'owned by a MachineInventorySelector',
  quarantined: 'quarantined',
  owned: 'used by a machine',
  inUse: 'not released or unavailable',
  inAnotherPool: 'of another pool',
  namedByMachine: 'named by the providerID of a machine',
  planSecretMissing: 'without a plan Secret',
  storageUnprepared: 'with storage that is not prepared',
  notReady: 'not Ready',
};

interface Exhaustion extends ChoiceOptions {
  total: number;
  eligible: number;
  reasons: ProblemCounts;
}

function describeExhaustion({ poolName, total, eligible, reasons, olderWaiting }: Exhaustion): string {
  const counts = (['missing', ...hostProblemReasons] as const)
    .filter((reason) => reasons[reason] !== undefined)
    .map((reason) => `${reasons[reason]} ${problemWords[reason]}`);
  const hosts = total === 1 ? '1 host' : `${total} hosts`;
  const machines = olderWaiting === 1 ? '1 older machine' : `${olderWaiting} older machines`;
  const summary =
    eligible === 0
      ? `No host of pool ${poolName} is free (${hosts})`
      : `${eligible} of ${hosts} of pool ${poolName} free, kept for ${machines}`;
  return counts.length === 0 ? summary : `${summary}: ${counts.join(', ')}`;
}
