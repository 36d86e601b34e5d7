import type { BaremetalMachine } from '../../api/machine.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { type OwnedHost, readOwnedHost } from './record.ts';

export type HeldHost = Extract<OwnedHost, { kind: 'ours' }>;

/**
 * The host that the machine owns, whatever its run knows: named in the status before it was claimed, else found by its
 * annotation, for a run that was set back may have taken the name away again.
 */
export async function findHeldHost(
  deps: ActivityDependencies,
  ref: MachineRef,
  machine: BaremetalMachine,
): Promise<HeldHost | undefined> {
  const indexed = deps.caches.hosts.byIndex('ownerUid', ref.uid).map(({ name }) => name);
  const named = machine.status?.machineInventoryRef?.name;
  for (const name of new Set([...(named === undefined ? [] : [named]), ...indexed])) {
    const owned = await readOwnedHost(deps, ref, name);
    if (owned.kind === 'ours') return owned;
  }
  return undefined;
}
