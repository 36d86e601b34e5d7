import type { HostDisk } from '../os/disk.ts';
import type { NodeApi } from './kubelet.ts';
import type { NodeIdentity } from './identity.ts';
import { type HostedCluster, startHostedCluster } from './hosted-cluster.ts';
import { createHostedNodeApi } from './hosted-nodes.ts';

/** The workload clusters that the hosts of one simulator start and join. */
export interface HostClusters {
  /**
   * How one host reaches its workload cluster. `kubeadm init` for an endpoint on 127.0.0.1 starts a cluster there, and
   * who joins that endpoint joins it; all others are nodes of `otherwise`.
   */
  connect(otherwise: NodeApi): NodeApi;
  stop(): Promise<void>;
}

/** @param folder where the clusters leave their logs */
export function createHostClusters(folder: string): HostClusters {
  const clusters = new Map<string, Promise<HostedCluster>>();
  const start = (endpoint: string, disk: HostDisk): Promise<HostedCluster> => {
    const starting = startHostedCluster({ endpoint, pki: disk.locate('/etc/kubernetes/pki'), folder });
    clusters.set(endpoint, starting);
    // The kubelet of the host tries again.
    starting.catch(() => clusters.delete(endpoint));
    return starting;
  };
  const findOrStart = ({ startsCluster, endpoint }: NodeIdentity, disk: HostDisk) => {
    const isOurs = startsCluster && /^127\.0\.0\.1:\d+$/.test(endpoint);
    return clusters.get(endpoint) ?? (isOurs ? start(endpoint, disk) : undefined);
  };
  return {
    connect: (otherwise) => {
      let joined = otherwise;
      return {
        register: async (identity, disk) => {
          const cluster = await findOrStart(identity, disk);
          joined = cluster === undefined ? otherwise : createHostedNodeApi(cluster.client);
          await joined.register(identity, disk);
        },
        heartbeat: (name) => joined.heartbeat(name),
      };
    },
    stop: async () => {
      const started = [...clusters.values()];
      await Promise.all(started.map(async (starting) => (await starting.catch(() => undefined))?.stop()));
    },
  };
}
