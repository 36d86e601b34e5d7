import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { foreign, IMAGE_CATALOG_NAME } from '../api/constants.ts';
import { capiClusters, configMaps, type Resource } from '../api/resources.ts';
import { loadClusterApiManifests, type Manifest } from '../dev/stack/cluster-api-manifests.ts';
import { applyCrds, applyManifest } from '../dev/stack/manifests.ts';
import { type ManagementCluster, startManagementCluster } from '../dev/stack/management-cluster.ts';
import { readPageUrl, type Service, type ServiceKind, startService } from '../dev/lab/services.ts';
import { createKubeClient, type KubeClient } from '../runtime/kube/client.ts';

/** Name of the one CAPI Cluster of a benchmark. */
export const CLUSTER_NAME = 'bench';
/** Kubernetes version of its Machines. */
export const VERSION = 'v1.34.2';

/**
 * API server, etcd and Temporal, one namespace, one Cluster with its infrastructure ready. Cluster API's managers do
 * not run: the benchmark makes the objects that they would make, so that nothing but this provider is measured.
 */
export interface BenchSite extends AsyncDisposable {
  cluster: ManagementCluster;
  namespace: string;
  client: KubeClient;
  temporal: Client;
  /** Starts a worker or the bridge; stopped with the site. */
  start(kind: ServiceKind, name?: string, variables?: Readonly<Record<string, string>>): Promise<Service>;
  /** Starts the console, which has listed all there is then; stopped with the site. */
  startConsole(): Promise<{ pageUrl: string }>;
}

/** Starts a site without worker and bridge. */
export async function startBenchSite(namespace: string): Promise<BenchSite> {
  const cluster = await startManagementCluster({ components: { capi: false, controllerManager: false } });
  const client = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'ironloom-bench' });
  const services: Service[] = [];
  try {
    await applyCrds(client, await standAloneCrds(['clusters', 'machines']));
    await prepareNamespace(client, namespace);
    const connection = await Connection.connect({ address: cluster.temporal.address });
    return {
      cluster,
      namespace,
      client,
      temporal: new Client({ connection, namespace: cluster.temporal.namespace }),
      async start(kind, name = kind, variables = {}) {
        const env = { IRONLOOM_LEASE_NAMESPACE: namespace, ...variables };
        const service = await startService(cluster, { kind, name, env });
        services.push(service);
        return service;
      },
      async startConsole() {
        const env = { IRONLOOM_CONSOLE_ADDRESS: '127.0.0.1:0' };
        const service = await startService(cluster, { kind: 'console', name: 'console', env });
        services.push(service);
        return { pageUrl: await readPageUrl(service) };
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(services.map((service) => service.stop()));
        await connection.close();
        await client.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

const versionSchema = z.looseObject({ name: z.string() });

/** CRDs of Cluster API in the one version that we read, which then needs no conversion webhook. */
export async function standAloneCrds(plurals: readonly string[]): Promise<Manifest[]> {
  const { managers } = await loadClusterApiManifests();
  const names = plurals.map((plural) => `${plural}.cluster.x-k8s.io`);
  const crds = managers['capi-core'].crds.filter(({ metadata }) => names.includes(metadata.name));
  return crds.map((crd) => {
    const spec = z.looseObject({ versions: z.array(versionSchema) }).parse(crd['spec']);
    const versions = spec.versions
      .filter(({ name }) => name === capiClusters.version)
      .map((version) => ({ ...version, served: true, storage: true }));
    return { ...crd, spec: { ...spec, versions, conversion: { strategy: 'None' } } };
  });
}

/** Makes a namespace with a Cluster whose infrastructure is ready, and an image catalog. */
export async function prepareNamespace(client: KubeClient, namespace: string): Promise<void> {
  await applyManifest(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const annotations = { [foreign.registryAddressAnnotation]: 'registry.example.com' };
  const key = { namespace, name: CLUSTER_NAME };
  await client.create(capiClusters, {
    metadata: { ...key, annotations },
    spec: {
      infrastructureRef: { apiGroup: 'infrastructure.cluster.x-k8s.io', kind: 'BaremetalCluster', name: CLUSTER_NAME },
    },
  });
  const clusterStatus = { ...capiClusters, schema: z.unknown() } satisfies Resource<unknown>;
  const status = { initialization: { infrastructureProvisioned: true } };
  await client.patch(clusterStatus, key, { status }, { subresource: 'status' });
  await client.create(configMaps, {
    metadata: { namespace, name: IMAGE_CATALOG_NAME },
    data: { [VERSION]: `baremetal/node-image:${VERSION}` },
  });
}
