import type { HostNetwork } from '../../api/inventory.ts';
import { isForeignInterface } from './foreign-interfaces.ts';
import { isMulticast, isUnspecified, readCidr, spell, type Subnet } from './ip.ts';
import { sortAddresses, type Surroundings } from './own-addresses.ts';
import { NetworkProblem } from './problem.ts';

type Entry = NonNullable<HostNetwork['interfaces']>[number];

/** An interface of the host as its inventory recorded it, each field checked by itself. */
export interface RecordedInterface {
  /** How messages name it: `interfaces[2]`. */
  place: string;
  name: string;
  /** What stands behind the `@` in the name: the interface below it. */
  below: string | undefined;
  kind: string | undefined;
  master: string | undefined;
  mode: string | undefined;
  /** Six bytes, lower case; undefined for cards that have none, or another kind of it. */
  mac: string | undefined;
  permanentMac: string | undefined;
  mtu: number | undefined;
  /** The host's own, without those that it only holds. */
  addresses: Subnet[];
}

export interface RecordedInterfaces {
  own: RecordedInterface[];
  /** Networks behind interfaces that are not the host's own. */
  foreignNetworks: Subnet[];
  /** Interfaces and addresses that are not the host's own, as people are told. */
  leftOut: string[];
}

const interfaceName = /^(?!\.{1,2}$)[\w.-]{1,15}$/;
/** A node has an interface for each of its pods, and a service address for each of the cluster's services. */
const limits = { recorded: 8192, own: 256, addresses: 1024, foreign: 64 };

/** @throws NetworkProblem with the field */
export function readInterfaces(entries: readonly Entry[], around: Surroundings): RecordedInterfaces {
  if (entries.length > limits.recorded) throw new NetworkProblem('interfaces: too many');
  const result: RecordedInterfaces = { own: [], foreignNetworks: [], leftOut: [] };
  entries.forEach((entry, index) => {
    const place = `interfaces[${index}]`;
    const [name = '', below] = entry.name.split('@');
    if (!interfaceName.test(name)) throw new NetworkProblem(`${place}.name: not a name of an interface`);
    if (isForeignInterface(name, entry.kind)) {
      const networks = (entry.addresses ?? []).slice(0, limits.foreign).flatMap((text) => readCidr(text) ?? []);
      result.foreignNetworks.push(...networks);
      result.leftOut.push(name);
      return;
    }
    if (result.own.some((other) => other.name === name)) {
      throw new NetworkProblem(`${place}.name: ${name} stands there twice`);
    }
    if (result.own.length === limits.own) throw new NetworkProblem('interfaces: too many');
    result.own.push(readInterface({ entry, place, name, below }, around, result.leftOut));
  });
  if (result.own.length === 0) {
    throw new NetworkProblem('interfaces: none of the host, which would lose its network');
  }
  if (result.own.flatMap(({ addresses }) => addresses).length > limits.addresses) {
    throw new NetworkProblem('interfaces: too many addresses');
  }
  checkDistinct(result.own);
  return result;
}

function readInterface(
  { entry, place, name, below }: { entry: Entry; place: string; name: string; below: string | undefined },
  around: Surroundings,
  leftOut: string[],
): RecordedInterface {
  const { mtu } = entry;
  if (mtu !== undefined && (mtu < 68 || mtu > 65_536)) throw new NetworkProblem(`${place}.mtu: not 68 to 65536`);
  const sorted = sortAddresses(readAddresses(entry.addresses ?? [], place), around);
  leftOut.push(...sorted.leftOut.map(({ address, why }) => `${name} ${address.text} (${why})`));
  return {
    place,
    name,
    below,
    kind: textOf(entry.kind)?.toLowerCase(),
    master: textOf(entry.master),
    mode: textOf(entry.mode),
    mac: readMac(entry.mac, `${place}.mac`),
    permanentMac: readMac(entry.permanentMac, `${place}.permanentMac`),
    mtu,
    addresses: sorted.own,
  };
}

function readAddresses(texts: readonly string[], place: string): Subnet[] {
  if (texts.length > limits.recorded) throw new NetworkProblem(`${place}.addresses: too many`);
  return texts.map((text, index) => {
    const address = readCidr(text);
    if (address === undefined) throw new NetworkProblem(`${place}.addresses[${index}]: not CIDR notation`);
    if (isUnspecified(address) || isMulticast(address) || address.bits === 0) {
      throw new NetworkProblem(`${place}.addresses[${index}]: not an address of a host`);
    }
    return address;
  });
}

function checkDistinct(interfaces: readonly RecordedInterface[]): void {
  const seen = new Map<string, string>();
  for (const { place, name, addresses } of interfaces) {
    for (const address of addresses) {
      const before = seen.get(spell(address));
      if (before !== undefined) {
        throw new NetworkProblem(`${place}.addresses: ${spell(address)} stands there twice, first at ${before}`);
      }
      seen.set(spell(address), name);
    }
  }
}

/** Undefined too for what is no six-byte MAC, like that of InfiniBand: such a card is found by its name. */
function readMac(text: string | undefined, place: string): string | undefined {
  const mac = (text ?? '').toLowerCase().replaceAll('-', ':');
  if (mac === '' || /^0?0(?::00?)*$/.test(mac)) return undefined;
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){1,31}$/.test(mac)) throw new NetworkProblem(`${place}: not a MAC address`);
  return mac.length === 17 ? mac : undefined;
}

function textOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
