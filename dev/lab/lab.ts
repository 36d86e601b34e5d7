import { createKubeClient, type KubeClient } from '../../runtime/kube/client.ts';
import { createInventory, startElementalOperator } from '../elemental/operator.ts';
import { type HostSimulator, startHostSimulator } from '../host/simulator.ts';
import { applyManifest } from '../stack/manifests.ts';
import type { ManagementClusterDescription } from '../stack/management-cluster.ts';
import type { SampleManifest } from './samples.ts';
import type { HostTimes } from '../host/options.ts';
import type { SimulatedHost } from '../host/simulated-host.ts';
import { prepareWorkloadCluster } from '../stack/workload-cluster.ts';

export interface LabOptions {
  cluster: ManagementClusterDescription;
  namespace: string;
  /** Name of the CAPI Cluster whose control plane runs already. */
  clusterName: string;
  /** Names of the hosts to register and switch on. */
  hosts: readonly string[];
  hostTimes?: Partial<HostTimes>;
}

/** A namespace with registered, running hosts and a workload cluster that they can join. */
export interface Lab {
  namespace: string;
  /** Full rights on the management cluster, which is the workload cluster, too. */
  client: KubeClient;
  /** @throws when no host has the name */
  host(name: string): SimulatedHost;
  addHost(name: string): Promise<SimulatedHost>;
  apply(manifests: readonly SampleManifest[]): Promise<void>;
  /** Switches the hosts off. Objects stay. */
  stop(): Promise<void>;
}

/** Registers the hosts as elemental-operator does, switches them on, and prepares the workload cluster. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { cluster, namespace, clusterName, hostTimes } = options;
  const client = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'ironloom-lab' });
  await applyManifest(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await prepareWorkloadCluster(client, { namespace, name: clusterName }, cluster.kubeconfigs.admin);
  const operator = startElementalOperator(client, namespace);
  const hosts = await startHostSimulator({
    client,
    workloadClient: client,
    namespace,
    logs: cluster.logs,
    ...(hostTimes !== undefined && { times: hostTimes }),
  });
  const addHost = (name: string): Promise<SimulatedHost> => registerHost(client, hosts, namespace, name);
  await Promise.all(options.hosts.map(addHost));
  return {
    namespace,
    client,
    addHost,
    host(name) {
      const host = hosts.hosts.get(`${namespace}/${name}`);
      if (host === undefined) throw new Error(`No host ${name} in ${namespace}`);
      return host;
    },
    async apply(manifests) {
      for (const manifest of manifests) await applyManifest(client, manifest);
    },
    async stop() {
      await hosts.stop();
      await operator.stop();
      await client.close();
    },
  };
}

async function registerHost(
  client: KubeClient,
  hosts: HostSimulator,
  namespace: string,
  name: string,
): Promise<SimulatedHost> {
  await createInventory(client, { namespace, name });
  return hosts.startHost({ namespace, name });
}
