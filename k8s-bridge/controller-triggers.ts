import { keyText } from '../domain/pool/indexes.ts';
import type { BridgeCaches } from './caches.ts';

type Enqueue = (key: string) => void;

/** Enqueues the host whose plan Secret, or whose record of the plan, changed. */
export function connectHostPlanTriggers({ hosts, planSecrets }: BridgeCaches, enqueue: Enqueue): void {
  hosts.onChange((key) => enqueue(keyText(key)));
  planSecrets.onChange((key) => {
    for (const host of hosts.store.byIndex('planSecret', keyText(key))) enqueue(keyText(host));
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
