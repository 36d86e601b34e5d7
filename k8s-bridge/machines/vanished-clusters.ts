import type { CapiClusterView } from '../../domain/inputs/capi-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { ClusterLookup } from './caches.ts';
import type { ChangeSource } from './triggers.ts';

const MAX_REMEMBERED = 1_000;

/**
 * The Clusters as a machine that goes saw them last. A move deletes both, and their events come over two watches: the
 * pause of a Cluster whose deletion is seen first still counts for its machines.
 */
export function rememberVanishedClusters(source: ChangeSource<CapiClusterView>, store: ClusterLookup): ClusterLookup {
  const vanished = new Map<string, CapiClusterView>();
  source.onChange((key, current, previous) => {
    const text = keyText(key);
    if (current !== undefined) vanished.delete(text);
    else if (previous !== undefined) vanished.set(text, previous);
    const [oldest] = vanished.keys();
    if (vanished.size > MAX_REMEMBERED && oldest !== undefined) vanished.delete(oldest);
  });
  return {
    get: (key) => store.get(key) ?? vanished.get(keyText(key)),
    problemOf: (key) => store.problemOf(key),
  };
}
