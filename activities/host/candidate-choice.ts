import type { BaremetalMachine } from '../../api/machine.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import { groupOf, preferenceOf } from '../../domain/inputs/preference.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { chooseHost, type HostChoice, type MemberLookup } from '../../domain/pool/candidates.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { findOwningPool } from '../../domain/pool/ownership.ts';
import { findOlderWaiting } from '../../domain/pool/wakeups.ts';
import type { Reservation, WorkerCaches } from '../step/dependencies.ts';

/** Read sides of the worker's caches, indexed by `claimIndexes`. */
export interface ChoiceSources {
  caches: {
    hosts: Pick<WorkerCaches['hosts'], 'get' | 'problemOf' | 'byIndex'>;
    machines: Pick<WorkerCaches['machines'], 'get' | 'byIndex'>;
    pools: Pick<WorkerCaches['pools'], 'list'>;
    planSecrets: WorkerCaches['planSecrets'];
  };
}

/** What a claim knows besides the caches. */
export interface ClaimCircumstances {
  reservations: ReadonlyMap<string, Reservation>;
  /** The host that an earlier attempt meant to claim. */
  intended: string | undefined;
  /** Where the host has to stand. undefined: anywhere. */
  failureDomain: string | undefined;
  /** Hosts that an operator gave up for this machine. */
  avoid: readonly string[];
  /** Hosts that turned out not to be free, with the reason. */
  passedOver: ReadonlyMap<string, string>;
}

/**
 * Chooses a host of the pool for the machine by what the caches say. One that another machine names is about to be claimed,
 * perhaps by another worker: it is chosen only where there is no other.
 */
export function chooseCandidate(
  deps: ChoiceSources,
  machine: BaremetalMachine,
  pool: PoolView,
  { reservations, intended, failureDomain, avoid, passedOver }: ClaimCircumstances,
): HostChoice {
  const { namespace, name, uid, creationTimestamp } = machine.metadata;
  const lookup = (inventory: string) => lookUpMember(deps, pool, inventory, uid, reservations);
  const isReserved = (inventory: string) => (reservations.get(`${namespace}/${inventory}`)?.uid ?? uid) !== uid;
  const isPassedOver = (inventory: string) => passedOver.has(inventory);
  const preference = preferenceOf(machine.spec, groupOf(machine.metadata));
  const wanted = { poolName: pool.name, failureDomain, preference, avoid, isReserved, isPassedOver };
  if (intended !== undefined) {
    // An attempt that froze before its swap may still swap this very host: taking it, or failing to, ends that.
    const member = pool.members.filter((candidate) => candidate.name === intended);
    const again = chooseHost(member, lookup, { ...wanted, olderWaiting: [] });
    if (again.kind === 'host') return again;
  }
  const others = deps.caches.machines.byIndex('pool', `${namespace}/${pool.name}`);
  const reserving = new Set([...reservations.values()].map((reservation) => reservation.uid));
  const hasHost = (other: string): boolean =>
    reserving.has(other) || deps.caches.hosts.byIndex('ownerUid', other).length > 0;
  const olderWaiting = findOlderWaiting({ uid, name, creationTimestamp }, others, hasHost);
  let areSomeWanted = false;
  const isTakenSoon = (inventory: string): boolean => {
    if (isReserved(inventory)) return true;
    const wanting = deps.caches.machines.byIndex('wantedHost', keyText({ namespace, name: inventory }));
    const isWanted = wanting.some((other) => other.uid !== uid);
    areSomeWanted ||= isWanted;
    return isWanted;
  };
  const choice = chooseHost(pool.members, lookup, { ...wanted, olderWaiting, isReserved: isTakenSoon });
  if (choice.kind === 'host' || !areSomeWanted) return choice;
  return chooseHost(pool.members, lookup, { ...wanted, olderWaiting });
}

function lookUpMember(
  deps: ChoiceSources,
  pool: PoolView,
  name: string,
  uid: string,
  reservations: ReadonlyMap<string, Reservation>,
): ReturnType<MemberLookup> {
  const { caches } = deps;
  const { namespace } = pool;
  const host = caches.hosts.get({ namespace, name });
  if (host === undefined) {
    const unreadable = caches.hosts.problemOf({ namespace, name });
    return unreadable === undefined ? undefined : { unreadable };
  }
  const planSecret =
    host.planSecretName === undefined ? undefined : caches.planSecrets.get({ namespace, name: host.planSecretName });
  return {
    host,
    userGroup: reservations.get(`${namespace}/${name}`)?.group ?? findUserGroup(caches.machines, host),
    planSecretExists: planSecret !== undefined,
    planSecret,
    acceptance: pool.acceptance?.hash,
    claimedByOtherPool: host.pool !== pool.name && findOwningPool(host, findNaming(deps, host)) !== pool.name,
    namedByProviderId: caches.machines
      .byIndex('providerHost', `${namespace}/${name}`)
      .some((other) => other.uid !== uid),
  };
}

/** A machine that is being deleted leaves its place. */
function findUserGroup(machines: ChoiceSources['caches']['machines'], host: HostView): string | undefined {
  const { namespace, owner } = host;
  const user = owner && machines.get({ namespace, name: owner.baremetalMachine });
  return user?.uid === owner?.uid && user?.deleting === false ? user.preference.group : undefined;
}

function findNaming({ caches }: ChoiceSources, { namespace, name }: HostView): PoolView[] {
  return [...caches.pools.list()].filter((pool) => pool.namespace === namespace && pool.memberNames.has(name));
}

/** Why hosts were passed over, as the end of a message. Names few of them: it is for people. */
export function describePassedOver(passedOver: ReadonlyMap<string, string>): string {
  const named = [...passedOver].slice(0, 3).map(([host, problem]) => `${host} ${problem}`);
  if (named.length === 0) return '';
  const more = passedOver.size - named.length;
  return `. Passed over: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
