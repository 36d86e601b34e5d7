import { foreign } from '../../api/constants.ts';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { readChangedSamples, type SampleManifest } from '../../dev/lab/samples.ts';
import { prepareWorkloadCluster } from '../../dev/stack/workload-cluster.ts';

export interface ClusterRequest {
  /** Default: `demo`, for which the lab has prepared everything. */
  name?: string;
  /** Without the annotation that names its registry. */
  withoutRegistry?: boolean;
}

/** Applies Cluster, BaremetalCluster and image catalog of the samples: no pool, no machines. */
export async function deployCluster(
  lab: Pick<Lab, 'client' | 'namespace' | 'apply'>,
  stack: ManagementClusterDescription,
  { name = 'demo', withoutRegistry = false }: ClusterRequest = {},
): Promise<void> {
  const { client, namespace } = lab;
  if (name !== 'demo') await prepareWorkloadCluster(client, { namespace, name }, stack.kubeconfigs.admin);
  const samples = await readChangedSamples({ namespace });
  const wanted = samples.filter(({ kind }) => ['Cluster', 'BaremetalCluster', 'ConfigMap'].includes(kind));
  await lab.apply(wanted.map((manifest) => renamed(manifest, name, withoutRegistry)));
}

function renamed(manifest: SampleManifest, name: string, withoutRegistry: boolean): SampleManifest {
  if (manifest.kind === 'ConfigMap') return manifest;
  const metadata = { ...manifest.metadata, name };
  if (manifest.kind !== 'Cluster') return { ...manifest, metadata };
  const spec = {
    infrastructureRef: { apiGroup: 'infrastructure.cluster.x-k8s.io', kind: 'BaremetalCluster', name },
    controlPlaneRef: { apiGroup: 'controlplane.cluster.x-k8s.io', kind: 'ExternalControlPlane', name },
  };
  const annotations = withoutRegistry ? {} : { [foreign.registryAddressAnnotation]: 'registry.example.com' };
  return { ...manifest, metadata: { ...metadata, annotations }, spec };
}
