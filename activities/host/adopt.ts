import { foreign, inventoryOfProviderId } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import type { Fence } from '../step/fence.ts';
import { type OwnedHost, readOwnedHost, writeHostRecord } from './record.ts';

/** A host that is there and is not recorded as the machine's. */
export type UnrecordedHost = Extract<OwnedHost, { kind: 'lost' }>;

/** Whether nobody else uses the host: an owner of our name and another uid is ourselves before a move. */
export function isAdoptable({ owner }: HostView, machine: MachineRef): boolean {
  return owner === undefined || owner.baremetalMachine === machine.name;
}

/**
 * The host that the machine's providerID names, if it is there and its record says nothing of a user: it registered
 * after a move, or anew after its inventory was deleted.
 */
export async function findAdoptableHost(
  deps: ActivityDependencies,
  machine: BaremetalMachine,
): Promise<UnrecordedHost | undefined> {
  const name = inventoryOfProviderId(machine.spec.providerID ?? '');
  if (name === undefined) return undefined;
  const found = await readOwnedHost(deps, machine.metadata, name);
  return found.kind === 'lost' && isAdoptable(found.host, machine.metadata) ? found : undefined;
}

/** Records the host as the machine's again; nothing is planned. */
export async function adoptHost(
  deps: ActivityDependencies,
  fence: Fence,
  machine: BaremetalMachine,
  found: UnrecordedHost,
): Promise<Extract<OwnedHost, { kind: 'ours' }>> {
  const { metadata, spec } = machine;
  const host = await writeHostRecord(deps, fence, found.host, {
    state: 'Allocated',
    pool: spec.machineInventoryPoolRef.name,
    owner: {
      cluster: metadata.labels[foreign.clusterNameLabel] ?? '',
      machine: metadata.ownerReferences.find(({ kind }) => kind === 'Machine')?.name ?? '',
      baremetalMachine: metadata.name,
      uid: metadata.uid,
    },
    plan: null,
  });
  return { kind: 'ours', inventory: found.inventory, host };
}
