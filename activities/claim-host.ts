import { foreign } from '../api/constants.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import { machineInventoryPools } from '../api/resources.ts';
import { type HostView, viewHost } from '../domain/inputs/host-view.ts';
import { tellClaim } from '../domain/report/machine-news.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/machine-status.ts';
import { chooseHost, type HostChoice, type MemberFacts } from '../domain/pool/candidates.ts';
import { findOwningPool } from '../domain/pool/ownership.ts';
import { type PoolView, viewPool } from '../domain/inputs/pool-view.ts';
import { findOlderWaiting } from '../domain/pool/wakeups.ts';
import type { ClaimOutcome } from '../domain/life/step-outcomes.ts';
import { isConflict } from '../runtime/kube/client.ts';
import { bindHost } from './host/bound-host.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { noteNews } from './step/event-recorder.ts';
import { type Fence, startFence } from './step/fence.ts';
import { findHeldHost } from './host/held-host.ts';
import { patchHostRecord, readOwnedHost } from './host/record.ts';
import { findMachine } from './step/find-machine.ts';
import { writeStatus } from './publish-status.ts';
import { logStep } from './step/log.ts';

/** Hosts, by `<namespace>/<name>`, that a claim of this worker is at, with the uid of the machine. */
export type Reservations = Map<string, string>;

/** How a machine wants its host. */
export interface ClaimWish {
  status: NumberedStatus;
  /** Hosts that an operator gave up for this machine. */
  avoid: readonly string[];
}

/** Claims a host for a machine. Already ours: returned as it is. */
export function createClaimHost(deps: ActivityDependencies, reservations: Reservations) {
  return async function claimHost(input: ClaimWish & { machine: MachineRef }): Promise<ClaimOutcome> {
    const fence = startFence();
    const machine = await findMachine(deps, input.machine);
    if (machine === undefined) return { kind: 'exhausted', message: 'The machine is gone' };
    if (machine.spec.providerID !== undefined) return { kind: 'provisioned' };
    const held = await findHeldHost(deps, input.machine, machine);
    if (held !== undefined) {
      return { kind: 'claimed', host: bindHost(held, machine, await findPool(deps, machine)) };
    }
    return claimFreeHost(deps, reservations, fence, machine, input);
  };
}

/**
 * Claims the first eligible host in the pool's declared order by compare-and-swap on its inventory, for a machine that
 * holds none. The choice is written to the machine's status before the swap, so that an attempt that follows a lost one
 * looks there first and a machine never ends with two hosts.
 */
export async function claimFreeHost(
  deps: ActivityDependencies,
  reservations: Reservations,
  fence: Fence,
  claimant: BaremetalMachine,
  wish: ClaimWish,
): Promise<ClaimOutcome> {
  let machine = claimant;
  const { namespace, name, uid } = machine.metadata;
  const intended = machine.status?.machineInventoryRef?.name;
  for (;;) {
    const pool = await findPool(deps, machine);
    if (pool === undefined) return { kind: 'poolMissing', pool: machine.spec.machineInventoryPoolRef.name };
    const choice = choose(deps, machine, pool, { reservations, intended, avoid: wish.avoid });
    if (choice.kind === 'exhausted') {
      logStep('Found no host to claim', { namespace, name, uid }, { pool: pool.name, problem: choice.message });
      return { kind: 'exhausted', message: choice.message };
    }
    const reservation = `${choice.host.namespace}/${choice.host.name}`;
    reservations.set(reservation, uid);
    try {
      machine = await writeStatus(deps, fence, machine, { ...wish.status, inventory: choice.host.name });
      const claimed = await swapOwner(deps, fence, machine, pool, choice.host);
      if (claimed !== undefined) {
        logStep('Claimed a host', { namespace, name, uid }, { host: choice.host.name, pool: pool.name });
        noteNews(deps, { namespace, name, uid }, tellClaim(choice.host.name, pool.name), choice.host.name);
        return { kind: 'claimed', host: bindHost(claimed, machine, pool) };
      }
    } finally {
      reservations.delete(reservation);
    }
  }
}

