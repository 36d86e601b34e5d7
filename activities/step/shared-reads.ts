import type { CapiCluster } from '../../api/cluster-api.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { capiClusters, configMaps, customResourceDefinitions, machineInventoryPools } from '../../api/resources.ts';
import { type PoolView, viewPool } from '../../domain/inputs/pool-view.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { shareReads } from './shared-read.ts';
import { findReadable } from './unreadable.ts';

type ConfigMap = Awaited<ReturnType<(typeof configMaps)['schema']['parse']>>;
type Crd = Awaited<ReturnType<(typeof customResourceDefinitions)['schema']['parse']>>;

/**
 * Objects that many machines ask for, each of them in each of its steps, as they are now: a burst of machines costs one read of
 * each at a time. undefined: there is none. @throws UnreadableError
 */
export interface SharedReads {
  findCluster(key: ObjectKey): Promise<CapiCluster | undefined>;
  findPool(key: ObjectKey): Promise<PoolView | undefined>;
  findConfigMap(key: ObjectKey): Promise<ConfigMap | undefined>;
  findCrd(key: ObjectKey): Promise<Crd | undefined>;
}

export function createSharedReads(kube: Pick<KubeClient, 'find'>): SharedReads {
  return {
    findCluster: shareReads((key) => findReadable({ kube }, capiClusters, key)),
    findPool: shareReads(async (key) => {
      const pool = await findReadable({ kube }, machineInventoryPools, key);
      return pool === undefined ? undefined : viewPool(pool);
    }),
    findConfigMap: shareReads((key) => findReadable({ kube }, configMaps, key)),
    findCrd: shareReads((key) => kube.find(customResourceDefinitions, key)),
  };
}
