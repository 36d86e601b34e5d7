import type { CapiCluster, CapiMachine } from '../../api/cluster-api.ts';
import { foreign, IMAGE_CATALOG_NAME } from '../../api/constants.ts';
import { capiMachines } from '../../api/resources.ts';
import { type ImageResolution, resolveImage } from '../../domain/inputs/image-resolution.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { type MachineView, viewMachine } from '../../domain/inputs/machine-view.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { findMachine } from '../step/find-machine.ts';

/** The Cluster API objects that a machine belongs to. */
export interface CapiOwners {
  machine: CapiMachine | undefined;
  cluster: CapiCluster | undefined;
}

/** Reads them by the names that the cache knows of the machine: those never change. Not there yet: from the API server. */
export async function findCapiOwners(deps: ActivityDependencies, ref: MachineRef): Promise<CapiOwners> {
  const cached = deps.caches.machines.get(ref);
  const named = cached?.uid === ref.uid && cached.ownerMachine !== undefined ? cached : await findView(deps, ref);
  if (named === undefined) return { machine: undefined, cluster: undefined };
  const { namespace, ownerMachine, clusterName } = named;
  const [machine, cluster] = await Promise.all([
    ownerMachine === undefined ? undefined : deps.kube.find(capiMachines, { namespace, name: ownerMachine }),
    clusterName === undefined ? undefined : deps.shared.findCluster({ namespace, name: clusterName }),
  ]);
  return { machine, cluster };
}

async function findView(deps: ActivityDependencies, ref: MachineRef): Promise<MachineView | undefined> {
  const machine = await findMachine(deps, ref);
  return machine === undefined ? undefined : viewMachine(machine);
}

/** The OS image for the Machine's version, from the catalog in the machine's namespace. */
export async function readImage(
  deps: ActivityDependencies,
  namespace: string,
  { machine, cluster }: CapiOwners,
): Promise<ImageResolution> {
  const catalog = await deps.shared.findConfigMap({ namespace, name: IMAGE_CATALOG_NAME });
  const clusterRegistry = cluster?.metadata.annotations[foreign.registryAddressAnnotation];
  return resolveImage({
    catalog: catalog?.data,
    version: machine?.spec.version,
    clusterRegistry,
    defaultRegistry: deps.policy.defaultRegistry,
  });
}
