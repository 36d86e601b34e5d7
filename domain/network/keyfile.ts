import type { HostNetwork } from '../../api/inventory.ts';
import { NetworkProblem } from './problem.ts';

/** What a NetworkManager keyfile says about the interface that it makes. */
export interface Connection {
  /** Its key in `connections`. */
  key: string;
  uuid: string | undefined;
  /** `ethernet`, `bond`, `vlan`, `bridge`, ... */
  type: string | undefined;
  interfaceName: string | undefined;
  /** Name of the interface, or uuid of the connection, that this one is a port of. */
  master: string | undefined;
  /** NetworkManager compares it with the permanent address of the card. */
  mac: string | undefined;
  /** Keys and values of the section that is named like the type. */
  options: ReadonlyMap<string, string>;
}

const limits = { files: 256, characters: 32 * 1024 };
const longNames: Readonly<Record<string, string>> = { '802-3-ethernet': 'ethernet' };

/** @throws NetworkProblem with the file */
export function readConnections({ connections = {} }: HostNetwork): Connection[] {
  const files = Object.entries(connections);
  if (files.length > limits.files) throw new NetworkProblem('connections: too many');
  return files.map(([key, text], index) => {
    if (text.length > limits.characters) throw new NetworkProblem(`connections[${index}]: too large`);
    return readKeyfile(key, text);
  });
}

/** The connections that make an interface: named like it, or like its card. */
export function connectionOf(
  connections: readonly Connection[],
  name: string,
  mac: string | undefined,
): Connection | undefined {
  return (
    connections.find((one) => one.interfaceName === name) ??
    connections.find((one) => one.interfaceName === undefined && mac !== undefined && one.mac === mac)
  );
}

/** The interface that a keyfile refers to: by its name, or by the uuid of its connection. */
export function interfaceOf(connections: readonly Connection[], reference: string | undefined): string | undefined {
  const named = connections.find(({ uuid }) => uuid !== undefined && uuid === reference);
  return named?.interfaceName ?? reference;
}

function readKeyfile(key: string, text: string): Connection {
  const sections = readSections(text);
  const connection = sections.get('connection') ?? new Map<string, string>();
  const type = shortType(connection.get('type'));
  const options = type === undefined ? undefined : (sections.get(type) ?? sections.get('802-3-ethernet'));
  const ethernet = sections.get('ethernet') ?? sections.get('802-3-ethernet');
  return {
    key,
    uuid: connection.get('uuid'),
    type,
    interfaceName: connection.get('interface-name') ?? options?.get('interface-name'),
    master: connection.get('controller') ?? connection.get('master'),
    mac: ethernet?.get('mac-address')?.toLowerCase().replaceAll('-', ':'),
    options: options ?? new Map(),
  };
}

function shortType(type: string | undefined): string | undefined {
  return type === undefined ? undefined : (longNames[type] ?? type);
}

/** GKeyFile: sections in brackets, `key=value`, comments on lines of their own. */
function readSections(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, section] = /^\s*\[([^\]]+)\]\s*$/.exec(line) ?? [];
    if (section !== undefined) {
      current = sections.get(section) ?? new Map<string, string>();
      sections.set(section, current);
      continue;
    }
    const at = line.indexOf('=');
    if (at > 0 && !/^\s*[#;]/.test(line)) current.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return sections;
}
