import { isForeignInterface } from './foreign-interfaces.ts';
import { isMulticast, isUnspecified, readCidr, readIp, spell } from './ip.ts';
import { sortAddresses } from './own-addresses.ts';
import { chooseNetwork, type InventoryNetworks } from './recorded.ts';
import { readGateways } from './routes.ts';

/** What of a list of a host's making is looked at. */
const readLimit = 8192;

/**
 * A host's own addresses, without their prefixes, each in its one spelling; the explicit network wins (system.md
 * section 4). A host wrote them: what is none is left out.
 * @param limit how many, at most
 * @param endpoint host of the cluster's control-plane endpoint, where it is known
 */
export function hostAddresses(networks: InventoryNetworks, limit: number, endpoint?: string): string[] {
  const chosen = [chooseNetwork(networks), chooseNetwork({ observedNetwork: networks.observedNetwork })];
  for (const network of chosen) {
    const addresses = addressesOf(network, endpoint);
    if (addresses.length > 0) return [...new Set(addresses)].slice(0, limit);
  }
  return [];
}

function addressesOf(recorded: ReturnType<typeof chooseNetwork>, endpoint: string | undefined): string[] {
  switch (recorded.kind) {
    case 'none':
    case 'invalid':
      return [];
    case 'self':
      return recorded.addresses
        .slice(0, readLimit)
        .flatMap((text) => readIp(text) ?? [])
        .map(spell);
    case 'recorded': {
      const { interfaces = [], routes = [] } = recorded.network;
      const around = { endpoint, gateways: readGateways(routes) };
      return interfaces.slice(0, readLimit).flatMap(({ name, kind, addresses = [] }) => {
        if (isForeignInterface(name.split('@')[0] ?? '', kind)) return [];
        const read = addresses.slice(0, readLimit).flatMap((text) => readCidr(text) ?? []);
        const { own } = sortAddresses(
          read.filter((ip) => !isMulticast(ip) && !isUnspecified(ip)),
          around,
        );
        return own.map(spell);
      });
    }
  }
}
