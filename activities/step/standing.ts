import { foreign } from '../../api/constants.ts';
import type { CapiCluster, CapiMachine } from '../../api/cluster-api.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { capiMachines } from '../../api/resources.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { viewCapiCluster } from '../../domain/inputs/capi-view.ts';
import { isMachineOfCapi, viewMachine } from '../../domain/inputs/machine-view.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findMachine } from './find-machine.ts';
import { findReadable } from './unreadable.ts';

/** What the API server says, at this moment, of a machine and of what Cluster API wants of it. */
export type Standing =
  | { kind: 'live'; machine: BaremetalMachine }
  | { kind: 'deleting'; machine: BaremetalMachine }
  /** The Cluster or the object is paused, or is being moved. */
  | { kind: 'paused'; machine: BaremetalMachine }
  | { kind: 'gone' }
  /** Gone, and its Cluster is paused, marked for a move, gone as well, or unknown: it lives on elsewhere. */
  | { kind: 'moved' };

/** Reads what justifies a step, uncached. `lastCluster`: the Cluster that the machine had, should it be gone. */
export async function readStanding(
  deps: ActivityDependencies,
  ref: MachineRef,
  lastCluster: string | undefined,
): Promise<Standing> {
  const machine = await findMachine(deps, ref);
  if (machine !== undefined) return standingOf(deps, machine);
  if (lastCluster === undefined || lastCluster === '') return { kind: 'moved' };
  const cluster = await deps.shared.findCluster({ namespace: ref.namespace, name: lastCluster });
  if (cluster === undefined || viewCapiCluster(cluster).paused) return { kind: 'moved' };
  return { kind: foreign.deleteForMoveAnnotation in cluster.metadata.annotations ? 'moved' : 'gone' };
}

/** As `readStanding`, of an object that was read just now. */
export async function standingOf(
  deps: ActivityDependencies,
  machine: BaremetalMachine,
): Promise<Exclude<Standing, { kind: 'gone' | 'moved' }>> {
  return { kind: judgeStanding(machine, await findCluster(deps, machine)), machine };
}

/** As `standingOf`, of a Cluster that was read just now, too. */
export function judgeStanding(
  machine: BaremetalMachine,
  cluster: CapiCluster | undefined,
): 'live' | 'deleting' | 'paused' {
  if (isPausedBy(machine, cluster)) return 'paused';
  return machine.metadata.deletionTimestamp === undefined ? 'live' : 'deleting';
}

/** Cluster API wants nothing to be done for the machine: paused, or being moved. */
export function isPausedBy(machine: BaremetalMachine, cluster: CapiCluster | undefined): boolean {
  const { pausedByAnnotation, deletedForMove } = viewMachine(machine);
  return pausedByAnnotation || deletedForMove || (cluster !== undefined && viewCapiCluster(cluster).paused);
}

/** The Cluster of a machine, by its label. */
export async function findCluster(
  deps: ActivityDependencies,
  { metadata }: BaremetalMachine,
): Promise<CapiCluster | undefined> {
  const name = metadata.labels[foreign.clusterNameLabel];
  return name === undefined ? undefined : deps.shared.findCluster({ namespace: metadata.namespace, name });
}

/** The CAPI Machine that owns the machine, as it is now. */
export async function findOwner(
  deps: ActivityDependencies,
  { metadata }: BaremetalMachine,
): Promise<CapiMachine | undefined> {
  const owner = metadata.ownerReferences.find(isMachineOfCapi);
  if (owner === undefined) return undefined;
  const found = await findReadable(deps, capiMachines, { namespace: metadata.namespace, name: owner.name });
  return found?.metadata.uid === owner.uid ? found : undefined;
}

/** A machine that is not being deleted lets its host go only if its run gives the host up, and no node runs there. */
export function mayGiveUp({ spec }: BaremetalMachine, givingUp: boolean | undefined): boolean {
  return (givingUp ?? true) && spec.providerID === undefined;
}
