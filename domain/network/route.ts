import type { HostNetwork } from '../../api/inventory.ts';
import { hasHostBits, isUnspecified, readCidr, readIp, type Subnet } from './ip.ts';
import { NetworkProblem } from './problem.ts';

export type RouteEntry = NonNullable<HostNetwork['routes']>[number];

/** A route as it is written. */
export interface Route {
  /** Its place in the declared order. */
  index: number;
  to: Subnet;
  /** Undefined: a device route, whose destination is on the link. */
  via: Subnet | undefined;
  /** No subnet of the interface holds the gateway: it is on the link all the same. */
  onLink: boolean;
  metric: number | undefined;
}

export type ReadRoute = Omit<Route, 'onLink'>;

/** How messages name it. */
export function placeOf({ index }: Pick<Route, 'index'>): string {
  return `routes[${index}]`;
}

const families = { 4: '0.0.0.0/0', 6: '::/0' } as const;

/** @throws NetworkProblem with the field */
export function readRoute(entry: RouteEntry, index: number): ReadRoute {
  const place = placeOf({ index });
  const gateway = entry.gateway || undefined;
  const via = gateway === undefined ? undefined : readIp(gateway);
  if (gateway !== undefined && via === undefined) throw new NetworkProblem(`${place}.gateway: not an IP address`);
  const to = readDestination(entry.destination, via, place);
  if (via !== undefined && via.family !== to.family) {
    throw new NetworkProblem(`${place}.gateway: IPv${via.family}, but the destination is IPv${to.family}`);
  }
  const { metric } = entry;
  if (metric !== undefined && (metric < 0 || metric > 4_294_967_295)) {
    throw new NetworkProblem(`${place}.metric: not 0 to 4294967295`);
  }
  return { index, to, via: via !== undefined && isUnspecified(via) ? undefined : via, metric };
}

function readDestination(destination: string, via: Subnet | undefined, place: string): Subnet {
  if (destination === 'default' && via === undefined) {
    throw new NetworkProblem(`${place}.gateway: a default route needs one`);
  }
  const to = readCidr(destination === 'default' ? families[via?.family ?? 4] : destination);
  if (to === undefined) throw new NetworkProblem(`${place}.destination: neither CIDR notation nor default`);
  if (hasHostBits(to)) throw new NetworkProblem(`${place}.destination: an address in its network, not the network`);
  return to;
}
