import type { CapiCluster } from '../../api/cluster-api.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { RenderedNetwork } from '../../domain/network/config.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { logStep } from '../step/log.ts';

/** The network of a host, beside the endpoint of its cluster and those hosts of its pool that have one of its addresses. */
export function readNetwork(
  { reader, policy }: ActivityDependencies,
  inventory: MachineInventory,
  hostsOfPool: readonly HostView[],
  cluster: CapiCluster | undefined,
): Promise<RenderedNetwork> {
  const { network, observedNetwork } = inventory.spec;
  const own = new Set(viewHost(inventory, policy.hostLabels).addresses);
  // One whose address is copied to another takes that one's node off the network.
  const neighbours = hostsOfPool
    .filter(({ name, addresses }) => name !== inventory.metadata.name && addresses.some((address) => own.has(address)))
    .map(({ name, addresses }) => ({ name, addresses }));
  return reader.network(
    { network, observedNetwork },
    { endpoint: cluster?.spec.controlPlaneEndpoint?.host, neighbours },
  );
}

const MAX_TOLD = 64;

/** Tells, in the log, what of a recorded network is not the host's own. */
export function tellLeftOut(machine: MachineRef, host: string, leftOut: readonly string[]): void {
  if (leftOut.length === 0) return;
  const some = leftOut.slice(0, MAX_TOLD);
  const more = leftOut.length - some.length;
  logStep("Left out of the network what is not the host's own", machine, { host, leftOut: some, more });
}
