import type { ObjectKey } from '../../api/meta.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { UnreadableMember } from '../../domain/pool/candidates.ts';
import type { PlanSecretFacts } from '../../domain/pool/host-eligibility.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { ObservedMemberFacts } from '../../domain/pool/members.ts';
import { findOwningPool } from '../../domain/pool/ownership.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { type PoolMemory, settlingUntilMs } from './memory.ts';
import type { ReadStore, WritableStore } from '../reconcile/ports.ts';

/** The caches that say everything about the members of a pool. */
export interface PoolCaches {
  pools: WritableStore<PoolView>;
  /** Indexed by `hostIndexes`. */
  hosts: WritableStore<HostView>;
  planSecrets: Pick<ReadStore<PlanSecretFacts>, 'get'>;
  /** Indexed by `machineIndexes`. */
  machines: ReadStore<MachineView>;
}

export interface PoolObservation {
  lookup: (inventoryName: string) => ObservedMemberFacts | UnreadableMember | undefined;
  /** The moment at which the first settling host stops to count as such; Infinity if none settles. */
  settlesAtMs: () => number;
}

/** Looks at the members of a pool as the caches know them now. */
export function observeMembers(
  pool: ObjectKey,
  caches: PoolCaches,
  memory: PoolMemory,
  nowMs: number,
): PoolObservation {
  const deadlines = memory.settling.get(keyText(pool)) ?? new Map<string, number>();
  memory.settling.set(keyText(pool), deadlines);
  const acceptance = caches.pools.get(pool)?.acceptance?.hash;
  let settlesAtMs = Infinity;
  const lookup = (name: string): ObservedMemberFacts | UnreadableMember | undefined => {
    const hostKey = { namespace: pool.namespace, name };
    const host = caches.hosts.get(hostKey);
    if (host === undefined) return unreadableMember(caches.hosts.problemOf(hostKey));
    const untilMs = settlingUntilMs(deadlines, host, nowMs);
    settlesAtMs = Math.min(settlesAtMs, untilMs ?? Infinity);
    const planSecret = findPlanSecret(host, caches);
    const owner = host.pool === pool.name ? pool.name : owningPoolOf(host, caches.pools);
    return {
      host,
      planSecretExists: planSecret !== undefined,
      planSecret,
      acceptance,
      refusal: memory.refusals.wordsOf(host),
      claimedByOtherPool: owner !== undefined && owner !== pool.name,
      namedByProviderId: !isEmpty(caches.machines.byIndex('providerHost', keyText(hostKey))),
      settling: untilMs !== undefined,
    };
  };
  return { lookup, settlesAtMs: () => settlesAtMs };
}

function unreadableMember(unreadable: string | undefined): UnreadableMember | undefined {
  return unreadable === undefined ? undefined : { unreadable };
}

/** The pool that owns the host. One that cannot be read names who knows what: it keeps its hosts. */
export function owningPoolOf(
  host: HostView,
  pools: Pick<ReadStore<PoolView>, 'list' | 'problemOf'>,
): string | undefined {
  const { namespace, pool } = host;
  if (pool !== undefined && pools.problemOf({ namespace, name: pool }) !== undefined) return pool;
  return findOwningPool(host, poolsNaming(host, pools.list()));
}

/** The pools that name the host. */
export function poolsNaming({ namespace, name }: ObjectKey, pools: Iterable<PoolView>): PoolView[] {
  const naming: PoolView[] = [];
  for (const pool of pools) if (pool.namespace === namespace && pool.memberNames.has(name)) naming.push(pool);
  return naming;
}

function findPlanSecret({ namespace, planSecretName }: HostView, caches: PoolCaches): PlanSecretFacts | undefined {
  return planSecretName === undefined ? undefined : caches.planSecrets.get({ namespace, name: planSecretName });
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false;
  return true;
}
