import { installCapim } from '../dev/stack/capim.ts';
import { manifestSchema } from '../dev/stack/cluster-api-manifests.ts';
import type { ManagementCluster } from '../dev/stack/management-cluster.ts';
import { prepareWorkloadCluster } from '../dev/stack/workload-cluster.ts';
import { applyManifest } from '../dev/stack/manifests.ts';
import { readChangedSamples, type SampleManifest } from '../dev/lab/samples.ts';
import { startService } from '../dev/lab/services.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import { hostNames, registerHosts } from './bench-objects.ts';
import { startInstantHosts } from './instant-hosts.ts';

/** Of the samples: the Cluster of each side, and its MachineDeployment. */
const CLUSTER_NAME = 'demo';
export const DEPLOYMENT_NAME = 'workers';

export const sideNames = ['ironloom', 'capim'] as const;
export type SideName = (typeof sideNames)[number];

/** A provider with a namespace, a Cluster and a MachineDeployment of no machines. */
export interface Side {
  name: SideName;
  namespace: string;
  /** Runs all that this provider needs and the other one does not, until it is disposed of. */
  start(): Promise<AsyncDisposable>;
}

/** Both sides, neither of them running. What they made stays until the cluster goes. */
export async function prepareSides(
  cluster: ManagementCluster,
  client: KubeClient,
  machines: number,
): Promise<Record<SideName, Side> & AsyncDisposable> {
  const ironloom = await prepareIronloom(cluster, client, machines);
  const capim = await installCapim(cluster, client);
  await applySide(cluster, client, await readCapimSamples('capim'));
  const run = async (): Promise<AsyncDisposable> => {
    await capim.start();
    return { [Symbol.asyncDispose]: () => capim.stop() };
  };
  return {
    ironloom,
    capim: { name: 'capim', namespace: 'capim', start: run },
    [Symbol.asyncDispose]: () => capim.close(),
  };
}

async function prepareIronloom(cluster: ManagementCluster, client: KubeClient, machines: number): Promise<Side> {
  const namespace = 'ironloom';
  const hosts = hostNames(machines);
  const samples = await readChangedSamples({ namespace, replicas: 0, hosts: hosts.map((name) => ({ name })) });
  await applySide(cluster, client, samples);
  await registerHosts(client, namespace, hosts);
  return {
    name: 'ironloom',
    namespace,
    async start() {
      await cluster.restartTemporal({ wipe: true });
      const answering = await startInstantHosts(client, namespace);
      const env = { IRONLOOM_LEASE_NAMESPACE: namespace };
      const services = await Promise.all([
        startService(cluster, { kind: 'worker', name: 'worker', env }),
        startService(cluster, { kind: 'bridge', name: 'bridge', env }),
      ]);
      return {
        async [Symbol.asyncDispose]() {
          await Promise.all(services.map((service) => service.stop()));
          await answering[Symbol.asyncDispose]();
          await cluster.killProcess('temporal');
        },
      };
    },
  };
}

/** A control plane that runs already, and the API server of the workload cluster, which is the management cluster's. */
async function applySide(
  cluster: ManagementCluster,
  client: KubeClient,
  samples: readonly SampleManifest[],
): Promise<void> {
  for (const manifest of samples) await applyManifest(client, manifest);
  const namespace = samples.find(({ kind }) => kind === 'Namespace')?.metadata.name ?? '';
  await prepareWorkloadCluster(client, { namespace, name: CLUSTER_NAME }, cluster.kubeconfigs.admin);
}

const atOnce = { provisioning: { startupDuration: '0s' } };
const inMemoryMachine = { backend: { inMemory: { vm: atOnce, node: atOnce, apiServer: atOnce, etcd: atOnce } } };
/** What stands in the place of a kind of ours; the machines ask for no time at all. */
const counterparts = new Map([
  ['BaremetalCluster', { kind: 'DevCluster', spec: { backend: { inMemory: {} } } }],
  ['BaremetalMachineTemplate', { kind: 'DevMachineTemplate', spec: { template: { spec: inMemoryMachine } } }],
]);
const onlyOurs: readonly string[] = ['MachineInventoryPool', 'ConfigMap'];

/** Our samples, with the in-memory provider's kinds where ours stood. */
async function readCapimSamples(namespace: string): Promise<SampleManifest[]> {
  const samples = await readChangedSamples({ namespace, replicas: 0 });
  return samples
    .filter(({ kind }) => !onlyOurs.includes(kind))
    .map((sample) => {
      const counterpart = counterparts.get(sample.kind);
      if (counterpart !== undefined) {
        // It writes into the annotations of its cluster, and panics where there are none.
        const metadata = { ...sample.metadata, annotations: { 'example.com/side': 'capim' } };
        return { ...sample, ...counterpart, metadata, apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta2' };
      }
      const renamed: unknown = JSON.parse(JSON.stringify(sample), (key, value: unknown) =>
        key === 'kind' && typeof value === 'string' ? (counterparts.get(value)?.kind ?? value) : value,
      );
      return manifestSchema.parse(renamed);
    });
}
