import { isIP } from 'node:net';

/** An address, or an address with the length of its network's prefix. */
export interface Subnet {
  /** As it was recorded. */
  text: string;
  family: 4 | 6;
  /** Address as a number. */
  value: bigint;
  /** Bits of the prefix. */
  bits: number;
}

/** An address without a prefix, as a subnet of itself. Undefined: not an address. */
export function readIp(text: string): Subnet | undefined {
  const family = text.includes('%') ? 0 : isIP(text);
  if (family === 4) return { text, family, value: joinParts(text.split('.').map(Number), 256n), bits: 32 };
  if (family === 6) return { text, family, value: joinParts(hexGroups(text), 65_536n), bits: 128 };
  return undefined;
}

/** CIDR notation. Undefined: not that. */
export function readCidr(text: string): Subnet | undefined {
  const [, address = '', length = ''] = /^([0-9a-f.:]{2,45})\/(0|[1-9]\d{0,2})$/i.exec(text) ?? [];
  const ip = readIp(address);
  const bits = Number(length);
  return ip === undefined || bits > ip.bits ? undefined : { ...ip, text, bits };
}

export function isSameIp(one: Subnet, other: Subnet): boolean {
  return one.family === other.family && one.value === other.value;
}

/** Whether the network of a subnet holds an address, or all of another network. */
export function holds(network: Subnet, inner: Subnet): boolean {
  return (
    network.family === inner.family &&
    inner.bits >= network.bits &&
    prefixOf(inner, network.bits) === prefixOf(network, network.bits)
  );
}

/** Whether it is an address in its network, rather than the network. */
export function hasHostBits(subnet: Subnet): boolean {
  return prefixOf(subnet, subnet.bits) << restOf(subnet, subnet.bits) !== subnet.value;
}

/** A single address: a host's own only if the interface has no real subnet. */
export function isSingle({ family, bits }: Subnet): boolean {
  return bits === (family === 4 ? 32 : 128);
}

/** The address without its prefix, in its one spelling. */
export function spell({ text, family }: Subnet): string {
  const address = text.split('/')[0] ?? text;
  return family === 4 ? address : new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

const among = (...networks: string[]) => {
  const known = networks.flatMap((network) => readCidr(network) ?? []);
  return (ip: Subnet): boolean => known.some((network) => holds(network, ip));
};

export const isLoopback = among('127.0.0.0/8', '::1/128');
export const isLinkLocal = among('169.254.0.0/16', 'fe80::/10');
export const isMulticast = among('224.0.0.0/4', 'ff00::/8');
/** The address that stands for none. */
export const isUnspecified = (ip: Subnet): boolean => ip.value === 0n;

function restOf({ family }: Subnet, bits: number): bigint {
  return BigInt((family === 4 ? 32 : 128) - bits);
}

function prefixOf(ip: Subnet, bits: number): bigint {
  return ip.value >> restOf(ip, bits);
}

function joinParts(parts: readonly number[], base: bigint): bigint {
  return parts.reduce((sum, part) => sum * base + BigInt(part), 0n);
}

/** The eight groups of an IPv6 address; the URL parser knows its spellings. */
function hexGroups(text: string): number[] {
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}
