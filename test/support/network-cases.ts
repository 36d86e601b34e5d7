import type { InventoryNetworks } from '../../domain/network/recorded.ts';

/** A network that an inventory recorded, and what the host must get. */
export interface NetworkCase {
  network: Record<string, unknown>;
  /** Of the cluster. */
  endpoint?: string;
  /** Lines as `describeNetplan` says them. */
  asked: string[];
  leftOut?: string[];
}

/** A network that is refused, with the message behind `spec.observedNetwork.`. */
export interface RefusedNetwork {
  network: Record<string, unknown>;
  message: string;
}

const mac = (last: number): string => `52:54:00:aa:00:0${last}`;
const eno1 = { name: 'eno1', mac: mac(1), addresses: ['192.0.2.11/24'] };
const gateway = { destination: 'default', gateway: '192.0.2.1' };
const onEno1 = { ...gateway, interface: 'eno1' };
const usual = [`card eno1 ${mac(1)}`, 'address eno1 192.0.2.11/24', 'route eno1 0.0.0.0/0 via 192.0.2.1'];

const bondOf = (changes: Record<string, unknown> = {}) => [
  { name: 'eno1', mac: mac(1), mtu: 9000, master: 'bond0' },
  { name: 'eno2', mac: mac(1), mtu: 9000, master: 'bond0' },
  { name: 'bond0', mac: mac(1), mtu: 9000, kind: 'bond', mode: '802.3ad', addresses: ['192.0.2.11/24'], ...changes },
];
const silentBond = bondOf().map(({ name, mac: own, ...nic }) => ({
  name,
  mac: own,
  addresses: 'addresses' in nic ? nic.addresses : [],
}));
const keyfile = (name: string, type: string, lines: string[] = [], more: string[] = []): string =>
  [
    '[connection]',
    `id=${name}`,
    `uuid=uuid-of-${name}`,
    `type=${type}`,
    `interface-name=${name}`,
    ...lines,
    '',
    ...more,
    '',
  ].join('\n');
const portFile = (name: string, master: string, own: string): string =>
  keyfile(
    name,
    'ethernet',
    [`master=${master}`, 'slave-type=bond'],
    ['[ethernet]', `mac-address=${own.toUpperCase()}`],
  );
const bondFiles = {
  'bond0.nmconnection': keyfile(
    'bond0',
    'bond',
    [],
    [
      '# the switch wants it so',
      '[bond]',
      'mode=802.3ad',
      'miimon=100',
      'lacp_rate=1',
      'xmit_hash_policy=layer3+4',
      '',
      '[ipv4]',
      'method=manual',
    ],
  ),
  'eno1.nmconnection': portFile('eno1', 'uuid-of-bond0', mac(1)),
  'eno2.nmconnection': portFile('eno2', 'bond0', mac(2)),
};
const bondAsked = [
  'bond bond0 of eno1 eno2 lacp-rate=fast mii-monitor-interval=100 mode=802.3ad transmit-hash-policy=layer3+4',
  `card eno1 ${mac(1)}`,
  `card eno2 ${mac(2)}`,
  'address bond0 192.0.2.11/24',
  'route bond0 0.0.0.0/0 via 192.0.2.1',
];
const many = (count: number) => Array.from({ length: count }, (_, index) => index);

