import { isDeepStrictEqual } from 'node:util';
import type { HostView } from '../domain/inputs/host-view.ts';
import { keyText, machineIndexes } from '../domain/pool/indexes.ts';
import type { BridgeCaches } from './caches.ts';
import { poolsNaming } from './pools/facts.ts';

type Enqueue = (key: string) => void;

/** Enqueues the host whose plan Secret, or whose record of the plan, changed. */
export function connectHostPlanTriggers({ hosts, planSecrets }: BridgeCaches, enqueue: Enqueue): void {
  hosts.onChange((key) => enqueue(keyText(key)));
  planSecrets.onChange((key) => {
    for (const host of hosts.store.byIndex('planSecret', keyText(key))) enqueue(keyText(host));
  });
}

/**
 * Enqueues the hosts that a change of themselves, their plan Secrets, their pool's checks, its Cluster's pause or who is named by
 * can make run checks.
 */
export function connectAcceptanceTriggers(caches: BridgeCaches, enqueue: Enqueue): void {
  const { hosts, pools, machines, capiClusters } = caches;
  const enqueuePool = (pool: string): void => {
    for (const host of hosts.store.byIndex('pool', pool)) enqueue(keyText(host));
  };
  connectHostPlanTriggers(caches, enqueue);
  pools.onChange((key, current, previous) => {
    if (current?.acceptance?.hash === previous?.acceptance?.hash) return;
    enqueuePool(keyText(key));
  });
  capiClusters.onChange(({ namespace, name }, current, previous) => {
    if (current?.paused === previous?.paused) return;
    for (const pool of pools.store.list()) {
      if (pool.namespace === namespace && pool.clusterName === name) enqueuePool(keyText(pool));
    }
  });
  machines.onChange((_key, current, previous) => {
    const freed = previous && machineIndexes.providerHost(previous);
    if (freed !== undefined && current?.providerID !== previous?.providerID) enqueue(freed);
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

/** Enqueues the `BaremetalCluster`s whose failure domains a change of a host, a pool or a template concerns. */
export function connectDomainTriggers({ clusters, hosts, pools, templates }: BridgeCaches, enqueue: Enqueue): void {
  const enqueueClustersOf = (namespace: string, clusterNames: Iterable<string>): void => {
    for (const name of new Set(clusterNames)) {
      for (const cluster of clusters.store.byIndex('owner', keyText({ namespace, name }))) enqueue(keyText(cluster));
    }
  };
  hosts.onChange((key, current, previous) => {
    if (placeOf(current) === placeOf(previous)) return;
    enqueueClustersOf(
      key.namespace,
      poolsNaming(key, pools.store.list()).map(({ clusterName }) => clusterName),
    );
  });
  pools.onChange(({ namespace }, current, previous) => {
    const same = current?.generation === previous?.generation && current?.uid === previous?.uid;
    if (same && current?.forControlPlanes === previous?.forControlPlanes) return;
    enqueueClustersOf(
      namespace,
      [current, previous].flatMap((version) => version?.clusterName ?? []),
    );
  });
  templates.onChange(({ namespace }, current, previous) => {
    if (current?.pool === previous?.pool) return;
    // Whose control plane is made from it stands in no cache.
    for (const cluster of clusters.store.list()) if (cluster.namespace === namespace) enqueue(keyText(cluster));
  });
}

/** Enqueues the templates whose machines a change of a host, or of a pool, gives something else. */
export function connectTemplateTriggers({ templates, pools, hosts }: BridgeCaches, enqueue: Enqueue): void {
  const enqueueOf = (namespace: string, poolNames: ReadonlySet<string>): void => {
    if (poolNames.size === 0) return;
    for (const template of templates.store.list()) {
      if (template.namespace === namespace && poolNames.has(template.pool)) enqueue(keyText(template));
    }
  };
  templates.onChange((key) => enqueue(keyText(key)));
  pools.onChange(({ namespace, name }, current, previous) => {
    if (current?.generation !== previous?.generation || current?.uid !== previous?.uid) {
      enqueueOf(namespace, new Set([name]));
    }
  });
  hosts.onChange((key, current, previous) => {
    const [now, before] = [current, previous].map((host) => host && [host.deleting, host.hardware]);
    if (isDeepStrictEqual(now, before)) return;
    enqueueOf(key.namespace, new Set(poolsNaming(key, pools.store.list()).map(({ name }) => name)));
  });
}

/** Where a host stands; undefined: it has no part in any failure domain. */
function placeOf(host: HostView | undefined): string | undefined {
  return host === undefined || host.quarantined || host.deleting ? undefined : host.failureDomain;
}
