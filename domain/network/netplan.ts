import { Scalar, stringify } from 'yaml';
import type { HostNetwork } from '../../api/inventory.ts';
import { readIp } from './ip.ts';
import { NetworkProblem } from './problem.ts';
import type { Route } from './route.ts';
import type { RoutedInterface } from './routes.ts';

export interface Nameservers {
  addresses: string[];
  search?: string[];
}

const dnsName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?$/;
/** `recorded`: what is read at all. The others are those of resolv.conf(5), beyond which cloud-init warns or fails. */
const limits = { recorded: 16, servers: 3, domains: 6, domainCharacters: 256 };

/**
 * Checks servers and search domains. Without a server cloud-init knows no place for domains.
 * @throws NetworkProblem with the field
 */
export function readNameservers({ dnsServers = [], searchDomains = [] }: HostNetwork): {
  nameservers: Nameservers | undefined;
  leftOut: string[];
} {
  if (dnsServers.length > limits.recorded) throw new NetworkProblem('dnsServers: too many');
  if (searchDomains.length > limits.recorded) throw new NetworkProblem('searchDomains: too many');
  dnsServers.forEach((server, index) => {
    if (readIp(server) === undefined) throw new NetworkProblem(`dnsServers[${index}]: not an IP address`);
  });
  searchDomains.forEach((domain, index) => {
    if (!dnsName.test(domain)) throw new NetworkProblem(`searchDomains[${index}]: not a domain`);
  });
  const addresses = [...new Set(dnsServers)].slice(0, limits.servers);
  const search: string[] = [];
  for (const domain of new Set(addresses.length === 0 ? [] : searchDomains)) {
    const fits = [...search, domain].join(' ').length <= limits.domainCharacters;
    if (fits && search.length < limits.domains) search.push(domain);
  }
  const leftOut = [
    ...dnsServers.filter((server) => !addresses.includes(server)).map((server) => `DNS server ${server}`),
    ...searchDomains.filter((domain) => !search.includes(domain)).map((domain) => `search domain ${domain}`),
  ];
  const nameservers = addresses.length === 0 ? undefined : { addresses, ...(search.length > 0 && { search }) };
  return { nameservers, leftOut };
}

/** The YAML text of a network-config version 2. All strings are quoted: YAML 1.1 reads some names and MACs as numbers. */
export function writeNetplan(interfaces: readonly RoutedInterface[], nameservers: Nameservers | undefined): string {
  const reachable = interfaces.filter(({ master }) => master === undefined);
  const resolving =
    reachable.find(({ routes }) => routes.some(({ to }) => to.bits === 0)) ??
    reachable.find(({ addresses }) => addresses.length > 0) ??
    reachable[0];
  // cloud-init's networkd renderer needs `ethernets`, even empty.
  const groups: Record<string, Map<Scalar, unknown>> = { ethernets: new Map() };
  for (const nic of interfaces) {
    const group = (groups[groupNames[nic.link.kind]] ??= new Map());
    const dns = nic === resolving && nameservers !== undefined ? { nameservers } : {};
    group.set(quote(nic.name), { ...linkFields(nic), ...addressFields(nic), ...dns });
  }
  return stringify(
    { version: 2, ...groups },
    { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function quote(key: string): Scalar {
  const scalar = new Scalar(key);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}

const groupNames = { card: 'ethernets', bond: 'bonds', bridge: 'bridges', vlan: 'vlans' } as const;

function linkFields({ name, link }: RoutedInterface): Record<string, unknown> {
  switch (link.kind) {
    case 'card':
      return link.mac === undefined ? {} : { match: { macaddress: link.mac }, 'set-name': name };
    case 'vlan':
      return { id: link.id, link: link.on };
    case 'bond':
    case 'bridge': {
      const { ports: interfaces, mac, parameters } = link;
      const some = Object.keys(parameters).length > 0;
      return { interfaces, ...(mac !== undefined && { macaddress: mac }), ...(some && { parameters }) };
    }
  }
}

function addressFields({ mtu, addresses, routes }: RoutedInterface): Record<string, unknown> {
  return {
    ...(mtu !== undefined && { mtu }),
    ...(addresses.length > 0 && { addresses: addresses.map(({ text }) => text) }),
    ...(routes.length > 0 && { routes: routes.map(routeFields) }),
  };
}

/** A device route has the gateway that stands for none: cloud-init's sysconfig renderer breaks without any. */
function routeFields({ to, via, onLink, metric }: Route): Record<string, unknown> {
  const none = to.family === 4 ? '0.0.0.0' : '::';
  return {
    to: to.text,
    via: via?.text ?? none,
    ...(via === undefined && { scope: 'link' }),
    ...(onLink && { 'on-link': true }),
    ...(metric !== undefined && { metric }),
  };
}
