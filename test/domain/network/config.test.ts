import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderNetworkConfig } from '../../../domain/network/config.ts';

const nic = { name: 'eth0', mac: '52-54-00-AA-BB-01', addresses: ['10.0.0.5/24'] };

function render(network: unknown): unknown {
  const result = renderNetworkConfig(undefined, network);
  if (result.kind !== 'config') throw new Error(JSON.stringify(result));
  return parse(result.yaml, { version: '1.1' });
}

describe('renderNetworkConfig', () => {
  it('writes cloud-init network-config version 2', () => {
    const network = {
      interfaces: [
        { name: 'lo', addresses: ['127.0.0.1/8'] },
        { ...nic, mtu: 9000, addresses: ['10.0.0.5/24', 'fd00::5/64'] },
        { name: 'on', mac: '11:22:33:44:55:10' },
        { name: 'eth2' },
      ],
      routes: [
        { destination: 'default', gateway: 'fd00::1', interface: '52:54:00:aa:bb:01', metric: 50 },
        { destination: 'default', gateway: '10.0.0.1', interface: 'eth0' },
        { destination: '192.168.0.0/16', gateway: '10.0.0.9' },
        { destination: '172.16.0.0/12', interface: 'on' },
      ],
      dnsServers: ['10.0.0.53', 'fd00::53'],
      searchDomains: ['example.com'],
    };
    expect(renderNetworkConfig({}, network)).toEqual({
      kind: 'config',
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
    routes:
      - to: "172.16.0.0/12"
        scope: "link"
  "eth2": {}
`,
    });
    expect(render(network)).toMatchObject({ ethernets: { on: { match: { macaddress: '11:22:33:44:55:10' } } } });
  });

  it('leaves out the routes that the kernel adds for its own addresses', () => {
    const routes = [
      { destination: '10.0.0.0/24', interface: 'eth0', metric: 100 },
      { destination: '10.0.0.5/32', interface: 'eth0' },
      { destination: 'fd00::/64', interface: 'eth0' },
      { destination: 'fe80::/64', interface: 'eth0', metric: 256 },
      { destination: '10.0.0.0/16', interface: 'eth0' },
      { destination: '10.0.0.0/25', interface: 'eth0', gateway: '10.0.0.9' },
    ];
    const interfaces = [{ name: 'eth0', addresses: ['10.0.0.5/24', 'fd00::5/64'] }];
    expect(render({ interfaces, routes })).toMatchObject({
      ethernets: {
        eth0: {
          routes: [
            { to: '10.0.0.0/16', scope: 'link' },
            { to: '10.0.0.0/25', via: '10.0.0.9' },
          ],
        },
      },
    });
  });

  it('prefers the explicit network and ignores upstream’s fields', () => {
    const explicit = { interfaces: [{ name: 'a0' }], config: { x: 1 } };
    expect(JSON.stringify(renderNetworkConfig(explicit, { interfaces: [nic] }))).toContain(String.raw`\"a0\"`);
    const upstream = { configurator: 'nmc', ipAddresses: { a: 'b' }, config: {} };
    expect(JSON.stringify(renderNetworkConfig(upstream, { interfaces: [nic] }))).toContain(String.raw`\"eth0\"`);
    for (const absent of [undefined, null, {}, upstream, { interfaces: [], routes: null }, 'x']) {
      expect(renderNetworkConfig(absent, absent)).toEqual({ kind: 'none' });
    }
  });

  it('gives nameservers to the interface of the default route', () => {
    const network = {
      interfaces: [nic, { name: 'eth1', addresses: ['10.1.0.5/24'] }],
      routes: [{ destination: 'default', gateway: '10.1.0.1' }],
      dnsServers: ['10.0.0.53'],
    };
    expect(render(network)).toMatchObject({ ethernets: { eth1: { routes: [{}], nameservers: {} } } });
  });

  it.each([
    ['type', { interfaces: 'eth0' }, 'spec.network: interfaces has the wrong type'],
    ['deep type', { interfaces: [{ name: 1 }] }, 'spec.network: interfaces.0.name has the wrong type'],
    ['name', { interfaces: [{ name: 'a\n b: c' }] }, 'spec.network.interfaces[0].name: not a name of an interface'],
    ['twice', { interfaces: [nic, { ...nic, mac: '' }] }, 'spec.network.interfaces[1].name: stands there twice'],
    ['same mac', { interfaces: [nic, { ...nic, name: 'x' }] }, 'spec.network.interfaces[1].mac: stands there twice'],
    ['mac', { interfaces: [{ ...nic, mac: 'zz' }] }, 'spec.network.interfaces[0].mac: not a MAC address'],
    ['mtu', { interfaces: [{ ...nic, mtu: 0 }] }, 'spec.network.interfaces[0].mtu: not 68 to 65536'],
    [
      'address',
      { interfaces: [{ ...nic, addresses: ['10.0.0.5'] }] },
      'spec.network.interfaces[0].addresses[0]: not CIDR notation',
    ],
    ['none', { dnsServers: ['1.1.1.1'] }, 'spec.network.interfaces: none, a host without one would lose its network'],
    [
      'gateway',
      { interfaces: [nic], routes: [{ destination: 'default' }] },
      'spec.network.routes[0].gateway: a default route needs one',
    ],
    [
      'bad gateway',
      { interfaces: [nic], routes: [{ destination: 'default', gateway: 'x' }] },
      'spec.network.routes[0].gateway: not an IP address',
    ],
    [
      'destination',
      { interfaces: [nic], routes: [{ destination: '10.0.0.0', gateway: '10.0.0.1' }] },
      'spec.network.routes[0].destination: neither CIDR notation nor default',
    ],
    [
      'interface',
      { interfaces: [nic], routes: [{ destination: 'default', gateway: '10.0.0.1', interface: 'x' }] },
      'spec.network.routes[0].interface: names none of the interfaces',
    ],
    [
      'no interface',
      { interfaces: [nic, { name: 'x' }], routes: [{ destination: 'default', gateway: '10.9.0.1' }] },
      "spec.network.routes[0].interface: missing, and no single interface is on the gateway's network",
    ],
    [
      'metric',
      { interfaces: [nic], routes: [{ destination: 'default', gateway: '10.0.0.1', metric: -1 }] },
      'spec.network.routes[0].metric: not 0 to 4294967295',
    ],
    ['server', { interfaces: [nic], dnsServers: ['dns'] }, 'spec.network.dnsServers[0]: not an IP address'],
    ['domain', { interfaces: [nic], searchDomains: ['a b'] }, 'spec.network.searchDomains[0]: not a domain'],
    [
      'size',
      {
        interfaces: Array.from({ length: 64 }, (_, i) => ({ name: `e${i}`, addresses: Array(64).fill('10.0.0.1/24') })),
      },
      'spec.network: too large',
    ],
  ])('refuses with the field: %s', (_, network, message) => {
    expect(renderNetworkConfig(network, undefined)).toEqual({ kind: 'invalid', message });
  });
});
