import type { MachineInventory } from '../api/inventory.ts';
import { networkSchema } from '../api/inventory.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import type { HostView } from '../domain/host-view.ts';
import type { BoundHost } from '../domain/machine-life.ts';
import type { PoolView } from '../domain/pool-view.ts';

/** What a run keeps of the host that its machine holds. */
export function bindHost(
  { inventory, host }: { inventory: MachineInventory; host: HostView },
  machine: BaremetalMachine,
  pool: PoolView | undefined,
): BoundHost {
  const member = pool?.members.find(({ name }) => name === host.name);
  const hostname = member?.hostname ?? host.name;
  return {
    inventory: host.name,
    hostname,
    planSecret: host.planSecretName ?? machine.status?.planSecretRef?.name ?? host.name,
    addresses: [
      { type: 'Hostname', address: hostname },
      ...hostIps(inventory).map((address) => ({ type: 'InternalIP' as const, address })),
    ],
    recorded: host.allocationState ?? 'Allocated',
  };
}

/** Addresses of the recorded network, without their prefix lengths; the explicit one wins (system.md section 4). */
function hostIps({ spec }: MachineInventory): string[] {
  for (const recorded of [spec.network, spec.observedNetwork]) {
    const network = networkSchema.safeParse(recorded ?? {});
    const addresses = network.data?.interfaces?.flatMap((nic) => nic.addresses ?? []) ?? [];
    if (addresses.length > 0) return addresses.map((cidr) => cidr.split('/')[0] ?? cidr).filter((ip) => ip !== '');
  }
  return [];
}
