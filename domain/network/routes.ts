import { isForeignInterface } from './foreign-interfaces.ts';
import { holds, isLinkLocal, isLoopback, isMulticast, isSameIp, readIp, type Subnet } from './ip.ts';
import type { LinkedInterface } from './links.ts';
import { NetworkProblem } from './problem.ts';
import { placeOf, type ReadRoute, readRoute, type Route, type RouteEntry } from './route.ts';
import { rankDefaults, refuseRivals } from './route-metrics.ts';

export interface RoutedInterface extends LinkedInterface {
  routes: Route[];
}

const limits = { recorded: 16_384, own: 256 };
/**
 * Tells whether a network holds one of the gateways that routes name. Of these as many count as a host's own can have; what
 * is none is refused elsewhere.
 */
export function seeGateways(entries: readonly RouteEntry[]): (network: Subnet) => boolean {
  const named = new Set(entries.slice(0, limits.recorded).map(({ gateway = '' }) => gateway));
  const gateways = [...named].slice(0, limits.own).flatMap((gateway) => readIp(gateway) ?? []);
  const known = new Map<string, boolean>();
  return (network) => {
    const key = `${network.value}/${network.bits}`;
    const isHeld = known.get(key) ?? gateways.some((gateway) => holds(network, gateway));
    known.set(key, isHeld);
    return isHeld;
  };
}

/**
 * Gives each route to its interface. Routes that the kernel makes by itself, and those of container networks, are left
 * out.
 * @throws NetworkProblem with the field
 */
export function routeInterfaces(
  linked: readonly LinkedInterface[],
  entries: readonly RouteEntry[],
  foreignNetworks: readonly Subnet[],
): { interfaces: RoutedInterface[]; leftOut: string[] } {
  if (entries.length > limits.recorded) throw new NetworkProblem('routes: too many');
  const interfaces = linked.map((nic): RoutedInterface => ({ ...nic, routes: [] }));
  const leftOut: string[] = [];
  entries.forEach((entry, index) => {
    const place = placeOf({ index });
    if (isForeignInterface((entry.interface ?? '').split('@')[0] ?? '')) {
      leftOut.push(`${place} of ${entry.interface}`);
      return;
    }
    const route = readRoute(entry, index);
    if (isOfKernel(route.to)) return;
    const nic = findInterface(interfaces, entry, route, foreignNetworks);
    if (nic === 'foreign') leftOut.push(`${place} of a container network`);
    else if (!isConnected(route, nic)) addRoute(nic, route, leftOut);
  });
  const all = interfaces.flatMap(({ routes }) => routes);
  rankDefaults(all);
  refuseRivals(all);
  return { interfaces, leftOut };
}

/** The kernel has these routes for each interface; some recorders list them. */
function isOfKernel(to: Subnet): boolean {
  return isLinkLocal(to) || isLoopback(to) || isMulticast(to);
}

/** The kernel adds the route to an address's own network by itself; some renderers of cloud-init stumble over it. */
function isConnected({ to, via }: ReadRoute, { addresses }: LinkedInterface): boolean {
  return via === undefined && addresses.some((address) => holds(address, to));
}

/** The named interface; without a name the one whose network holds the gateway, or the only one with an address. */
function findInterface(
  interfaces: readonly RoutedInterface[],
  entry: RouteEntry,
  route: ReadRoute,
  foreignNetworks: readonly Subnet[],
): RoutedInterface | 'foreign' {
  const { via } = route;
  const place = placeOf(route);
  const named = (entry.interface ?? '').split('@')[0] || undefined;
  if (named !== undefined) {
    const mac = (entry.interface ?? '').toLowerCase().replaceAll('-', ':');
    const nic = interfaces.find(({ name }) => name === named) ?? interfaces.find((one) => one.mac === mac);
    if (nic === undefined) throw new NetworkProblem(`${place}.interface: names none of the interfaces`);
    if (nic.master === undefined) return nic;
    return interfaces.find(({ name }) => name === nic.master) ?? nic;
  }
  const near = interfaces.filter(({ addresses }) => via && addresses.some((address) => holds(address, via)));
  if (near.length === 0 && via && foreignNetworks.some((network) => holds(network, via))) return 'foreign';
  const candidates = near.length > 0 ? near : interfaces.filter(({ addresses }) => addresses.length > 0);
  const [nic] = candidates.length > 0 ? candidates : interfaces;
  if (nic === undefined || candidates.length > 1 || (candidates.length === 0 && interfaces.length > 1)) {
    throw new NetworkProblem(`${place}.interface: missing, and no single interface is on the gateway's network`);
  }
  return nic;
}

function addRoute(nic: RoutedInterface, route: ReadRoute, leftOut: string[]): void {
  const { index, to, via, metric } = route;
  if (nic.addresses.length === 0) {
    if (via === undefined || !isLinkLocal(via)) {
      throw new NetworkProblem(
        `${placeOf(route)}.interface: ${nic.name} has no address, and cloud-init would lose the route`,
      );
    }
    leftOut.push(`${placeOf(route)} of ${nic.name}, which has no address`);
    return;
  }
  const onLink = via !== undefined && !isLinkLocal(via) && !nic.addresses.some((address) => holds(address, via));
  const twin = nic.routes.find((other) => isSameRoute(other, route));
  if (twin !== undefined) return;
  nic.routes.push({ index, to, via, onLink, metric });
  if (nic.routes.length > limits.own) throw new NetworkProblem('routes: too many');
}

function isSameRoute(one: ReadRoute, other: ReadRoute): boolean {
  const sameVia =
    one.via === undefined || other.via === undefined ? one.via === other.via : isSameIp(one.via, other.via);
  return isSameIp(one.to, other.to) && one.to.bits === other.to.bits && sameVia && one.metric === other.metric;
}
