import { MACHINE_FINALIZER } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import type { BoundHost } from '../../domain/life/machine-life.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import type { Fence } from '../step/fence.ts';
import { findMachine } from '../step/find-machine.ts';
import { bindHost } from './bound-host.ts';
import { findHeldHost } from './held-host.ts';

/**
 * Takes our finalizer, and no other, off a machine that is being deleted and for which no host is recorded any more; such a
 * host is the answer. Nothing if the machine is gone.
 */
export async function dropFinalizerUnlessHeld(
  deps: ActivityDependencies,
  fence: Fence,
  ref: MachineRef,
): Promise<{ kind: 'holdsHost'; host: BoundHost } | undefined> {
  const machine = await findMachine(deps, ref);
  if (machine === undefined || machine.metadata.deletionTimestamp === undefined) return undefined;
  const held = await findHeldHost(deps, ref, machine);
  if (held !== undefined) return { kind: 'holdsHost', host: bindHost(held, machine, undefined) };
  if (!machine.metadata.finalizers.includes(MACHINE_FINALIZER)) return undefined;
  const { namespace, name, uid, resourceVersion } = machine.metadata;
  const finalizers = machine.metadata.finalizers.filter((finalizer) => finalizer !== MACHINE_FINALIZER);
  fence.assertAlive();
  await deps.kube.patch(baremetalMachines, { namespace, name }, { metadata: { uid, resourceVersion, finalizers } });
  return undefined;
}
