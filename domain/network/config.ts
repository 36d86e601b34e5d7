import { z } from 'zod';
import { type HostNetwork, networkSchema } from '../../api/inventory.ts';
import { NetworkProblem, type WiredInterface, wireNetwork } from './wiring.ts';

export type RenderedNetwork =
  | { kind: 'none' }
  | { kind: 'config'; yaml: string }
  | { kind: 'invalid'; message: string };

const ip = z.union([z.ipv4(), z.ipv6()]);
const dnsName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?$/;
const serverLimit = 16;
/** A plan with the largest user-data still fits into its Secret beside this much. */
const yamlLimitChars = 32 * 1024;

/**
 * cloud-init network-config version 2 for a host (system.md section 4). `spec.network` of the inventory wins over
 * `spec.observedNetwork`; without fields of ours (upstream's `spec.network` has others) a network counts as absent.
 * The same network always gives the same text.
 */
export function renderNetworkConfig(explicit: unknown, observed: unknown): RenderedNetwork {
  const chosen = hasContent(explicit)
    ? { name: 'spec.network', value: explicit }
    : { name: 'spec.observedNetwork', value: observed };
  if (!hasContent(chosen.value)) return { kind: 'none' };
  const parsed = networkSchema.safeParse(chosen.value);
  if (!parsed.success) {
    const path = (parsed.error.issues[0]?.path ?? []).filter((step) => typeof step !== 'symbol');
    return { kind: 'invalid', message: `${chosen.name}: ${path.join('.') || 'the value'} has the wrong type` };
  }
  try {
    const yaml = renderNetwork(parsed.data);
    if (yaml.length > yamlLimitChars) return { kind: 'invalid', message: `${chosen.name}: too large` };
    return { kind: 'config', yaml };
  } catch (error) {
    if (error instanceof NetworkProblem) return { kind: 'invalid', message: `${chosen.name}.${error.message}` };
    throw error;
  }
}

function hasContent(network: unknown): boolean {
  if (typeof network !== 'object' || network === null) return false;
  const ours: readonly string[] = Object.keys(networkSchema.shape);
  return Object.entries(network).some(
    ([key, value]) => ours.includes(key) && value !== null && !(Array.isArray(value) && value.length === 0),
  );
}

function renderNetwork(network: HostNetwork): string {
  const wired = wireNetwork(network);
  const nameservers = renderNameservers(network);
  const resolving =
    wired.find((nic) => nic.routes.some((route) => /^(?:0\.0\.0\.0|::)\/0$/.test(route.to))) ?? wired[0];
  const lines = ['version: 2', 'ethernets:'];
  for (const nic of wired) lines.push(...renderInterface(nic), ...(nic === resolving ? nameservers : []));
  return `${lines.join('\n')}\n`;
}

function renderNameservers({ dnsServers = [], searchDomains = [] }: HostNetwork): string[] {
  if (dnsServers.length > serverLimit) throw new NetworkProblem('dnsServers: too many');
  if (searchDomains.length > serverLimit) throw new NetworkProblem('searchDomains: too many');
  dnsServers.forEach((server, index) => {
    if (!ip.safeParse(server).success) throw new NetworkProblem(`dnsServers[${index}]: not an IP address`);
  });
  searchDomains.forEach((domain, index) => {
    if (!dnsName.test(domain)) throw new NetworkProblem(`searchDomains[${index}]: not a domain`);
  });
  if (dnsServers.length + searchDomains.length === 0) return [];
  return [
    '    nameservers:',
    ...renderList('      addresses', dnsServers),
    ...renderList('      search', searchDomains),
  ];
}

/** All strings are quoted: YAML 1.1 reads a MAC of decimal digits as a number in base 60. */
function renderInterface(nic: WiredInterface): string[] {
  const name = JSON.stringify(nic.name);
  const lines = [`  ${name}:`];
  if (nic.mac !== undefined) {
    lines.push('    match:', `      macaddress: ${JSON.stringify(nic.mac)}`, `    set-name: ${name}`);
  }
  if (nic.mtu !== undefined) lines.push(`    mtu: ${nic.mtu}`);
  lines.push(...renderList('    addresses', nic.addresses ?? []));
  if (nic.routes.length > 0) lines.push('    routes:');
  for (const { to, via, metric } of nic.routes) {
    lines.push(`      - to: ${JSON.stringify(to)}`);
    if (via === undefined) lines.push('        scope: "link"');
    else lines.push(`        via: ${JSON.stringify(via)}`);
    if (metric !== undefined) lines.push(`        metric: ${metric}`);
  }
  return lines.length === 1 ? [`  ${name}: {}`] : lines;
}

function renderList(key: string, values: readonly string[]): string[] {
  const indent = key.length - key.trimStart().length + 2;
  return values.length === 0
    ? []
    : [`${key}:`, ...values.map((value) => `${' '.repeat(indent)}- ${JSON.stringify(value)}`)];
}
