import type { CapiCluster } from '../../api/cluster-api.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { RenderedNetwork } from '../../domain/network/config.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { logStep } from '../step/log.ts';

/** All hosts of a pool, which may be thousands: asked for only if it matters. */
export type HostsOfPool = () => readonly HostView[];

/** The network of a host, beside the endpoint of its cluster and those hosts of its pool that have one of its addresses. */
export async function readNetwork(
  { reader, policy }: ActivityDependencies,
  inventory: MachineInventory,
  hostsOfPool: HostsOfPool,
  cluster: CapiCluster | undefined,
): Promise<RenderedNetwork> {
  const { network, observedNetwork } = inventory.spec;
  if (network === undefined && observedNetwork === undefined) return { kind: 'none' };
  const neighbours = findNeighbours(viewHost(inventory, policy.hostLabels), hostsOfPool());
  return reader.network(
    { network, observedNetwork },
    { endpoint: cluster?.spec.controlPlaneEndpoint?.host, neighbours },
  );
}

/** One whose address is copied to another takes that one's node off the network. */
function findNeighbours(host: HostView, hostsOfPool: readonly HostView[]): Pick<HostView, 'name' | 'addresses'>[] {
  const own = new Set(host.addresses);
  return hostsOfPool
    .filter(({ name, addresses }) => name !== host.name && addresses.some((address) => own.has(address)))
    .map(({ name, addresses }) => ({ name, addresses }));
}

const MAX_TOLD = 64;

/** Tells, in the log, what of a recorded network is not the host's own. */
export function tellLeftOut(machine: MachineRef, host: string, leftOut: readonly string[]): void {
  if (leftOut.length === 0) return;
  const some = leftOut.slice(0, MAX_TOLD);
  const more = leftOut.length - some.length;
  logStep("Left out of the network what is not the host's own", machine, { host, leftOut: some, more });
}
