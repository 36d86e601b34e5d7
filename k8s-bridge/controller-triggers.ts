import type { ObjectKey } from '../api/meta.ts';
import { inventoryOfProviderId } from '../api/constants.ts';
import type { HostView } from '../domain/host-view.ts';
import type { MachineView } from '../domain/machine-view.ts';
import { keyText } from '../domain/pool-indexes.ts';
import type { PoolView } from '../domain/pool-view.ts';
import type { BridgeCaches } from './caches.ts';
import { poolsAffectedByHost } from './pool-reconciler.ts';

type Enqueue = (key: string) => void;

/** Enqueues the host whose plan Secret, or whose record of the plan, changed. */
export function connectHostPlanTriggers({ hosts, planSecrets }: BridgeCaches, enqueue: Enqueue): void {
  hosts.onChange((key) => enqueue(keyText(key)));
  planSecrets.onChange((key) => {
    for (const host of hosts.store.byIndex('planSecret', keyText(key))) enqueue(keyText(host));
  });
}

/** Enqueues the pools whose counters, annotations or waiting machines a change can concern. */
export function connectPoolTriggers({ pools, hosts, machines, planSecrets }: BridgeCaches, enqueue: Enqueue): void {
  const enqueuePoolsOf = (key: ObjectKey, ...versions: (HostView | undefined)[]): void => {
    for (const pool of poolsAffectedByHost(key, versions, pools.store.list())) enqueue(pool);
  };
  pools.onChange((key, current, previous) => {
    enqueue(keyText(key));
    if (namesSameHosts(current, previous)) return;
    for (const other of pools.store.list()) if (other.namespace === key.namespace) enqueue(keyText(other));
  });
  hosts.onChange((key, current, previous) => enqueuePoolsOf(key, current, previous));
  planSecrets.onChange((key, current, previous) => {
    if (current !== undefined && previous !== undefined) return;
    for (const host of hosts.store.byIndex('planSecret', keyText(key))) enqueuePoolsOf(host, host);
  });
  machines.onChange((_key, current, previous) => {
    if (asksPoolTheSame(current, previous)) return;
    for (const version of [current, previous]) {
      if (version === undefined) continue;
      const { namespace, pool, providerID } = version;
      enqueue(keyText({ namespace, name: pool }));
      const name = inventoryOfProviderId(providerID ?? '');
      if (name !== undefined) enqueuePoolsOf({ namespace, name }, hosts.store.get({ namespace, name }));
    }
  });
}

/** Enqueues the `BaremetalCluster` that a change of itself, its Cluster or the existence of a machine concerns. */
export function connectClusterTriggers({ clusters, capiClusters, machines }: BridgeCaches, enqueue: Enqueue): void {
  const enqueueOwned = (cluster: string): void => {
    for (const { namespace, name } of clusters.store.byIndex('owner', cluster)) enqueue(keyText({ namespace, name }));
  };
  clusters.onChange((key) => enqueue(keyText(key)));
  capiClusters.onChange((key) => enqueueOwned(keyText(key)));
  machines.onChange((_key, current, previous) => {
    if (current !== undefined && previous !== undefined && current.clusterName === previous.clusterName) return;
    for (const version of [current, previous]) {
      if (version?.clusterName === undefined) continue;
      enqueueOwned(keyText({ namespace: version.namespace, name: version.clusterName }));
    }
  });
}

function namesSameHosts(a: PoolView | undefined, b: PoolView | undefined): boolean {
  return a !== undefined && b !== undefined && a.uid === b.uid && a.generation === b.generation;
}

/** A machine's status changes a dozen times in its life; for its pool it matters whether it waits and what it names. */
function asksPoolTheSame(a: MachineView | undefined, b: MachineView | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.uid === b.uid &&
    a.pool === b.pool &&
    a.providerID === b.providerID &&
    a.waitsForHost === b.waitsForHost &&
    a.deleting === b.deleting &&
    a.deletedForMove === b.deletedForMove &&
    a.pausedByAnnotation === b.pausedByAnnotation
  );
}