/** What is rendered, by what is special about it. */
export const networkCases: Record<string, NetworkCase> = {
  'a card': { network: { interfaces: [eno1], routes: [onEno1] }, asked: usual },
  'a card that YAML would take for a number or a truth': {
    network: {
      interfaces: [
        { name: '1e3', mac: '11:22:33:44:55:10' },
        { name: 'on', addresses: ['10.0.0.1/8'] },
      ],
    },
    asked: ['card 1e3 11:22:33:44:55:10', 'card on', 'address on 10.0.0.1/8'],
  },
  'an interface without anything, and a server': {
    network: { interfaces: [{ name: 'eth0' }], dnsServers: ['10.0.0.53'] },
    asked: ['card eth0', 'dns 10.0.0.53'],
  },
  'a bond whose ports show its MAC': {
    network: { interfaces: bondOf(), routes: [gateway] },
    asked: [
      'bond bond0 of eno1 eno2 mode=802.3ad',
      'card eno1',
      'card eno2',
      'mtu bond0 9000',
      'mtu eno1 9000',
      'mtu eno2 9000',
      'address bond0 192.0.2.11/24',
      'route bond0 0.0.0.0/0 via 192.0.2.1',
    ],
  },
  'a bond whose ports have permanent MACs': {
    network: {
      interfaces: bondOf().map((nic, at) => ({ ...nic, mtu: undefined, ...(at < 2 && { permanentMac: mac(at + 1) }) })),
      routes: [{ ...gateway, interface: mac(1) }],
    },
    asked: [
      'bond bond0 of eno1 eno2 mode=802.3ad',
      `card eno1 ${mac(1)}`,
      `card eno2 ${mac(2)}`,
      'address bond0 192.0.2.11/24',
      'route bond0 0.0.0.0/0 via 192.0.2.1',
    ],
  },
  'a bond by its keyfiles': {
    network: { interfaces: silentBond, routes: [gateway], connections: bondFiles },
    asked: bondAsked,
  },
  'a bond whose ports only keyfiles know': {
    network: { interfaces: silentBond.slice(2), routes: [gateway], connections: bondFiles },
    asked: bondAsked,
  },
  'a VLAN on a bond, and a bridge on the VLAN': {
    network: {
      interfaces: [
        ...bondOf({ addresses: [] }).map((nic) => ({ ...nic, mtu: undefined })),
        { name: 'bond0.120', mac: mac(1), master: 'br0' },
        { name: 'br0', mac: mac(1), kind: 'bridge', addresses: ['192.0.2.11/24'] },
      ],
      routes: [gateway],
    },
    asked: [
      'bond bond0 of eno1 eno2 mode=802.3ad',
      'card eno1',
      'card eno2',
      'vlan bond0.120 120 on bond0',
      'bridge br0 of bond0.120',
      'address br0 192.0.2.11/24',
      'route br0 0.0.0.0/0 via 192.0.2.1',
    ],
  },
  'a bridge by its keyfile': {
    network: {
      interfaces: [
        { name: 'eno1', mac: mac(1), master: 'br0' },
        { ...eno1, name: 'br0' },
      ],
      routes: [gateway],
      connections: { br0: keyfile('br0', 'bridge', [], ['[bridge]', 'stp=false', 'priority=4096']) },
    },
    asked: [
      'bridge br0 of eno1 priority=4096 stp=false',
      `card eno1 ${mac(1)}`,
      'address br0 192.0.2.11/24',
      'route br0 0.0.0.0/0 via 192.0.2.1',
    ],
  },
  'a VLAN without a MAC': {
    network: {
      interfaces: [
        { name: 'eno1', mac: mac(1) },
        { name: 'eno1.120', addresses: ['192.0.2.11/24'] },
      ],
      routes: [{ ...gateway, interface: 'eno1.120' }],
    },
    asked: [
      `card eno1 ${mac(1)}`,
      'vlan eno1.120 120 on eno1',
      'address eno1.120 192.0.2.11/24',
      'route eno1.120 0.0.0.0/0 via 192.0.2.1',
    ],
  },
  'a VLAN with the MAC of its card, and one by its keyfile': {
    network: {
      interfaces: [
        { name: 'eno1', mac: mac(1) },
        { name: 'eno1.120@eno1', mac: mac(1), addresses: ['192.0.2.11/24'] },
        { name: 'storage', mac: mac(1), kind: 'vlan', addresses: ['198.18.0.11/16'] },
      ],
      routes: [{ ...gateway, interface: 'eno1.120@eno1' }],
      connections: { s: keyfile('storage', 'vlan', [], ['[vlan]', 'id=7', 'parent=eno1']) },
    },
    asked: [
      `card eno1 ${mac(1)}`,
      'vlan eno1.120 120 on eno1',
      'vlan storage 7 on eno1',
      'address eno1.120 192.0.2.11/24',
      'address storage 198.18.0.11/16',
      'route eno1.120 0.0.0.0/0 via 192.0.2.1',
    ],
  },
  'InfiniBand beside Ethernet': {
    network: {
      interfaces: [
        eno1,
        {
          name: 'ib0',
          mac: '00:00:10:49:fe:80:00:00:00:00:00:00:b8:ce:f6:03:00:31:33:3e',
          mtu: 4092,
          addresses: ['198.18.0.11/16'],
        },
        { name: 'ib0.8001', addresses: ['198.19.0.11/16'] },
      ],
      routes: [onEno1],
    },
    asked: [
      ...usual,
      'card ib0',
      'card ib0.8001',
      'mtu ib0 4092',
      'address ib0 198.18.0.11/16',
      'address ib0.8001 198.19.0.11/16',
    ],
  },
  'a single address whose gateway no subnet holds': {
    network: {
      interfaces: [{ ...eno1, addresses: ['203.0.113.7/32', '2001:db8::7/128'] }],
      routes: [gateway, { destination: 'default', gateway: '2001:db8::1' }],
    },
    asked: [
      `card eno1 ${mac(1)}`,
      'address eno1 203.0.113.7/32',
      'address eno1 2001:db8::7/128',
      'route eno1 0.0.0.0/0 via 192.0.2.1 on-link',
      'route eno1 ::/0 via 2001:db8::1 on-link',
    ],
  },
  'a gateway that is link-local, and one that the second subnet holds': {
    network: {
      interfaces: [{ ...eno1, addresses: ['192.0.2.11/24', '198.51.100.11/24', '2001:db8::11/64'] }],
      routes: [
        { destination: '::/0', gateway: 'fe80::1', interface: 'eno1' },
        { destination: 'default', gateway: '198.51.100.1' },
      ],
    },
    asked: [
      `card eno1 ${mac(1)}`,
      'address eno1 192.0.2.11/24',
      'address eno1 198.51.100.11/24',
      'address eno1 2001:db8::11/64',
      'route eno1 0.0.0.0/0 via 198.51.100.1',
      'route eno1 ::/0 via fe80::1',
    ],
  },
  'device routes, and routes of the kernel': {
    network: {
      interfaces: [{ ...eno1, addresses: ['192.0.2.11/24', '2001:db8::11/64'] }],
      routes: [
        { ...onEno1, metric: 100 },
        { destination: '198.51.100.0/24', interface: 'eno1', metric: 50 },
        { destination: '203.0.113.0/24', gateway: '0.0.0.0', interface: 'eno1' },
        { destination: '2001:db8:f::/48', interface: 'eno1' },
        { destination: '2001:db8:ffff::/48', gateway: '2001:db8::1', interface: 'eno1', metric: 1024 },
        { destination: '192.0.2.0/24', interface: 'eno1', metric: 100 },
        { destination: 'fe80::/64', interface: 'eno1', metric: 256 },
        { destination: 'ff00::/8', interface: 'eno1', metric: 256 },
      ],
    },
    asked: [
      `card eno1 ${mac(1)}`,
      'address eno1 192.0.2.11/24',
      'address eno1 2001:db8::11/64',
      'route eno1 0.0.0.0/0 via 192.0.2.1 metric 100',
      'route eno1 198.51.100.0/24 metric 50',
      'route eno1 203.0.113.0/24',
      'route eno1 2001:db8:f::/48',
      'route eno1 2001:db8:ffff::/48 via 2001:db8::1 metric 1024',
    ],
  },
  'two default routes without metrics': {
    network: {
      interfaces: [eno1, { name: 'eno2', mac: mac(2), addresses: ['198.51.100.11/24'] }],
      routes: [{ destination: 'default', gateway: '198.51.100.1', interface: 'eno2' }, onEno1],
    },
    asked: [
      ...usual.slice(0, 2),
      `card eno2 ${mac(2)}`,
      'address eno2 198.51.100.11/24',
      'route eno1 0.0.0.0/0 via 192.0.2.1 metric 101',
      'route eno2 0.0.0.0/0 via 198.51.100.1 metric 100',
    ],
  },
  'a default route without a metric beside one that has a small one': {
    network: {
      interfaces: [eno1, { name: 'eno2', mac: mac(2), addresses: ['198.51.100.11/24'] }],
      routes: [{ destination: 'default', gateway: '198.51.100.1', metric: 20 }, onEno1],
    },
    asked: [
      ...usual.slice(0, 2),
      `card eno2 ${mac(2)}`,
      'address eno2 198.51.100.11/24',
      'route eno1 0.0.0.0/0 via 192.0.2.1 metric 19',
      'route eno2 0.0.0.0/0 via 198.51.100.1 metric 20',
    ],
  },
  'one route twice': { network: { interfaces: [eno1], routes: [onEno1, gateway] }, asked: usual },
  'container networks of a node that ran': {
    network: {
      interfaces: [
        eno1,
        { name: 'lo', addresses: ['127.0.0.1/8', '::1/128'] },
        { name: 'kube-ipvs0', mac: 'de:ad:be:ef:00:01', addresses: many(200).map((at) => `10.96.0.${at}/32`) },
        { name: 'cni0', mac: 'de:ad:be:ef:00:03', addresses: ['10.244.3.1/24'] },
        { name: 'flannel.1', mac: 'de:ad:be:ef:00:04', addresses: ['10.244.3.0/32'] },
        { name: 'docker0', mac: '02:42:ac:11:00:02', addresses: ['172.17.0.1/16'] },
        ...many(110).map((at) => ({
          name: `cali${at}abcdef@if5`,
          mac: 'ee:ee:ee:ee:ee:ee',
          addresses: ['fe80::1/64'],
        })),
        ...['vxlan.calico', 'cilium_host', 'lxc12ab', 'veth0a1b', 'tunl0', 'br-0123456789ab'].map((name) => ({ name })),
        { name: 'overlay', kind: 'wireguard', addresses: ['10.9.9.9/24'] },
      ],
      routes: [
        onEno1,
        { destination: '10.244.3.0/24', interface: 'cni0' },
        { destination: '10.244.1.0/24', gateway: '10.244.1.0', interface: 'flannel.1' },
        { destination: '10.244.9.0/24', gateway: '10.244.3.7' },
      ],
    },
    asked: usual,
    leftOut: [
      'lo',
      'kube-ipvs0',
      'cni0',
      'flannel.1',
      'docker0',
      ...many(110).map((at) => `cali${at}abcdef`),
      'vxlan.calico',
      'cilium_host',
      'lxc12ab',
      'veth0a1b',
      'tunl0',
      'br-0123456789ab',
      'overlay',
      'routes[1] of cni0',
      'routes[2] of flannel.1',
      'routes[3] of a container network',
    ],
  },
  'addresses that the host only holds': {
    network: {
      interfaces: [
        {
          ...eno1,
          addresses: [
            '192.0.2.11/24',
            '192.0.2.100/32',
            '192.0.2.101/24',
            '169.254.7.7/16',
            '127.0.0.2/8',
            '2001:db8::11/64',
            '2001:db8::100/128',
            '2001:db8:0:0::101/64',
            'fe80::5054:ff:feaa:1/64',
          ],
        },
      ],
      routes: [onEno1],
    },
    endpoint: '192.0.2.101',
    asked: [...usual, 'address eno1 2001:db8::11/64', 'address eno1 2001:db8:0:0::101/64'],
    leftOut: [
      'eno1 192.0.2.100/32 (virtual)',
      'eno1 192.0.2.101/24 (control-plane endpoint)',
      'eno1 169.254.7.7/16 (link-local)',
      'eno1 127.0.0.2/8 (loopback)',
      'eno1 2001:db8::100/128 (virtual)',
      'eno1 fe80::5054:ff:feaa:1/64 (link-local)',
    ],
  },
  'an IPv6 endpoint in another spelling': {
    network: { interfaces: [{ ...eno1, addresses: ['2001:db8::11/64', '2001:DB8:0::64/64'] }] },
    endpoint: '2001:db8::64',
    asked: [`card eno1 ${mac(1)}`, 'address eno1 2001:db8::11/64'],
    leftOut: ['eno1 2001:DB8:0::64/64 (control-plane endpoint)'],
  },
  'a cluster of one node, whose endpoint it is': {
    network: { interfaces: [eno1], routes: [onEno1] },
    endpoint: '192.0.2.11',
    asked: usual,
  },
  'servers and domains beyond those that resolv.conf takes': {
    network: {
      interfaces: [eno1],
      routes: [onEno1],
      dnsServers: many(5).map((at) => `192.0.2.5${at}`),
      searchDomains: many(8).map((at) => `d${at}.example.com`),
    },
    asked: [
      ...usual,
      ...many(3).map((at) => `dns 192.0.2.5${at}`),
      ...many(6).map((at) => `search d${at}.example.com`),
    ],
    leftOut: [
      'DNS server 192.0.2.53',
      'DNS server 192.0.2.54',
      'search domain d6.example.com',
      'search domain d7.example.com',
    ],
  },
  'domains without a server': {
    network: { interfaces: [eno1], routes: [onEno1], searchDomains: ['example.com'] },
    asked: usual,
    leftOut: ['search domain example.com'],
  },
};

