import { poolReasons } from '../../api/conditions.ts';
import type { PoolMember } from '../../api/pool.ts';
import type { WantedCondition } from '../conditions.ts';
import type { UnreadableMember } from './candidates.ts';
import type { FreeHost } from './free-hosts.ts';
import { classifyMember, type MemberFault, type ObservedMemberFacts } from './members.ts';
import type { PoolCounters } from '../inputs/pool-view.ts';

export interface PoolStatus {
  counters: PoolCounters;
  conditions: WantedCondition[];
  /** The members that can be claimed now, in declared order. */
  eligible: FreeHost[];
}

/** More names would make the message unreadable; the counters tell how many there are. */
const MAX_NAMES_PER_FAULT = 10;

/**
 * The status of a pool. `namesakes` are the members that share their host name, see `findNamesakes`.
 * The counters other than `total` always add up to `total`, the number of members.
 */
export function computePoolStatus(
  pool: { name: string; generation: number; members: readonly PoolMember[] },
  lookup: (inventoryName: string) => ObservedMemberFacts | UnreadableMember | undefined,
  namesakes: ReadonlyMap<string, string> = new Map(),
): PoolStatus {
  const counters: PoolCounters = {
    total: pool.members.length,
    available: 0,
    allocated: 0,
    preparing: 0,
    reprovisioning: 0,
    unavailable: 0,
  };
  const eligible: FreeHost[] = [];
  const faults = new Map<MemberFault, string[]>();
  for (const { name } of pool.members) {
    const facts = lookup(name);
    const { bucket, fault, detail } = classifyMember(facts, pool.name);
    counters[bucket] += 1;
    if (bucket === 'available' && facts !== undefined && 'host' in facts) eligible.push(facts.host);
    if (fault !== undefined) note(faults, fault, name, detail);
    const namesake = namesakes.get(name);
    if (namesake !== undefined) note(faults, 'DuplicateHostname', name, namesake);
  }
  return { counters, conditions: poolConditions(faults, pool.generation), eligible };
}

function note(faults: Map<MemberFault, string[]>, fault: MemberFault, name: string, detail: string | undefined): void {
  const names = faults.get(fault) ?? [];
  names.push(detail === undefined ? name : `${name} (${detail})`);
  faults.set(fault, names);
}

/** Worst first: the first fault found gives the reason. Each says what an operator can do. */
const faultTexts: readonly { fault: MemberFault; text: string; advice: string }[] = [
  {
    fault: 'MemberMissing',
    text: 'Without a MachineInventory',
    advice: 'register the host or take it out of the pool',
  },
  {
    fault: 'MemberUnreadable',
    text: 'Unreadable',
    advice: 'mend the named field of the MachineInventory; nothing is done with the host until then',
  },
  {
    fault: 'MemberInAnotherPool',
    text: 'Owned by another pool',
    advice: 'take the host out of one of the pools',
  },
  {
    fault: 'DuplicateHostname',
    text: 'With the host name of another host',
    advice: 'give one of them a hostname of its own, or two machines make one node',
  },
  {
    fault: 'PlanSecretMissing',
    text: 'Without a plan Secret',
    advice: 'elemental-operator does not make a lost one again: delete the MachineInventory and register the host anew',
  },
  {
    fault: 'MemberRefused',
    text: 'Cannot be written to',
    advice: 'mend what the words in brackets name; the others are served meanwhile',
  },
  {
    fault: 'MemberSuspect',
    text: 'Suspected to be broken',
    advice: 'look at the host; unquarantine frees it, once it has applied its clean plan',
  },
  {
    fault: 'MemberNotAccepted',
    text: 'Not accepted',
    advice:
      '`ironloom explain host` tells what the checks found; mend the host, then `ironloom validate` runs them again',
  },
  {
    fault: 'MemberNotReady',
    text: 'Not Ready',
    advice: 'look at the conditions of the MachineInventory and at the agent on the host',
  },
];

function poolConditions(faults: ReadonlyMap<MemberFault, readonly string[]>, generation: number): WantedCondition[] {
  const found = faultTexts.flatMap(({ fault, text, advice }) => {
    const names = faults.get(fault);
    return names === undefined ? [] : [{ fault, message: `${text}: ${listNames(names)} (${advice})` }];
  });
  const worst = found[0]?.fault;
  const status = worst === undefined ? 'True' : 'False';
  const message = found.map((entry) => entry.message).join('. ');
  const common = { status, message, observedGeneration: generation } as const;
  return [
    { ...common, type: 'Ready', reason: worst === undefined ? 'Ready' : poolReasons[worst] },
    { ...common, type: 'MembersValid', reason: poolReasons[worst ?? 'MembersValid'] },
  ];
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES_PER_FAULT).join(', ');
  const hidden = names.length - MAX_NAMES_PER_FAULT;
  return hidden > 0 ? `${shown} and ${hidden} more` : shown;
}
