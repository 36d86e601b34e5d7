import { isDeepStrictEqual } from 'node:util';
import { inventoryOfProviderId } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PlanSecretFacts } from '../../domain/pool/host-eligibility.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { waitsForHost } from '../../domain/pool/wakeups.ts';
import type { ChangeSource } from '../machines/triggers.ts';
import { type PoolCaches, poolsNaming } from './facts.ts';

export interface PoolTriggerSources {
  pools: ChangeSource<PoolView>;
  hosts: ChangeSource<HostView>;
  planSecrets: ChangeSource<PlanSecretFacts>;
  machines: ChangeSource<MachineView>;
}

/** Enqueues the pools whose counters, annotations or waiting machines a change can concern. */
export function connectPoolTriggers(
  sources: PoolTriggerSources,
  caches: Pick<PoolCaches, 'pools' | 'hosts'>,
  enqueue: (key: string) => void,
): void {
  const enqueuePoolsOf = (key: ObjectKey, ...versions: (HostView | undefined)[]): void => {
    for (const pool of poolsAffectedByHost(key, versions, caches.pools.list())) enqueue(pool);
  };
  sources.pools.onChange((key, current, previous) => {
    enqueue(keyText(key));
    if (namesSameHosts(current, previous)) return;
    for (const other of caches.pools.list()) if (other.namespace === key.namespace) enqueue(keyText(other));
  });
  sources.hosts.onChange((key, current, previous) => {
    if (!isSameHost(current, previous)) enqueuePoolsOf(key, current, previous);
  });
  sources.planSecrets.onChange((key, current, previous) => {
    if (isSamePlanSecret(current, previous)) return;
    for (const host of caches.hosts.byIndex('planSecret', keyText(key))) enqueuePoolsOf(host, host);
  });
  sources.machines.onChange((_key, current, previous) => {
    if (asksPoolTheSame(current, previous)) return;
    for (const version of [current, previous]) {
      if (version === undefined) continue;
      const { namespace, pool, providerID } = version;
      enqueue(keyText({ namespace, name: pool }));
      const name = inventoryOfProviderId(providerID ?? '');
      if (name !== undefined) enqueuePoolsOf({ namespace, name }, caches.hosts.get({ namespace, name }));
    }
  });
}

/** The keys of the pools whose status a change of this host can change. */
function poolsAffectedByHost(
  host: Pick<HostView, 'namespace' | 'name'>,
  versions: readonly (HostView | undefined)[],
  pools: Iterable<PoolView>,
): string[] {
  const names = new Set(poolsNaming(host, pools).map((pool) => pool.name));
  for (const version of versions) if (version?.pool !== undefined) names.add(version.pool);
  return [...names].map((name) => keyText({ namespace: host.namespace, name }));
}

/** Every agent registers again each half hour, which changes nothing that is kept of its host but the version. */
function isSameHost(a: HostView | undefined, b: HostView | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return isDeepStrictEqual({ ...a, resourceVersion: '' }, { ...b, resourceVersion: '' });
}

/** A Secret changes with each plan and each result; for a pool it matters whether a plan of ours could be written to it. */
function isSamePlanSecret(a: PlanSecretFacts | undefined, b: PlanSecretFacts | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.foreignPlanType === b.foreignPlanType && a.immutable === b.immutable;
}

function namesSameHosts(a: PoolView | undefined, b: PoolView | undefined): boolean {
  return a !== undefined && b !== undefined && a.uid === b.uid && a.generation === b.generation;
}

/** A machine's status changes a dozen times in its life; for its pool it matters whether it waits and what it names. */
function asksPoolTheSame(a: MachineView | undefined, b: MachineView | undefined): boolean {
  if (a === undefined || b === undefined || a.uid !== b.uid) return false;
  if (a.pool !== b.pool || a.providerID !== b.providerID || waitsForHost(a) !== waitsForHost(b)) return false;
  // What it says of the pool while it waits may be wrong.
  return !waitsForHost(a) || a.hostReason === b.hostReason;
}