const other = { name: 'x', mac: mac(9) };
const routesOf = (...routes: object[]) => ({ interfaces: [eno1], routes });

/** What is refused, by its fault. */
export const refusedNetworks: Record<string, RefusedNetwork> = {
  type: { network: { interfaces: 'eth0' }, message: ': interfaces has the wrong type' },
  'deep type': { network: { interfaces: [{ name: 1 }] }, message: ': interfaces.0.name has the wrong type' },
  name: { network: { interfaces: [{ name: 'a\n b: c' }] }, message: '.interfaces[0].name: not a name of an interface' },
  twice: { network: { interfaces: [eno1, eno1] }, message: '.interfaces[1].name: eno1 stands there twice' },
  mac: { network: { interfaces: [{ ...eno1, mac: 'zz' }] }, message: '.interfaces[0].mac: not a MAC address' },
  mtu: { network: { interfaces: [{ ...eno1, mtu: 0 }] }, message: '.interfaces[0].mtu: not 68 to 65536' },
  kind: { network: { interfaces: [{ ...eno1, kind: 'team' }] }, message: '.interfaces[0].kind: team is not supported' },
  address: {
    network: { interfaces: [{ ...eno1, addresses: ['10.0.0.5'] }] },
    message: '.interfaces[0].addresses[0]: not CIDR notation',
  },
  'address of no host': {
    network: { interfaces: [{ ...eno1, addresses: ['10.0.0.5/8', '0.0.0.0/24'] }] },
    message: '.interfaces[0].addresses[1]: not an address of a host',
  },
  'one address twice': {
    network: { interfaces: [eno1, { ...other, addresses: ['192.0.2.11/25'] }] },
    message: '.interfaces[1].addresses: 192.0.2.11 stands there twice, first at eno1',
  },
  'no interface at all': {
    network: { dnsServers: ['1.1.1.1'] },
    message: '.interfaces: none of the host, which would lose its network',
  },
  'no interface of the host': {
    network: { interfaces: [{ name: 'lo' }, { name: 'docker0' }] },
    message: '.interfaces: none of the host, which would lose its network',
  },
  'what looks like a bond': {
    network: { interfaces: silentBond, routes: [gateway] },
    message:
      '.interfaces[0]: looks like a bond, eno1, eno2, bond0 have one MAC; record kind and master of each, or their keyfiles',
  },
  'a port that was forgotten': {
    network: { interfaces: bondOf().map((nic) => ({ ...nic, ...(nic.name === 'eno2' && { master: '' }) })) },
    message:
      '.interfaces[1]: looks like a bond, eno1, eno2, bond0 have one MAC; record kind and master of each, or their keyfiles',
  },
  'what looks like a bond by its name': {
    network: { interfaces: silentBond.slice(2), routes: [gateway] },
    message: '.interfaces[0]: bond0 looks like a bond whose kind and ports are not recorded',
  },
  'what looks like a bridge': {
    network: { interfaces: [eno1, { name: 'br-ex', mac: mac(1) }] },
    message:
      '.interfaces[0]: looks like a bridge, eno1, br-ex have one MAC; record kind and master of each, or their keyfiles',
  },
  'a bond without ports': {
    network: { interfaces: bondOf().slice(2) },
    message: '.interfaces[0]: bond0 is a bond whose ports are not recorded, no interface has it as master',
  },
  'a bond without a mode': {
    network: { interfaces: bondOf({ mode: undefined }) },
    message: '.interfaces[2].mode: the mode of the bond is not recorded, here or in a keyfile',
  },
  'an unknown mode': {
    network: { interfaces: bondOf({ mode: 'x' }) },
    message: '.interfaces[2]: mode of the bond has an unknown value',
  },
  'an option of a bond that cannot be said': {
    network: {
      interfaces: bondOf(),
      connections: { bond0: keyfile('bond0', 'bond', [], ['[bond]', 'mode=1', 'arp_ip_target=192.0.2.1']) },
    },
    message: '.interfaces[2]: arp_ip_target of the bond is not supported',
  },
  'a primary that is no port': {
    network: {
      interfaces: bondOf(),
      connections: { bond0: keyfile('bond0', 'bond', [], ['[bond]', 'mode=1', 'primary=eno3']) },
    },
    message: '.interfaces[2]: primary of the bond is none of its ports',
  },
  'an address on a port': {
    network: { interfaces: bondOf().map((nic, at) => ({ ...nic, ...(at === 0 && { addresses: ['10.0.0.1/8'] }) })) },
    message: '.interfaces[0].addresses: eno1 is a port of bond0',
  },
  'an unknown master': {
    network: { interfaces: [{ ...eno1, master: 'bond7' }] },
    message: '.interfaces[0].master: names none of the interfaces',
  },
  'a master that is a card': {
    network: {
      interfaces: [
        { ...eno1, kind: 'ethernet' },
        { ...other, master: 'eno1' },
      ],
    },
    message: '.interfaces[1].master: neither a bond nor a bridge',
  },
  'a circle': {
    network: {
      interfaces: [
        { name: 'br0', kind: 'bridge', master: 'br1' },
        { name: 'br1', kind: 'bridge', master: 'br0' },
      ],
    },
    message: '.interfaces[0]: br0 is made of itself',
  },
  'a VLAN without its link': {
    network: { interfaces: [{ ...eno1, name: 'eno1.120' }] },
    message: '.interfaces[0]: eno1.120 looks like a VLAN whose link is not recorded',
  },
  'a VLAN without its id': {
    network: { interfaces: [eno1, { name: 'storage', kind: 'vlan' }] },
    message: '.interfaces[1]: storage is a VLAN, and neither its name nor a keyfile gives id and link',
  },
  'the permanent MAC of two': {
    network: { interfaces: [eno1, other].map((nic) => ({ ...nic, permanentMac: mac(5) })) },
    message: '.interfaces[0]: eno1 and x have one permanent MAC',
  },
  'default route without a gateway': {
    network: routesOf({ destination: 'default' }),
    message: '.routes[0].gateway: a default route needs one',
  },
  'bad gateway': {
    network: routesOf({ destination: 'default', gateway: 'x' }),
    message: '.routes[0].gateway: not an IP address',
  },
  'gateway of the other family': {
    network: routesOf(onEno1, { destination: '10.9.0.0/16', gateway: '2001:db8::1', interface: 'eno1' }),
    message: '.routes[1].gateway: IPv6, but the destination is IPv4',
  },
  destination: {
    network: routesOf({ destination: '10.0.0.0', gateway: '192.0.2.1' }),
    message: '.routes[0].destination: neither CIDR notation nor default',
  },
  'host bits in a destination': {
    network: routesOf({ destination: '10.0.0.1/8', gateway: '192.0.2.1' }),
    message: '.routes[0].destination: an address in its network, not the network',
  },
  'unknown interface': {
    network: routesOf({ ...gateway, interface: 'x' }),
    message: '.routes[0].interface: names none of the interfaces',
  },
  'no interface': {
    network: {
      interfaces: [eno1, { ...other, addresses: ['198.51.100.2/24'] }],
      routes: [{ destination: 'default', gateway: '10.9.0.1' }],
    },
    message: ".routes[0].interface: missing, and no single interface is on the gateway's network",
  },
  'a route of an interface without an address': {
    network: {
      interfaces: [eno1, other],
      routes: [{ destination: '10.0.0.0/8', gateway: '10.9.0.1', interface: 'x' }],
    },
    message: '.routes[0].interface: x has no address, and cloud-init would lose the route',
  },
  metric: {
    network: routesOf({ ...gateway, metric: -1 }),
    message: '.routes[0].metric: not 0 to 4294967295',
  },
  'two default routes of one metric': {
    network: {
      interfaces: [eno1, { ...other, addresses: ['198.51.100.2/24'] }],
      routes: [
        { ...gateway, metric: 100 },
        { destination: 'default', gateway: '198.51.100.1', metric: 100 },
      ],
    },
    message: '.routes[1].metric: the same as that of routes[0], for the same destination',
  },
  'two ways to one destination': {
    network: routesOf(
      { destination: '10.0.0.0/8', gateway: '192.0.2.2' },
      { destination: '10.0.0.0/8', gateway: '192.0.2.3' },
    ),
    message: '.routes[1].metric: the same as that of routes[0], for the same destination',
  },
  server: { network: { interfaces: [eno1], dnsServers: ['dns'] }, message: '.dnsServers[0]: not an IP address' },
  domain: { network: { interfaces: [eno1], searchDomains: ['a b'] }, message: '.searchDomains[0]: not a domain' },
  addresses: {
    network: {
      interfaces: many(64).map((nic) => ({ name: `e${nic}`, addresses: many(60).map((at) => `10.${nic}.${at}.1/24`) })),
    },
    message: '.interfaces: too many addresses',
  },
  size: {
    network: {
      interfaces: [{ name: 'e', addresses: many(900).map((at) => `2001:db8:1234:5678:9abc:def0:1234:${at}/64`) }],
    },
    message: ': too large',
  },
};

/** Elemental's own form of the explicit network, which the host applies by itself. */
export const selfConfigured: readonly InventoryNetworks[] = ['nmc', 'nmstate', 'nmconnections'].map((configurator) => ({
  network: { configurator, ipAddresses: { ip: '192.0.2.77' }, config: { any: 'thing' } },
  observedNetwork: { interfaces: [eno1], routes: [onEno1] },
}));
