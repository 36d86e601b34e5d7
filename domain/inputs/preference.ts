import { foreign } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';

/** Which of the hosts that it can have a machine would rather have. */
export interface Preference {
  /** What makes machines like it, see `groupOf`. undefined: nothing, and it prefers none. */
  group: string | undefined;
  /** Those that its group used last. */
  reuses: boolean;
  /** Those in the failure domain with the fewest machines of its group. */
  spreads: boolean;
}

/** Of a machine that does not say, or that nobody knows. */
export const noPreference: Preference = { group: undefined, reuses: false, spreads: false };

/** What a template asks for, for machines of the group. */
export function preferenceOf(
  { hostReuse, allocationPolicy }: Pick<BaremetalMachine['spec'], 'hostReuse' | 'allocationPolicy'>,
  group: string | undefined,
): Preference {
  return { group, reuses: hostReuse === 'Prefer', spreads: allocationPolicy === 'Spread' };
}

/**
 * The group that a machine belongs to by the labels that Cluster API gives it, as `kind/name`: its MachineDeployment, the
 * control plane of its Cluster, or else its MachineSet. undefined: a Machine that stands alone.
 */
export function groupOf({ labels }: Pick<BaremetalMachine['metadata'], 'labels'>): string | undefined {
  const deployment = labels[foreign.deploymentNameLabel];
  if (deployment !== undefined) return deploymentGroup(deployment);
  if (foreign.controlPlaneLabel in labels) {
    const controlPlane = labels[foreign.controlPlaneNameLabel] ?? labels[foreign.clusterNameLabel];
    return controlPlane === undefined ? undefined : `ControlPlane/${controlPlane}`;
  }
  const set = labels[foreign.machineSetNameLabel];
  return set === undefined ? undefined : `MachineSet/${set}`;
}

/** The group of the machines of a MachineDeployment. */
export function deploymentGroup(name: string): string {
  return `MachineDeployment/${name}`;
}
