import type { RecordedInterface } from './interfaces.ts';
import { type Connection, interfaceOf } from './keyfile.ts';
import { NetworkProblem } from './problem.ts';

/** An interface with what a keyfile adds. */
export interface DescribedInterface extends RecordedInterface {
  connection: Connection | undefined;
}

export type LinkKind = 'card' | 'bond' | 'bridge' | 'vlan';

const kinds: Readonly<Record<string, LinkKind>> = {
  bond: 'bond',
  bridge: 'bridge',
  vlan: 'vlan',
  ethernet: 'card',
  physical: 'card',
  device: 'card',
  infiniband: 'card',
  ipoib: 'card',
  '802-3-ethernet': 'card',
};
const vlanName = /^(.+)\.(\d{1,4})$/;
const lastVlan = 4094;

/** @throws NetworkProblem for a kind that is not known, and for what looks like one of several cards without saying so */
export function kindOf(nic: DescribedInterface, all: readonly DescribedInterface[]): LinkKind {
  const said = nic.kind ?? nic.connection?.type;
  if (said !== undefined) {
    const known = Object.hasOwn(kinds, said) ? kinds[said] : undefined;
    if (known !== undefined) return known;
    const word = /^[\w-]{1,32}$/.test(said) ? said : 'what it says';
    throw new NetworkProblem(`${nic.place}.kind: ${word} is not supported`);
  }
  if (hasVlanName(nic.name)) return 'vlan';
  const word = describeName(nic.name) ?? (all.some(({ master }) => master === nic.name) ? 'bond' : undefined);
  if (word !== undefined) {
    throw new NetworkProblem(`${nic.place}: ${nic.name} looks like a ${word} whose kind and ports are not recorded`);
  }
  return 'card';
}

/**
 * Cards do not share a MAC. Of interfaces that do, one that is not said to be a port is one that was forgotten.
 * @throws NetworkProblem that names them
 */
export function refuseTwins(all: readonly DescribedInterface[], connections: readonly Connection[]): void {
  for (const nic of all) {
    const { place, mac } = nic;
    if (mac === undefined || nic.master !== undefined || !mayBeCard(nic)) continue;
    const above = namesAbove(nic, all, connections);
    const twins = all.filter((other) => other.mac === mac && !isVlan(other) && !above.has(other.name));
    if (twins.length < 2) continue;
    const word = twins.map(({ name }) => describeName(name)).find((found) => found !== undefined) ?? 'bond';
    const names = twins.map(({ name }) => name).join(', ');
    throw new NetworkProblem(
      `${place}: looks like a ${word}, ${names} have one MAC; record kind and master of each, or their keyfiles`,
    );
  }
}

/** Id and link of a VLAN: from its keyfile, else from its name. */
export function readVlan(
  nic: DescribedInterface,
  connections: readonly Connection[],
): { id: number; on: string } | undefined {
  if (!isVlan(nic)) return undefined;
  const options = nic.connection?.options;
  const [, base, suffix] = vlanName.exec(nic.name) ?? [];
  const below = nic.below !== undefined && !/^(?:if\d+|NONE)$/.test(nic.below) ? nic.below : undefined;
  const on = interfaceOf(connections, options?.get('parent')) ?? below ?? base;
  const id = Number(options?.get('id') ?? suffix ?? /^vlan(\d{1,4})$/.exec(nic.name)?.[1] ?? Number.NaN);
  return on === undefined || !Number.isInteger(id) || id < 1 || id > lastVlan ? undefined : { id, on };
}

function isVlan({ kind, connection, name }: DescribedInterface): boolean {
  const said = kind ?? connection?.type;
  return said === undefined ? hasVlanName(name) : said === 'vlan';
}

/** What is made of an interface: the VLANs on it, and the bonds and bridges of these. They may have its MAC. */
function namesAbove(
  nic: DescribedInterface,
  all: readonly DescribedInterface[],
  connections: readonly Connection[],
): Set<string> {
  const found = new Set<string>();
  for (const queue = [nic]; queue.length > 0;) {
    const below = queue.pop();
    const next = all.filter((one) => one.name === below?.master || readVlan(one, connections)?.on === below?.name);
    queue.push(...next.filter(({ name }) => !found.has(name)));
    for (const { name } of next) found.add(name);
  }
  return found;
}

function mayBeCard({ kind, connection, name }: Pick<DescribedInterface, 'kind' | 'connection' | 'name'>): boolean {
  const said = kind ?? connection?.type;
  return said === undefined ? !hasVlanName(name) : kinds[said] === 'card';
}

/** `ib0.8001` is a part of an InfiniBand card, no VLAN. */
function hasVlanName(name: string): boolean {
  const id = Number(vlanName.exec(name)?.[2] ?? 0);
  return id > 0 && id <= lastVlan;
}

function describeName(name: string): string | undefined {
  if (name.startsWith('bond')) return 'bond';
  if (/^br(?:\d|-|idge)/.test(name)) return 'bridge';
  return /^team\d/.test(name) ? 'team' : undefined;
}
