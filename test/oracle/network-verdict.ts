import { isIP } from 'node:net';
import type { Abilities } from './judges.ts';

const renderers = ['netplan', 'networkd', 'network-manager', 'sysconfig', 'sysconfig-suse'] as const;
export type Renderer = (typeof renderers)[number];
export const allRenderers: readonly Renderer[] = renderers;

/**
 * What a renderer can make of what was asked for. netplan gives all of it. cloud-init's own renderers lose some of every
 * version 2 config, whoever wrote it; each loss stands here.
 */
export function expectLines(renderer: Renderer, asked: readonly string[], abilities: Abilities): string[] {
  const lines =
    renderer === 'netplan' ? asked : asked.flatMap((line) => lossOf(renderer, line, asked, abilities) ?? []);
  return spellLines(lines);
}

/** Addresses in their one spelling, lines sorted, each once. */
export function spellLines(lines: readonly string[]): string[] {
  return [...new Set(lines.map(spellLine))].toSorted();
}

function lossOf(renderer: Renderer, line: string, asked: readonly string[], abilities: Abilities): string | undefined {
  const [word, name = ''] = line.split(' ');
  switch (word) {
    case 'route': {
      // SUSE patches its routes into its own package.
      if (renderer === 'sysconfig-suse') return undefined;
      const metric = abilities.keepsMetrics ? '$&' : '';
      const route = line.replace(' on-link', '').replace(/ metric \d+$/, metric);
      return abilities.keepsIpv6Default ? route : route.replace(/(?<= )::\/0(?= |$)/, '::/64');
    }
    case 'bond':
      if (renderer === 'networkd') return `card ${name}`;
      return line.replaceAll(/ (?!mode=)[\w-]+=\S+/g, '');
    case 'bridge':
      return renderer === 'networkd' ? `card ${name}` : line.replaceAll(/ [\w-]+=\S+/g, '');
    case 'vlan':
      if (renderer === 'networkd') return `card ${name}`;
      if (renderer === 'sysconfig') return line.replace(/^(vlan \S+) \d+/, '$1');
      // It takes what stands before the last dot of the name for the link.
      return renderer === 'sysconfig-suse' ? `vlan ${name} on ${name.slice(0, name.lastIndexOf('.'))}` : line;
    case 'mtu':
      return renderer === 'network-manager' && !asked.some((one) => isCard(one, name)) ? undefined : line;
    case 'dns':
    case 'search':
      // It writes names beside addresses only.
      return renderer === 'network-manager' && !asked.some((one) => one.startsWith('address ')) ? undefined : line;
    default:
      return line;
  }
}

function isCard(line: string, name: string): boolean {
  return line === `card ${name}` || line.startsWith(`card ${name} `);
}

function spellLine(line: string): string {
  return line
    .split(' ')
    .map((word) => {
      const [address = '', bits] = word.split('/');
      if (isIP(address) !== 6) return word;
      const spelled = new URL(`http://[${address}]/`).hostname.slice(1, -1);
      return bits === undefined ? spelled : `${spelled}/${bits}`;
    })
    .join(' ');
}
