import { isLinkLocal, isLoopback, isSameIp, isSingle, readIp, type Subnet } from './ip.ts';

/** What tells a host's own addresses from others that it holds for a time. */
export interface Surroundings {
  /** Host of the cluster's control-plane endpoint; a name, or '', tells nothing. */
  endpoint: string | undefined;
  /** Whether a network holds a gateway of the recorded routes. */
  holdsGateway: (network: Subnet) => boolean;
}

export interface SortedAddresses {
  own: Subnet[];
  leftOut: { address: Subnet; why: 'loopback' | 'link-local' | 'virtual' | 'control-plane endpoint' }[];
}

/**
 * Tells the host's own addresses on one interface from those that it only holds: loopback, link-local, a virtual `/32`
 * or `/128` beside a real subnet, and the cluster's endpoint, unless the interface has no other way to its gateway.
 */
export function sortAddresses(addresses: readonly Subnet[], { endpoint, holdsGateway }: Surroundings): SortedAddresses {
  const clusterIp = readIp(endpoint ?? '');
  const lasting = addresses.filter((address) => !isLoopback(address) && !isLinkLocal(address));
  const subnets = countFamilies(lasting.filter((address) => !isSingle(address)));
  const isReal = (address: Subnet): boolean => !isSingle(address) || subnets[address.family] === 0;
  const real = countFamilies(lasting.filter(isReal));
  const own: Subnet[] = [];
  const leftOut: SortedAddresses['leftOut'] = [];
  for (const address of addresses) {
    if (isLoopback(address)) leftOut.push({ address, why: 'loopback' });
    else if (isLinkLocal(address)) leftOut.push({ address, why: 'link-local' });
    else if (!isReal(address)) leftOut.push({ address, why: 'virtual' });
    else if (clusterIp === undefined || !isSameIp(clusterIp, address)) own.push(address);
    else if (real[address.family] === 1 && holdsGateway(address)) own.push(address);
    else leftOut.push({ address, why: 'control-plane endpoint' });
  }
  return { own, leftOut };
}

function countFamilies(addresses: readonly Subnet[]): Record<4 | 6, number> {
  const ipv4 = addresses.filter(({ family }) => family === 4).length;
  return { 4: ipv4, 6: addresses.length - ipv4 };
}
