import { parse } from 'yaml';
import { z } from 'zod';

const link = z.object({
  match: z.object({ macaddress: z.string() }).optional(),
  'set-name': z.string().optional(),
  mtu: z.number().optional(),
  addresses: z.array(z.string()).default([]),
  routes: z
    .array(
      z.strictObject({
        to: z.string(),
        via: z.string(),
        scope: z.literal('link').optional(),
        'on-link': z.literal(true).optional(),
        metric: z.number().optional(),
      }),
    )
    .default([]),
  nameservers: z.strictObject({ addresses: z.array(z.string()), search: z.array(z.string()).default([]) }).optional(),
});
const joined = link.extend({
  interfaces: z.array(z.string()),
  macaddress: z.string().optional(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
const netplanSchema = z.strictObject({
  version: z.literal(2),
  ethernets: z.record(z.string(), z.strictObject(link.shape)),
  bonds: z.record(z.string(), z.strictObject(joined.shape)).default({}),
  bridges: z.record(z.string(), z.strictObject(joined.shape)).default({}),
  vlans: z.record(z.string(), z.strictObject({ ...link.shape, id: z.number(), link: z.string() })).default({}),
});

/**
 * A network-config as lines that can be compared, sorted: `card`, `bond`, `bridge`, `vlan`, `mtu`, `address`, `route`,
 * `dns`, `search`. Fails for fields that are not known here. The judges of `test/oracle` say in the same words what
 * cloud-init and netplan make of it.
 */
export function describeNetplan(yaml: string): string[] {
  const { ethernets, bonds, bridges, vlans } = netplanSchema.parse(parse(yaml, { version: '1.1' }));
  const made = [
    ...Object.entries(ethernets).map(([name, { match, 'set-name': setName }]) =>
      match === undefined ? `card ${name}` : `card ${setName} ${match.macaddress}`,
    ),
    ...Object.entries(vlans).map(([name, vlan]) => `vlan ${name} ${vlan.id} on ${vlan.link}`),
    ...Object.entries(bonds).map(([name, { interfaces, parameters }]) =>
      [`bond ${name} of ${interfaces.toSorted().join(' ')}`, ...parametersOf(parameters)].join(' '),
    ),
    ...Object.entries(bridges).map(([name, { interfaces, parameters }]) =>
      [`bridge ${name} of ${interfaces.toSorted().join(' ')}`, ...parametersOf(parameters)].join(' '),
    ),
  ];
  const all = Object.entries({ ...ethernets, ...vlans, ...bonds, ...bridges });
  return [...made, ...all.flatMap(([name, fields]) => describeLink(name, fields))].toSorted();
}

function parametersOf(parameters: Record<string, string | number | boolean>): string[] {
  return Object.entries(parameters)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted();
}

function describeLink(name: string, { mtu, addresses, routes, nameservers }: z.infer<typeof link>): string[] {
  return [
    ...(mtu === undefined ? [] : [`mtu ${name} ${mtu}`]),
    ...addresses.map((address) => `address ${name} ${address}`),
    ...routes.map(({ to, via, 'on-link': onLink, metric }) => {
      const way = via === '0.0.0.0' || via === '::' ? '' : ` via ${via}`;
      return `route ${name} ${to}${way}${onLink ? ' on-link' : ''}${metric === undefined ? '' : ` metric ${metric}`}`;
    }),
    ...(nameservers?.addresses ?? []).map((server) => `dns ${server}`),
    ...(nameservers?.search ?? []).map((domain) => `search ${domain}`),
  ];
}
