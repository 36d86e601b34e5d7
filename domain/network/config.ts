import { readInterfaces } from './interfaces.ts';
import { spell } from './ip.ts';
import { readConnections } from './keyfile.ts';
import { linkInterfaces } from './links.ts';
import { readNameservers, writeNetplan } from './netplan.ts';
import { NetworkProblem } from './problem.ts';
import { chooseNetwork, type InventoryNetworks } from './recorded.ts';
import { routeInterfaces, seeGateways } from './routes.ts';

export type RenderedNetwork =
  | { kind: 'none' }
  | {
      kind: 'config';
      yaml: string;
      /** What was recorded and is not the host's own, as people are told. */
      leftOut: string[];
    }
  | { kind: 'invalid'; message: string };

/** What the network of a host stands beside. */
export interface NetworkSurroundings {
  /** Host of the cluster's control-plane endpoint. */
  endpoint?: string | undefined;
  /** Other hosts of the pool with their addresses, as `hostAddresses` spells them. */
  neighbours?: readonly { name: string; addresses: readonly string[] }[];
}

/** A plan with the largest user-data still fits into its Secret beside this much. */
const yamlLimitChars = 32 * 1024;
/** cloud-init then leaves the network alone: the host configures it itself. */
const disabled = 'network:\n  config: disabled\n';

/**
 * cloud-init network-config version 2 for a host (system.md section 4). `spec.network` of the inventory wins over
 * `spec.observedNetwork`; in Elemental's form it is the host's business, and cloud-init is told so.
 * The same network always gives the same text.
 */
export function renderNetworkConfig(networks: InventoryNetworks, around: NetworkSurroundings = {}): RenderedNetwork {
  const chosen = chooseNetwork(networks);
  switch (chosen.kind) {
    case 'none':
    case 'invalid':
      return chosen;
    case 'self':
      return { kind: 'config', yaml: disabled, leftOut: [] };
    case 'recorded':
      try {
        const rendered = renderNetwork(chosen.network, around);
        if (rendered.yaml.length > yamlLimitChars) return { kind: 'invalid', message: `${chosen.name}: too large` };
        return { kind: 'config', ...rendered };
      } catch (error) {
        if (error instanceof NetworkProblem) return { kind: 'invalid', message: `${chosen.name}.${error.message}` };
        throw error;
      }
  }
}

function renderNetwork(
  network: Parameters<typeof readConnections>[0],
  { endpoint, neighbours = [] }: NetworkSurroundings,
): { yaml: string; leftOut: string[] } {
  const { interfaces = [], routes = [] } = network;
  const recorded = readInterfaces(interfaces, { endpoint, holdsGateway: seeGateways(routes) });
  for (const { place, addresses } of recorded.own) {
    for (const address of addresses.map(spell)) {
      const other = neighbours.find((neighbour) => neighbour.addresses.includes(address));
      if (other !== undefined) {
        throw new NetworkProblem(`${place}.addresses: ${address} is that of ${other.name} in the same pool, too`);
      }
    }
  }
  const linked = linkInterfaces(recorded.own, readConnections(network));
  const routed = routeInterfaces(linked, routes, recorded.foreignNetworks);
  const { nameservers, leftOut } = readNameservers(network);
  return {
    yaml: writeNetplan(routed.interfaces, nameservers),
    leftOut: [...recorded.leftOut, ...routed.leftOut, ...leftOut],
  };
}
