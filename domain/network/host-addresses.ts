import { isForeignInterface } from './foreign-interfaces.ts';
import { isMulticast, isUnspecified, readCidr, readIp, spell } from './ip.ts';
import { sortAddresses } from './own-addresses.ts';
import { chooseNetwork, type InventoryNetworks } from './recorded.ts';
import { seeGateways } from './routes.ts';

/**
 * So many addresses are looked at, those of container networks not counted: this runs where everything else does, for
 * each change of an inventory.
 */
const readLimit = 2048;

/**
 * A host's own addresses, without their prefixes, each in its one spelling; the explicit network wins (system.md
 * section 4). A host wrote them: what is none is left out.
 * @param limit how many, at most
 * @param endpoint host of the cluster's control-plane endpoint, where it is known
 */
export function hostAddresses(networks: InventoryNetworks, limit: number, endpoint?: string): string[] {
  const chosen = addressesOf(chooseNetwork(networks), endpoint);
  const { network, observedNetwork } = networks;
  const isTold = chosen.length > 0 || network === undefined;
  const addresses = isTold ? chosen : addressesOf(chooseNetwork({ observedNetwork }), endpoint);
  return [...new Set(addresses)].slice(0, limit);
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
      const around = { endpoint, holdsGateway: seeGateways(routes) };
      let left = readLimit;
      return interfaces.flatMap(({ name, kind, addresses = [] }) => {
        if (left <= 0 || isForeignInterface(name.split('@')[0] ?? '', kind)) return [];
        const read = addresses.slice(0, left).flatMap((text) => readCidr(text) ?? []);
        left -= addresses.length;
        const { own } = sortAddresses(
          read.filter((ip) => !isMulticast(ip) && !isUnspecified(ip)),
          around,
        );
        return own.map(spell);
      });
    }
  }
}
