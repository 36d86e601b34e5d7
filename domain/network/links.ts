import type { RecordedInterface } from './interfaces.ts';
import { type Connection, connectionOf, interfaceOf } from './keyfile.ts';
import { bondParameters, bridgeParameters, type Parameters } from './link-parameters.ts';
import { type DescribedInterface, kindOf, readVlan, refuseTwins } from './link-kinds.ts';
import { NetworkProblem } from './problem.ts';

/** What an interface is made of. */
export type Link =
  /** Without a MAC it is found by its name. */
  | { kind: 'card'; mac: string | undefined }
  | { kind: 'bond' | 'bridge'; mac: string | undefined; ports: string[]; parameters: Parameters }
  | { kind: 'vlan'; id: number; on: string };

export interface LinkedInterface extends RecordedInterface {
  link: Link;
}

/**
 * Which interfaces are cards, and which are bonds, bridges and VLANs of them, by `kind`, `master`, `name.id` and
 * keyfiles. A bond that is taken for a card makes a host unreachable: what only looks like one is refused.
 * @throws NetworkProblem with the interface
 */
export function linkInterfaces(
  recorded: readonly RecordedInterface[],
  connections: readonly Connection[],
): LinkedInterface[] {
  const all = describe(recorded, connections);
  refuseTwins(all, connections);
  const linked = all.map((nic) => ({ ...nic, link: linkOf(nic, all, connections) }));
  for (const nic of linked) checkPort(nic, linked);
  for (const nic of linked) checkCircle(nic, linked);
  return linked;
}

function describe(recorded: readonly RecordedInterface[], connections: readonly Connection[]): DescribedInterface[] {
  const all = recorded.map((nic): DescribedInterface => {
    const connection = connectionOf(connections, nic.name, nic.permanentMac ?? nic.mac);
    return { ...nic, connection, master: nic.master ?? interfaceOf(connections, connection?.master) };
  });
  // Ports and parents that only keyfiles know.
  connections.forEach((connection, index) => {
    const { interfaceName: name } = connection;
    if (name === undefined || all.some((nic) => nic.name === name)) return;
    const master = interfaceOf(connections, connection.master);
    const needed = all.some((nic) => nic.name === master || readVlan(nic, connections)?.on === name);
    if (!needed) return;
    const blank = { below: undefined, kind: undefined, mode: undefined, mac: undefined, permanentMac: undefined };
    all.push({ ...blank, place: `connections[${index}]`, name, mtu: undefined, addresses: [], master, connection });
  });
  return all;
}

function linkOf(nic: DescribedInterface, all: readonly DescribedInterface[], connections: readonly Connection[]): Link {
  const kind = kindOf(nic, all);
  const options = nic.connection?.options ?? new Map<string, string>();
  switch (kind) {
    case 'card':
      return { kind, mac: cardMac(nic, all) };
    case 'vlan':
      return { kind, ...vlanOf(nic, all, connections) };
    case 'bridge':
      return { kind, mac: nic.mac, ports: portsOf(nic, all, kind), parameters: bridgeParameters(nic.place, options) };
    case 'bond': {
      const ports = portsOf(nic, all, kind);
      const parameters = bondParameters(nic.place, options, nic.mode);
      const { primary, 'fail-over-mac-policy': keepsMacs } = parameters;
      if (typeof primary === 'string' && !ports.includes(primary)) {
        throw new NetworkProblem(`${nic.place}: primary of the bond is none of its ports`);
      }
      return { kind, mac: keepsMacs === undefined ? nic.mac : undefined, ports, parameters };
    }
  }
}

function portsOf({ place, name }: DescribedInterface, all: readonly DescribedInterface[], kind: string): string[] {
  const ports = all.filter(({ master }) => master === name).map((port) => port.name);
  if (ports.length > 0) return ports;
  throw new NetworkProblem(
    `${place}: ${name} is a ${kind} whose ports are not recorded, no interface has it as master`,
  );
}

/** A port of a bond shows the MAC of the bond: where two cards show the same, only their permanent one tells them apart. */
function cardMac(nic: DescribedInterface, all: readonly DescribedInterface[]): string | undefined {
  const permanent = nic.permanentMac ?? sixBytes(nic.connection?.mac);
  const others = all.filter((other) => other !== nic && kindOf(other, all) === 'card');
  if (permanent !== undefined) {
    const twin = others.find((other) => (other.permanentMac ?? sixBytes(other.connection?.mac)) === permanent);
    if (twin !== undefined)
      throw new NetworkProblem(`${nic.place}: ${nic.name} and ${twin.name} have one permanent MAC`);
    return permanent;
  }
  return others.some(({ mac, permanentMac }) => mac === nic.mac || permanentMac === nic.mac) ? undefined : nic.mac;
}

function sixBytes(mac: string | undefined): string | undefined {
  return mac !== undefined && /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(mac) ? mac : undefined;
}

function vlanOf(nic: DescribedInterface, all: readonly DescribedInterface[], connections: readonly Connection[]) {
  const vlan = readVlan(nic, connections);
  if (vlan === undefined) {
    throw new NetworkProblem(
      `${nic.place}: ${nic.name} is a VLAN, and neither its name nor a keyfile gives id and link`,
    );
  }
  if (!all.some(({ name }) => name === vlan.on)) {
    throw new NetworkProblem(`${nic.place}: ${nic.name} looks like a VLAN whose link is not recorded`);
  }
  return vlan;
}

function checkPort({ place, name, master, addresses }: LinkedInterface, all: readonly LinkedInterface[]): void {
  if (master === undefined) return;
  const above = all.find((other) => other.name === master)?.link.kind;
  if (above === undefined) throw new NetworkProblem(`${place}.master: names none of the interfaces`);
  if (above !== 'bond' && above !== 'bridge') throw new NetworkProblem(`${place}.master: neither a bond nor a bridge`);
  if (addresses.length > 0) throw new NetworkProblem(`${place}.addresses: ${name} is a port of ${master}`);
}

function checkCircle({ place, name }: LinkedInterface, all: readonly LinkedInterface[]): void {
  const below = (one: string): readonly string[] => {
    const link = all.find((other) => other.name === one)?.link;
    return link === undefined || link.kind === 'card' ? [] : link.kind === 'vlan' ? [link.on] : link.ports;
  };
  const seen = new Set<string>();
  for (const queue = [...below(name)]; queue.length > 0;) {
    const next = queue.pop();
    if (next === undefined || seen.has(next)) continue;
    if (next === name) throw new NetworkProblem(`${place}: ${name} is made of itself`);
    seen.add(next);
    queue.push(...below(next));
  }
}
