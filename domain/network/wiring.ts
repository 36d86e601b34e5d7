import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import type { HostNetwork } from '../../api/inventory.ts';

type Interface = NonNullable<HostNetwork['interfaces']>[number];
type Route = NonNullable<HostNetwork['routes']>[number];

/** An interface with the routes that leave by it. */
export interface WiredInterface extends Interface {
  routes: { to: string; via: string | undefined; metric: number | undefined }[];
}

/** A network that cannot be rendered; the message names the field. */
export class NetworkProblem extends Error {}

const ipv4 = z.ipv4();
const ip = z.union([ipv4, z.ipv6()]);
const cidr = z.union([z.cidrv4(), z.cidrv6()]);
const interfaceName = /^(?!\.{1,2}$)[\w.@-]{1,15}$/;
const limits = { interfaces: 64, addresses: 64, routes: 256 };

/**
 * Checks a network and gives each route to its interface.
 * @throws NetworkProblem with the field
 */
export function wireNetwork(network: HostNetwork): WiredInterface[] {
  const wired = wireInterfaces(network.interfaces ?? []);
  const routes = network.routes ?? [];
  if (routes.length > limits.routes) throw new NetworkProblem('routes: too many');
  routes.forEach((route, index) => addRoute(wired, route, `routes[${index}]`));
  return wired.map((nic) => ({ ...nic, routes: nic.routes.filter((route) => !isConnected(route, nic)) }));
}

/** The kernel adds the route to an address's own network by itself; some renderers of cloud-init stumble over it. */
function isConnected({ to, via }: WiredInterface['routes'][number], nic: WiredInterface): boolean {
  if (via !== undefined) return false;
  const [target = '', targetBits] = to.split('/');
  // Link-local addresses belong to each interface and are seldom recorded.
  const addresses = [...(nic.addresses ?? []), 'fe80::/64'];
  return addresses.some((address) => {
    const [base = '', bits] = address.split('/');
    if (isIP(base) !== isIP(target) || Number(targetBits) < Number(bits)) return false;
    const family = isIP(base) === 4 ? 'ipv4' : 'ipv6';
    const network = new BlockList();
    network.addSubnet(base, Number(bits), family);
    return network.check(target, family);
  });
}

function wireInterfaces(interfaces: readonly Interface[]): WiredInterface[] {
  const wired: WiredInterface[] = [];
  if (interfaces.length > limits.interfaces) throw new NetworkProblem('interfaces: too many');
  interfaces.forEach((nic, index) => {
    const place = `interfaces[${index}]`;
    if (nic.name === 'lo') return;
    if (!interfaceName.test(nic.name)) throw new NetworkProblem(`${place}.name: not a name of an interface`);
    const mac = normaliseMac(nic.mac, place);
    if (nic.mtu !== undefined && (nic.mtu < 68 || nic.mtu > 65_536))
      throw new NetworkProblem(`${place}.mtu: not 68 to 65536`);
    const addresses = nic.addresses ?? [];
    if (addresses.length > limits.addresses) throw new NetworkProblem(`${place}.addresses: too many`);
    addresses.forEach((address, at) => {
      if (!cidr.safeParse(address).success) throw new NetworkProblem(`${place}.addresses[${at}]: not CIDR notation`);
    });
    if (wired.some((other) => other.name === nic.name)) throw new NetworkProblem(`${place}.name: stands there twice`);
    if (mac !== undefined && wired.some((other) => other.mac === mac)) {
      throw new NetworkProblem(`${place}.mac: stands there twice`);
    }
    wired.push({ ...nic, ...(mac !== undefined && { mac }), addresses, routes: [] });
  });
  if (wired.length === 0) throw new NetworkProblem('interfaces: none, a host without one would lose its network');
  return wired;
}

function normaliseMac(mac: string | undefined, place: string): string | undefined {
  if (mac === undefined || mac === '') return undefined;
  const spelling = mac.toLowerCase().replaceAll('-', ':');
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(spelling)) throw new NetworkProblem(`${place}.mac: not a MAC address`);
  return spelling;
}

function addRoute(wired: readonly WiredInterface[], route: Route, place: string): void {
  const via = route.gateway || undefined;
  if (via !== undefined && !ip.safeParse(via).success) throw new NetworkProblem(`${place}.gateway: not an IP address`);
  const nic = interfaceOf(wired, route, via, place);
  nic.routes.push({ to: destinationOf(route, via, place), via, metric: metricOf(route, place) });
}

function metricOf(route: Route, place: string): number | undefined {
  if (route.metric !== undefined && (route.metric < 0 || route.metric > 4_294_967_295)) {
    throw new NetworkProblem(`${place}.metric: not 0 to 4294967295`);
  }
  return route.metric;
}

function destinationOf(route: Route, via: string | undefined, place: string): string {
  if (route.destination !== 'default') {
    if (!cidr.safeParse(route.destination).success) {
      throw new NetworkProblem(`${place}.destination: neither CIDR notation nor default`);
    }
    return route.destination;
  }
  if (via === undefined) throw new NetworkProblem(`${place}.gateway: a default route needs one`);
  return ipv4.safeParse(via).success ? '0.0.0.0/0' : '::/0';
}

/** The named interface; without a name the only one, or the one whose network holds the gateway. */
function interfaceOf(
  wired: readonly WiredInterface[],
  route: Route,
  via: string | undefined,
  place: string,
): WiredInterface {
  const named = route.interface || undefined;
  if (named !== undefined) {
    const mac = named.toLowerCase().replaceAll('-', ':');
    const nic = wired.find((one) => one.name === named) ?? wired.find((one) => one.mac === mac);
    if (nic === undefined) throw new NetworkProblem(`${place}.interface: names none of the interfaces`);
    return nic;
  }
  const near = wired.filter((one) => via !== undefined && (one.addresses ?? []).some((address) => holds(address, via)));
  const [nic] = near.length === 1 ? near : wired;
  if (nic === undefined || (near.length !== 1 && wired.length > 1)) {
    throw new NetworkProblem(`${place}.interface: missing, and no single interface is on the gateway's network`);
  }
  return nic;
}

/** Whether an IPv4 network in CIDR notation holds an address; IPv6 is not needed often enough to be guessed. */
function holds(network: string, address: string): boolean {
  if (!ipv4.safeParse(address).success || !z.cidrv4().safeParse(network).success) return false;
  const [base = '', bits = '32'] = network.split('/');
  const shift = 2 ** (32 - Number(bits));
  return Math.floor(toNumber(base) / shift) === Math.floor(toNumber(address) / shift);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
