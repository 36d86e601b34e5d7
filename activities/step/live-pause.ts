import { foreign } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { capiClusters } from '../../api/resources.ts';
import { viewCapiCluster } from '../../domain/inputs/capi-view.ts';
import { viewMachine } from '../../domain/inputs/machine-view.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Whether Cluster API wants nothing to be done for the machine (paused, or being moved), by its Cluster as it is now. */
export async function isPausedNow(deps: ActivityDependencies, machine: BaremetalMachine): Promise<boolean> {
  const { pausedByAnnotation, deletedForMove } = viewMachine(machine);
  if (pausedByAnnotation || deletedForMove) return true;
  const { namespace, labels } = machine.metadata;
  const name = labels[foreign.clusterNameLabel];
  const cluster = name === undefined ? undefined : await deps.kube.find(capiClusters, { namespace, name });
  return cluster !== undefined && viewCapiCluster(cluster).paused;
}
