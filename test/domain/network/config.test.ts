import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { renderNetworkConfig } from '../../../domain/network/config.ts';
import { boundedValueSchema } from '../../../api/bounded-value.ts';
import { hostAddresses } from '../../../domain/network/host-addresses.ts';
import { networkCases, refusedNetworks, selfConfigured } from '../../support/network-cases.ts';
import { describeNetplan } from '../../support/network-lines.ts';

const nic = { name: 'eth0', mac: '52-54-00-AA-BB-01', addresses: ['10.0.0.5/24'] };

describe('renderNetworkConfig', () => {
  it('writes cloud-init network-config version 2', () => {
    const observedNetwork = {
      interfaces: [
        { name: 'lo', addresses: ['127.0.0.1/8'] },
        { ...nic, mtu: 9000, addresses: ['10.0.0.5/24', 'fd00::5/64'] },
        { name: 'on', mac: '11:22:33:44:55:10', addresses: ['172.16.0.5/16'] },
        { name: 'eth2' },
      ],
      routes: [
        { destination: 'default', gateway: 'fd00::1', interface: '52:54:00:aa:bb:01', metric: 50 },
        { destination: 'default', gateway: '10.0.0.1', interface: 'eth0' },
        { destination: '192.168.0.0/16', gateway: '10.0.0.9' },
        { destination: '172.17.0.0/16', interface: 'on' },
      ],
      dnsServers: ['10.0.0.53', 'fd00::53'],
      searchDomains: ['example.com'],
    };
    expect(renderNetworkConfig({ network: {}, observedNetwork })).toEqual({
      kind: 'config',
      leftOut: ['lo'],
      yaml: `version: 2
ethernets:
  "eth0":
    match:
      macaddress: "52:54:00:aa:bb:01"
    set-name: "eth0"
    mtu: 9000
    addresses:
      - "10.0.0.5/24"
      - "fd00::5/64"
    routes:
      - to: "::/0"
        via: "fd00::1"
        metric: 50
      - to: "0.0.0.0/0"
        via: "10.0.0.1"
      - to: "192.168.0.0/16"
        via: "10.0.0.9"
    nameservers:
      addresses:
        - "10.0.0.53"
        - "fd00::53"
      search:
        - "example.com"
  "on":
    match:
      macaddress: "11:22:33:44:55:10"
    set-name: "on"
    addresses:
      - "172.16.0.5/16"
    routes:
      - to: "172.17.0.0/16"
        via: "0.0.0.0"
        scope: "link"
  "eth2": {}
`,
    });
  });

  it.each(Object.entries(networkCases))('renders %s', (_, { network, endpoint, asked, leftOut = [] }) => {
    const rendered = renderNetworkConfig({ observedNetwork: network }, { endpoint });
    if (rendered.kind !== 'config') throw new Error(JSON.stringify(rendered));
    expect(describeNetplan(rendered.yaml)).toEqual(asked.toSorted());
    expect(rendered.leftOut).toEqual(leftOut);
    expect(renderNetworkConfig({ network }, { endpoint })).toEqual(rendered);
  });

  it.each(Object.entries(refusedNetworks))('refuses with the field: %s', (_, { network, message }) => {
    expect(renderNetworkConfig({ network })).toEqual({ kind: 'invalid', message: `spec.network${message}` });
  });

  it('refuses an address that another host of the pool has', () => {
    const neighbours = [
      { name: 'n1', addresses: ['10.0.0.4'] },
      { name: 'n2', addresses: ['2001:db8::5', '10.0.0.9'] },
    ];
    const observedNetwork = { interfaces: [{ ...nic, addresses: ['10.0.0.5/24', '2001:DB8:0::5/64'] }] };
    expect(renderNetworkConfig({ observedNetwork }, { neighbours: neighbours.slice(0, 1) }).kind).toBe('config');
    expect(renderNetworkConfig({ observedNetwork }, { neighbours })).toEqual({
      kind: 'invalid',
      message: 'spec.observedNetwork.interfaces[0].addresses: 2001:db8::5 is that of n2 in the same pool, too',
    });
  });

  it('prefers the explicit network', () => {
    const explicit = { interfaces: [{ name: 'a0' }], config: { x: 1 }, configurator: 'none' };
    const rendered = renderNetworkConfig({ network: explicit, observedNetwork: { interfaces: [nic] } });
    expect(rendered.kind === 'config' && describeNetplan(rendered.yaml)).toEqual(['card a0']);
    for (const absent of [undefined, null, {}, { config: {} }, { configurator: 'none' }, { routes: null }, 'x']) {
      expect(renderNetworkConfig({ network: absent, observedNetwork: absent })).toEqual({ kind: 'none' });
    }
  });

  it.each(selfConfigured)("leaves the network to a host with elemental's own form of it", (networks) => {
    const rendered = renderNetworkConfig(networks);
    expect(rendered).toMatchObject({ kind: 'config', leftOut: [] });
    expect(rendered.kind === 'config' && parse(rendered.yaml)).toEqual({ network: { config: 'disabled' } });
    expect(hostAddresses(networks, 63)).toEqual(['192.0.2.77']);
  });

  it('refuses a configurator that is no word', () => {
    const message = 'spec.network: configurator has the wrong type';
    expect(renderNetworkConfig({ network: { configurator: 7 } })).toEqual({ kind: 'invalid', message });
  });

  it('sets the MAC of a bond, unless its ports keep theirs', () => {
    const network = networkCases['a bond whose ports show its MAC']?.network;
    const macOf = (keyfile: string): unknown => {
      const rendered = renderNetworkConfig({ network: { ...network, connections: { keyfile } } });
      if (rendered.kind !== 'config') throw new Error(rendered.kind);
      const yaml: unknown = parse(rendered.yaml);
      return z.object({ bonds: z.object({ bond0: z.object({ macaddress: z.string().optional() }) }) }).parse(yaml).bonds
        .bond0.macaddress;
    };
    const keyfile = '[connection]\ntype=bond\ninterface-name=bond0\nuuid=uuid-of-bond0\n[bond]\nmode=active-backup\n';
    expect(macOf(keyfile)).toBe('52:54:00:aa:00:01');
    expect(macOf(`${keyfile}fail_over_mac=1\n`)).toBeUndefined();
  });
});

