import type { MachineView } from '../../inputs/machine-view.ts';
import type { Preference } from '../../inputs/preference.ts';
import type { PoolView } from '../../inputs/pool-view.ts';
import { chooseHost, type HostChoice, type MemberLookup } from '../../pool/candidates.ts';
import { compareAge } from '../../pool/ownership.ts';
import { waitsForHost } from '../../pool/wakeups.ts';
import type { Fleet } from './fleet.ts';

/** A machine that wants a host of the pool; undefined: one that does not exist yet. */
export type Claimant = MachineView | undefined;

/** What a claim would come to, if nothing else happened before it. */
export interface ForeseenClaim {
  claimant: Claimant;
  choice: HostChoice;
}

/** What a machine that does not exist yet asks for. */
export interface ComingMachine {
  failureDomain?: string | undefined;
  preference?: Preference;
}

/**
 * Which host each would claim, by the function that claims, one after the other: first those that wait, oldest first,
 * then `coming` machines that do not exist yet and are all alike.
 */
export function foreseeClaims(
  pool: PoolView,
  fleet: Fleet,
  machines: readonly MachineView[],
  coming: number,
  asking: ComingMachine = {},
): ForeseenClaim[] {
  const isOfPool = ({ namespace, pool: name }: MachineView): boolean =>
    namespace === pool.namespace && name === pool.name;
  const waiting = machines.filter((machine) => isOfPool(machine) && waitsForHost(machine)).toSorted(compareAge);
  /** By name of each host, the group of the machine that it is foreseen for. */
  const taken = new Map<string, string | undefined>();
  return [...waiting, ...Array<undefined>(coming).fill(undefined)].map((claimant) => {
    const preference = claimant === undefined ? asking.preference : claimant.preference;
    const choice = chooseHost(pool.members, withUsers(fleet.lookup(pool, claimant), taken), {
      poolName: pool.name,
      olderWaiting: [],
      failureDomain: claimant === undefined ? asking.failureDomain : claimant.awaitedFailureDomain,
      preference,
      avoid: claimant?.avoidedHosts ?? [],
      isReserved: (name) => taken.has(name),
    });
    if (choice.kind === 'host') taken.set(choice.host.name, preference?.group);
    return { claimant, choice };
  });
}

function withUsers(lookup: MemberLookup, taken: ReadonlyMap<string, string | undefined>): MemberLookup {
  return (name) => {
    const facts = lookup(name);
    if (facts === undefined || 'unreadable' in facts || !taken.has(name)) return facts;
    return { ...facts, userGroup: taken.get(name) };
  };
}
