import type { MachineView } from '../inputs/machine-view.ts';
import type { PoolView } from '../inputs/pool-view.ts';
import { chooseHost, type HostChoice } from '../pool/candidates.ts';
import { compareAge } from '../pool/ownership.ts';
import { waitsForHost } from '../pool/wakeups.ts';
import type { Fleet } from './fleet.ts';

/** A machine that wants a host of the pool; undefined: one that does not exist yet. */
export type Claimant = MachineView | undefined;

/** What a claim would come to, if nothing else happened before it. */
export interface ForeseenClaim {
  claimant: Claimant;
  choice: HostChoice;
}

/**
 * Which host each would claim, by the function that claims, one after the other: first those that wait, oldest first,
 * then `coming` machines that do not exist yet and ask for that failure domain, or for none.
 */
export function foreseeClaims(
  pool: PoolView,
  fleet: Fleet,
  machines: readonly MachineView[],
  coming: number,
  failureDomain?: string,
): ForeseenClaim[] {
  const isOfPool = ({ namespace, pool: name }: MachineView): boolean =>
    namespace === pool.namespace && name === pool.name;
  const waiting = machines.filter((machine) => isOfPool(machine) && waitsForHost(machine)).toSorted(compareAge);
  const taken = new Set<string>();
  return [...waiting, ...Array<undefined>(coming).fill(undefined)].map((claimant) => {
    const choice = chooseHost(pool.members, fleet.lookup(pool, claimant), {
      poolName: pool.name,
      olderWaiting: [],
      failureDomain: claimant === undefined ? failureDomain : claimant.awaitedFailureDomain,
      avoid: claimant?.avoidedHosts ?? [],
      isReserved: (name) => taken.has(name),
    });
    if (choice.kind === 'host') taken.add(choice.host.name);
    return { claimant, choice };
  });
}
