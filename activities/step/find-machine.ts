import type { BaremetalMachine } from '../../api/machine.ts';
import { baremetalMachines } from '../../api/resources.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findReadable } from './unreadable.ts';

/** Reads the machine object of exactly this uid; undefined when it is gone or was made anew. */
export async function findMachine(
  deps: ActivityDependencies,
  machine: MachineRef,
): Promise<BaremetalMachine | undefined> {
  const found = await findReadable(deps, baremetalMachines, { namespace: machine.namespace, name: machine.name });
  return found?.metadata.uid === machine.uid ? found : undefined;
}
