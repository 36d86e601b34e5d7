import type { CapiCluster } from '../../api/cluster-api.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { BoundHost } from '../../domain/life/machine-life.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { hostAddresses } from '../../domain/network/host-addresses.ts';

/** Addresses of a machine beside its host name, 64 with it (system.md section 4). */
const MAX_ADDRESSES = 63;

/** What a run keeps of the host that its machine holds. Without its Cluster the endpoint's address may be among its own. */
export function bindHost(
  { inventory, host }: { inventory: MachineInventory; host: HostView },
  machine: BaremetalMachine,
  pool: PoolView | undefined,
  cluster?: CapiCluster,
): BoundHost {
  const hostname = hostnameIn(pool, host.name) ?? host.name;
  return {
    inventory: host.name,
    hostname,
    planSecret: planSecretNameOf(host, machine),
    addresses: addressesOf(hostname, inventory, cluster),
    recorded: host.allocationState ?? 'Allocated',
    ...(host.failureDomain !== undefined && { failureDomain: host.failureDomain }),
  };
}

/** Of a host whose operator names none, the one that was known, or that it will be: the operator calls it like the host. */
export function planSecretNameOf(host: HostView, { status }: BaremetalMachine): string {
  return host.planSecretName ?? status?.planSecretRef?.name ?? host.name;
}

/** The host as its Cluster and inventory show it now: its addresses are those of its network. */
export function addressHost(host: BoundHost, inventory: MachineInventory, cluster: CapiCluster | undefined): BoundHost {
  return { ...host, addresses: addressesOf(host.hostname, inventory, cluster) };
}

function addressesOf(
  hostname: string,
  { spec }: MachineInventory,
  cluster: CapiCluster | undefined,
): BoundHost['addresses'] {
  const ips = hostAddresses(spec, MAX_ADDRESSES, cluster?.spec.controlPlaneEndpoint?.host);
  return [{ type: 'Hostname', address: hostname }, ...ips.map((address) => ({ type: 'InternalIP' as const, address }))];
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
