import type { CapiCluster, CapiMachine } from '../api/cluster-api.ts';
import { foreign, IMAGE_CATALOG_NAME } from '../api/constants.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import { capiClusters, capiMachines, configMaps } from '../api/resources.ts';
import { type ImageResolution, resolveImage } from '../domain/image-resolution.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** The Cluster API objects that a machine belongs to. */
export interface CapiOwners {
  machine: CapiMachine | undefined;
  cluster: CapiCluster | undefined;
}

export async function findCapiOwners(
  deps: ActivityDependencies,
  machine: BaremetalMachine | undefined,
): Promise<CapiOwners> {
  if (machine === undefined) return { machine: undefined, cluster: undefined };
  const { namespace, ownerReferences, labels } = machine.metadata;
  const ownerName = ownerReferences.find(({ kind }) => kind === 'Machine')?.name;
  const clusterName = labels[foreign.clusterNameLabel];
  const [owner, cluster] = await Promise.all([
    ownerName === undefined ? undefined : deps.kube.find(capiMachines, { namespace, name: ownerName }),
    clusterName === undefined ? undefined : deps.kube.find(capiClusters, { namespace, name: clusterName }),
  ]);
  return { machine: owner, cluster };
}

/** The OS image for the Machine's version, from the catalog in the machine's namespace. */
export async function readImage(
  deps: ActivityDependencies,
  namespace: string,
  { machine, cluster }: CapiOwners,
): Promise<ImageResolution> {
  const catalog = await deps.kube.find(configMaps, { namespace, name: IMAGE_CATALOG_NAME });
  const clusterRegistry = cluster?.metadata.annotations[foreign.registryAddressAnnotation];
  return resolveImage({
    catalog: catalog?.data,
    version: machine?.spec.version,
    clusterRegistry,
    defaultRegistry: deps.policy.defaultRegistry,
  });
}
