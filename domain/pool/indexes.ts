import { inventoryOfProviderId } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { HostView } from '../inputs/host-view.ts';
import type { MachineView } from '../inputs/machine-view.ts';

/** Indexes that the store of hosts needs; the value of each is a `keyText`. */
export const hostIndexes = {
  /** By the pool in the host's annotation. */
  pool: (host: HostView): string | undefined =>
    host.pool === undefined ? undefined : keyText({ namespace: host.namespace, name: host.pool }),
  /** By the host's plan Secret, so that an event of the Secret finds the host. */
  planSecret: (host: HostView): string | undefined =>
    host.planSecretName === undefined ? undefined : keyText({ namespace: host.namespace, name: host.planSecretName }),
};

/** Indexes that the store of machines needs; the value of each is a `keyText`. */
export const machineIndexes = {
  /** By the pool that the machine takes its host from. */
  pool: (machine: MachineView): string | undefined => keyText({ namespace: machine.namespace, name: machine.pool }),
  /** By the host that `spec.providerID` names. */
  providerHost: (machine: MachineView): string | undefined => {
    const name = inventoryOfProviderId(machine.providerID ?? '');
    return name === undefined ? undefined : keyText({ namespace: machine.namespace, name });
  },
  /** By the CAPI Cluster. */
  cluster: (machine: MachineView): string | undefined =>
    machine.clusterName === undefined
      ? undefined
      : keyText({ namespace: machine.namespace, name: machine.clusterName }),
};

/** Indexes that claims need. */
export const claimIndexes = {
  machines: {
    ...machineIndexes,
    /** By the host that a machine without a node names: it has claimed it, or is about to. */
    wantedHost: ({ namespace, inventory, providerID }: MachineView): string | undefined =>
      inventory === undefined || providerID !== undefined ? undefined : keyText({ namespace, name: inventory }),
  },
  hosts: {
    /** By the uid of the machine that has claimed the host. */
    ownerUid: ({ owner }: HostView): string | undefined => owner?.uid,
  },
};

/** `namespace/name`, the value of every index. */
export function keyText({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}