function choose(
  deps: ActivityDependencies,
  machine: BaremetalMachine,
  pool: PoolView,
  circumstances: {
    reservations: ReadonlyMap<string, string>;
    /** The host that an earlier attempt meant to claim. */
    intended: string | undefined;
    avoid: readonly string[];
  },
): HostChoice {
  const { reservations, intended, avoid } = circumstances;
  const { namespace, name, uid, creationTimestamp } = machine.metadata;
  const lookup = (inventory: string) => lookUpMember(deps, pool, inventory, uid);
  const isReserved = (inventory: string) => (reservations.get(`${namespace}/${inventory}`) ?? uid) !== uid;
  if (intended !== undefined) {
    // An attempt that froze before its swap may still swap this very host: taking it, or failing to, ends that.
    const member = pool.members.filter((candidate) => candidate.name === intended);
    const again = chooseHost(member, lookup, { poolName: pool.name, olderWaiting: [], avoid, isReserved });
    if (again.kind === 'host') return again;
  }
  const others = deps.caches.machines.byIndex('pool', `${namespace}/${pool.name}`);
  const reserving = new Set(reservations.values());
  const hasHost = (other: string): boolean =>
    reserving.has(other) || deps.caches.hosts.byIndex('ownerUid', other).length > 0;
  const olderWaiting = findOlderWaiting({ uid, name, creationTimestamp }, others, hasHost);
  return chooseHost(pool.members, lookup, { poolName: pool.name, olderWaiting, avoid, isReserved });
}

function lookUpMember(deps: ActivityDependencies, pool: PoolView, name: string, uid: string): MemberFacts | undefined {
  const { caches } = deps;
  const { namespace } = pool;
  const host = caches.hosts.get({ namespace, name });
  if (host === undefined) return undefined;
  return {
    host,
    planSecretExists:
      host.planSecretName !== undefined &&
      caches.planSecrets.get({ namespace, name: host.planSecretName }) !== undefined,
    claimedByOtherPool: host.pool !== pool.name && findOwningPool(host, findNaming(deps, host)) !== pool.name,
    namedByProviderId: caches.machines
      .byIndex('providerHost', `${namespace}/${name}`)
      .some((other) => other.uid !== uid),
  };
}

function findNaming({ caches }: ActivityDependencies, { namespace, name }: HostView): PoolView[] {
  return [...caches.pools.list()].filter((pool) => pool.namespace === namespace && pool.memberNames.has(name));
}

async function swapOwner(
  deps: ActivityDependencies,
  fence: Fence,
  machine: BaremetalMachine,
  pool: PoolView,
  host: HostView,
) {
  const { namespace, name, uid } = machine.metadata;
  const owner = machine.metadata.ownerReferences.find(({ kind }) => kind === 'Machine');
  const cluster = machine.metadata.labels[foreign.clusterNameLabel] ?? pool.clusterName;
  const ref = { namespace, name, uid };
  try {
    const inventory = await patchHostRecord(deps, fence, host, {
      state: 'Allocated',
      pool: pool.name,
      owner: { cluster, machine: owner?.name ?? '', baremetalMachine: name, uid },
      plan: null,
    });
    if (inventory !== undefined) return { inventory, host: viewHost(inventory) };
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  const found = await readOwnedHost(deps, ref, host.name);
  return found.kind === 'ours' ? found : undefined;
}

/** The pool of the machine: from the cache, else, for it may be new, from the API server. */
async function findPool(deps: ActivityDependencies, machine: BaremetalMachine): Promise<PoolView | undefined> {
  const key = { namespace: machine.metadata.namespace, name: machine.spec.machineInventoryPoolRef.name };
  const cached = deps.caches.pools.get(key);
  if (cached !== undefined) return cached;
  const pool = await deps.kube.find(machineInventoryPools, key);
  return pool === undefined ? undefined : viewPool(pool);
}
