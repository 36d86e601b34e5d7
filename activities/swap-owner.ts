import { ApplicationFailure } from '@temporalio/activity';
import { foreign } from '../api/constants.ts';
import type { MachineInventory } from '../api/inventory.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import { type HostView, viewHost } from '../domain/inputs/host-view.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { PoolView } from '../domain/inputs/pool-view.ts';
import { isConflict } from '../runtime/kube/client.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { failureTypes } from './step/failures.ts';
import type { Fence } from './step/fence.ts';
import { findMachine } from './step/find-machine.ts';
import { isRefused } from './step/stopped.ts';
import type { HeldHost } from './host/held-host.ts';
import { patchHostRecord, readOwnedHost } from './host/record.ts';

/**
 * Takes a free host for the machine whose status names it, until that is confirmed. The host when it is ours; undefined when
 * somebody was faster.
 */
export async function swapOwner(
  deps: ActivityDependencies,
  fence: Fence,
  machine: BaremetalMachine,
  pool: PoolView,
  host: HostView,
): Promise<HeldHost | { kind: 'refused'; error: unknown } | undefined> {
  const { namespace, name, uid } = machine.metadata;
  const owner = machine.metadata.ownerReferences.find(({ kind }) => kind === 'Machine');
  const cluster = machine.metadata.labels[foreign.clusterNameLabel] ?? pool.clusterName;
  let inventory: MachineInventory | undefined;
  try {
    inventory = await patchHostRecord(deps, fence, host, {
      state: 'Allocated',
      pool: pool.name,
      owner: { cluster, machine: owner?.name ?? '', baremetalMachine: name, uid },
      plan: null,
    });
  } catch (error) {
    if (isRefused(error)) return { kind: 'refused', error };
    if (!isConflict(error)) throw error;
  }
  if (inventory === undefined) {
    const found = await readOwnedHost(deps, { namespace, name, uid }, host.name);
    return found.kind === 'ours' ? found : undefined;
  }
  return { kind: 'ours', inventory, host: viewHost(inventory, deps.policy.hostLabels) };
}

/**
 * Looks whether the machine still names the host that was swapped. An attempt that names another one did not see ours, and
 * goes on with it.
 * @throws ApplicationFailure when the machine names another host by now: this one is given back
 */
export async function confirmSwap(
  deps: ActivityDependencies,
  fence: Fence,
  ref: MachineRef,
  { host }: HeldHost,
): Promise<void> {
  const named = (await findMachine(deps, ref))?.status?.machineInventoryRef?.name;
  if (named === host.name) return;
  await giveBack(deps, fence, ref, host);
  throw ApplicationFailure.create({
    type: failureTypes.conflict,
    message: `The machine names ${named ?? 'no host'} by now: MachineInventory ${host.name} is given back`,
    category: 'BENIGN',
    nextRetryDelay: '50ms',
  });
}

/** Agents and the operator write to an inventory at any time. */
async function giveBack(deps: ActivityDependencies, fence: Fence, ref: MachineRef, claimed: HostView): Promise<void> {
  for (let host = claimed; ;) {
    try {
      await patchHostRecord(deps, fence, host, { state: 'Available', owner: null });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    const found = await readOwnedHost(deps, ref, host.name);
    if (found.kind !== 'ours') return;
    host = found.host;
  }
}
