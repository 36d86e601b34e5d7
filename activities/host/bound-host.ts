import { isIP } from 'node:net';
import type { MachineInventory } from '../../api/inventory.ts';
import { networkSchema } from '../../api/inventory.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { BoundHost } from '../../domain/life/machine-life.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';

/** Addresses of a machine beside its host name, 64 with it (system.md section 4). */
const MAX_ADDRESSES = 63;
const MAX_ADDRESS_LENGTH = 64;

/** What a run keeps of the host that its machine holds. */
export function bindHost(
  { inventory, host }: { inventory: MachineInventory; host: HostView },
  machine: BaremetalMachine,
  pool: PoolView | undefined,
): BoundHost {
  const hostname = hostnameIn(pool, host.name) ?? host.name;
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

/** The host under the name that its pool gives it now; one that the pool has dropped keeps its name. */
export function renameHost(host: BoundHost, pool: PoolView | undefined): BoundHost {
  const hostname = hostnameIn(pool, host.inventory) ?? host.hostname;
  const addresses = host.addresses.map((known) =>
    known.type === 'Hostname' ? { ...known, address: hostname } : known,
  );
  return { ...host, hostname, addresses };
}

function hostnameIn(pool: PoolView | undefined, inventory: string): string | undefined {
  const member = pool?.members.find(({ name }) => name === inventory);
  return member && (member.hostname ?? inventory);
}

/** A host wrote them: what is no address is left out, and so is what would make the status, and each payload with it, grow. */
function readIps(cidrs: readonly string[]): string[] {
  const ips: string[] = [];
  for (const cidr of cidrs) {
    if (ips.length === MAX_ADDRESSES) break;
    const ip = cidr.slice(0, MAX_ADDRESS_LENGTH).split('/')[0] ?? '';
    if (isIP(ip) !== 0) ips.push(ip);
  }
  return ips;
}

/**
 * Addresses of the recorded network, without their prefix lengths; the explicit one wins (system.md section 4).
 */
function hostIps({ spec }: MachineInventory): string[] {
  for (const recorded of [spec.network, spec.observedNetwork]) {
    const network = networkSchema.safeParse(recorded ?? {});
    const addresses = network.data?.interfaces?.flatMap((nic) => nic.addresses ?? []) ?? [];
    if (addresses.length > 0) return readIps(addresses);
  }
  return [];
}