describe('hostAddresses', () => {
  it.each(Object.entries(networkCases))('are those that are rendered: %s', (_, { network, endpoint, asked }) => {
    const plain = (address = ''): string =>
      address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
    const rendered = asked.filter((line) => line.startsWith('address ')).map((line) => plain(line.split(/[ /]/)[2]));
    expect(hostAddresses({ observedNetwork: network }, 63, endpoint).toSorted()).toEqual(rendered.toSorted());
  });

  it('cost little, whatever a host recorded', { timeout: 30_000 }, () => {
    const ipv4 = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    const ipv6 = (index: number) =>
      `2001:db8:ffff:ffff:ffff:ffff:${(index >> 16).toString(16)}:${(index & 65_535).toString(16)}`;
    const cards = (count: number, addressesOf: (index: number) => string[]) =>
      Array.from({ length: count }, (_, index) => ({ name: `eth${index}`, addresses: addressesOf(index) }));
    const many = Array.from({ length: 9_000 }, (_, index) => `${ipv6(index)}/64`);
    const routes = Array.from({ length: 8_000 }, (_, index) => ({ destination: 'default', gateway: ipv4(index) }));
    const worst = [
      { interfaces: cards(5, () => many) },
      { interfaces: cards(12_000, () => []) },
      // Each card has the address of the cluster's endpoint: is there another way to a gateway?
      { interfaces: cards(6_000, (index) => [`192.0.2.1/${(index % 31) + 1}`]), routes },
    ];
    for (const observedNetwork of worst) {
      expect(boundedValueSchema.safeParse(observedNetwork).success).toBe(true);
      const before = process.cpuUsage();
      hostAddresses({ observedNetwork }, 63, '192.0.2.1');
      const { user, system } = process.cpuUsage(before);
      // About 40 ms on a quiet machine; it was up to 15 s.
      expect((user + system) / 1000).toBeLessThan(250);
    }
  });

  it('are few, and none for what is no network', () => {
    const addresses = Array.from(
      { length: 70_000 },
      (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}/8`,
    );
    const observedNetwork = { interfaces: [{ name: 'a', addresses: ['x', '999.1.1.1/8', ...addresses] }] };
    expect(hostAddresses({ observedNetwork }, 63)).toHaveLength(63);
    for (const odd of [null, 7, 'x', { interfaces: 7 }, { interfaces: [{ name: 7 }] }, { configurator: 'nmc' }]) {
      expect(hostAddresses({ network: odd, observedNetwork: odd }, 63)).toEqual([]);
    }
  });
});
