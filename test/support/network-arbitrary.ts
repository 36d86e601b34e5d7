import fc from 'fast-check';
import type { NetworkCase } from './network-cases.ts';

/** Networks as hosts have them, in the forms in which recorders write them, with what the host must get. */
export const anyNetwork: fc.Arbitrary<NetworkCase> = fc
  .array(fc.nat({ max: 999 }), { minLength: 160, maxLength: 160 })
  .map((numbers) => new NetworkMaker(numbers).make());

interface Interface {
  name: string;
  mac?: string;
  permanentMac?: string;
  mtu?: number;
  kind?: string;
  master?: string;
  mode?: string;
  addresses: string[];
}

const cardNames = ['eno1', 'enp3s0f1np1', 'eth0', '1e3', 'on', 'ib0', 'p1p2', 'lan-a'];
const modes = ['active-backup', '802.3ad', 'balance-xor', 'balance-alb'];
const infiniBandMac = '00:00:10:49:fe:80:00:00:00:00:00:00:b8:ce:f6:03:00:31:33:3e';

/** Builds one network from numbers; zeros make the simplest one. */
class NetworkMaker {
  readonly #numbers: readonly number[];
  #taken = 0;
  readonly #interfaces: Interface[] = [];
  readonly #routes: Record<string, unknown>[] = [];
  readonly #connections: Record<string, string> = {};
  readonly #asked: string[] = [];
  /** Interfaces that have a VLAN on them. */
  readonly #below = new Set<string>();
  #subnets = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  make(): NetworkCase {
    let free = this.#cards();
    if (this.#chance(4)) free = this.#joinPorts('bond', free);
    if (this.#chance(4)) free = [...free, ...this.#vlans(free)];
    if (this.#chance(6)) free = this.#joinPorts('bridge', free);
    const addressed = free.filter((_, at) => at === 0 || this.#chance(2));
    for (const nic of addressed) this.#address(nic);
    this.#defaults(addressed);
    const endpoint = this.#holdOthers(addressed);
    this.#containers();
    const dns = this.#names();
    return {
      network: {
        interfaces: this.#interfaces,
        routes: this.#routes,
        ...dns,
        ...(Object.keys(this.#connections).length > 0 && { connections: this.#connections }),
      },
      ...(endpoint !== undefined && { endpoint }),
      asked: this.#asked,
    };
  }

  #roll(below: number): number {
    const number = this.#numbers[this.#taken] ?? 0;
    this.#taken += 1;
    return number % below;
  }

  /** Once in so many times; never for zeros. */
  #chance(times: number): boolean {
    return this.#roll(times) === times - 1;
  }

  #add(nic: Interface): Interface {
    this.#interfaces.push(nic);
    if (this.#chance(4)) {
      nic.mtu = 1280 + this.#roll(900) * 8;
      this.#asked.push(`mtu ${nic.name} ${nic.mtu}`);
    }
    return nic;
  }

  #cards(): Interface[] {
    const count = 1 + this.#roll(4);
    const first = this.#roll(cardNames.length);
    return Array.from({ length: count }, (_, at) => {
      const name = cardNames[(first + at) % cardNames.length] ?? 'eno1';
      const mac =
        name === 'ib0' ? infiniBandMac : this.#chance(5) ? undefined : `52:54:00:1${at}:${10 + this.#roll(80)}:00`;
      return this.#add({ name, ...(mac !== undefined && { mac }), addresses: [] });
    });
  }

  /** The first of the free interfaces become ports; what has none of its own says so. */
  #joinPorts(kind: 'bond' | 'bridge', free: Interface[]): Interface[] {
    const mayJoin = free.filter(({ name }) => name !== 'ib0' && !this.#below.has(name));
    const ports = mayJoin.slice(0, 1 + this.#roll(3));
    if (ports.length === 0) return free;
    const name = `${kind === 'bond' ? 'bond' : 'br'}${this.#roll(3)}`;
    const mode = modes[this.#roll(modes.length)] ?? 'active-backup';
    const mac = ports[0]?.mac;
    const joined = this.#add({ name, ...(mac !== undefined && { mac }), addresses: [] });
    const byKeyfile = this.#chance(2);
    const shared = kind === 'bond' && ports.length > 1;
    for (const port of ports) {
      const isCard = !/^bond|\./.test(port.name);
      if (byKeyfile && isCard)
        this.#connections[port.name] = keyfile(port.name, 'ethernet', [`controller=uuid-${name}`]);
      else port.master = name;
      if (!shared || port.mac === undefined || mac === undefined) continue;
      if (this.#chance(2)) port.permanentMac = port.mac;
      port.mac = mac;
    }
    if (byKeyfile) {
      const lines = kind === 'bond' ? [`[bond]`, `mode=${mode}`, 'miimon=100'] : ['[bridge]', 'stp=false'];
      this.#connections[name] = keyfile(name, kind, [`uuid=uuid-${name}`], lines);
    } else {
      joined.kind = kind;
      if (kind === 'bond') joined.mode = mode;
    }
    const names = ports.map((port) => port.name.split('@')[0] ?? '').toSorted();
    const extra = byKeyfile ? (kind === 'bond' ? [`mii-monitor-interval=100`] : ['stp=false']) : [];
    const parameters = kind === 'bond' ? [...extra, `mode=${mode}`] : extra;
    this.#asked.push([kind, name, 'of', ...names, ...parameters].join(' '));
    return [joined, ...free.filter((nic) => !ports.includes(nic))];
  }

  #vlans(free: readonly Interface[]): Interface[] {
    return free.slice(0, 1 + this.#roll(2)).map((below, at) => {
      const id = 1 + this.#roll(999) * 4 + at;
      const name = `${below.name.slice(0, 10)}.${id}`;
      const spelled = below.name.length > 10 || this.#chance(3) ? `${name}@${below.name}` : name;
      const mac = this.#chance(2) && below.name !== 'ib0' ? below.mac : undefined;
      const vlan = this.#add({ name, ...(mac !== undefined && { mac }), addresses: [] });
      vlan.name = spelled;
      this.#below.add(below.name);
      this.#asked.push(`vlan ${name} ${id} on ${below.name}`);
      return vlan;
    });
  }

  #address(nic: Interface): void {
    for (const family of this.#chance(2) ? [4, 6] : [4]) {
      const single = this.#chance(5);
      const bits = family === 4 ? [24, 20, 31, 8, 30][this.#roll(5)] : [64, 56, 112, 127][this.#roll(4)];
      this.#subnets += 1;
      const base = family === 4 ? `10.${this.#subnets}.0` : `2001:db8:${this.#subnets}:`;
      const separator = family === 4 ? '.' : ':';
      const own = `${base}${separator}4/${single ? (family === 4 ? 32 : 128) : bits}`;
      nic.addresses.push(own);
      const name = nic.name.split('@')[0];
      this.#asked.push(`address ${name} ${own}`);
      const near = `${base}${separator}5`;
      const far = family === 4 ? `203.0.113.${this.#subnets}` : `2001:db8:ffff::${this.#subnets}`;
      const target = family === 4 ? `172.${15 + this.#subnets}.0.0/16` : `2001:db8:e000:${this.#subnets}::/64`;
      const metric = this.#chance(3) ? 1 + this.#roll(900) : undefined;
      const suffix = metric === undefined ? '' : ` metric ${metric}`;
      const via = [undefined, single ? far : near, far, ''][this.#roll(4)];
      if (via === undefined) continue;
      const route = { destination: target, interface: nic.name, ...(metric !== undefined && { metric }) };
      this.#routes.push(via === '' ? route : { ...route, gateway: via });
      const way = via === '' ? '' : ` via ${via}${via === far ? ' on-link' : ''}`;
      this.#asked.push(`route ${name} ${target}${way}${suffix}`);
    }
  }

  /** A default route for each family, or two, which then get metrics. */
  #defaults(addressed: readonly Interface[]): void {
    for (const family of [4, 6]) {
      const able = addressed.filter(({ addresses }) => addresses.some((one) => one.includes(':') === (family === 6)));
      const chosen = able.slice(0, this.#roll(3));
      chosen.forEach((nic, rank) => {
        const own = nic.addresses.find((one) => one.includes(':') === (family === 6)) ?? '';
        const single = own.endsWith('/32') || own.endsWith('/128');
        const inside = own.replace(/4\/\d+$/, '5');
        const gateway = single ? (family === 4 ? '198.51.100.1' : '2001:db8:aaaa::1') : inside;
        this.#routes.push({ destination: 'default', gateway, interface: nic.name });
        const metric = chosen.length > 1 ? ` metric ${100 + rank}` : '';
        const to = family === 4 ? '0.0.0.0/0' : '::/0';
        const onLink = single ? ' on-link' : '';
        this.#asked.push(`route ${nic.name.split('@')[0]} ${to} via ${gateway}${onLink}${metric}`);
      });
    }
  }

  /** Addresses that are not the host's own, beside those that are. */
  #holdOthers(addressed: readonly Interface[]): string | undefined {
    let endpoint: string | undefined;
    for (const [at, { addresses }] of addressed.entries()) {
      const subnet = addresses.find((one) => /\/(?:24|20|8)$/.test(one));
      if (subnet !== undefined && this.#chance(2)) {
        addresses.push(subnet.replace(/4\/\d+$/, '100/32'));
        if (endpoint === undefined && this.#chance(2)) {
          endpoint = subnet.replace(/4\/\d+$/, '101');
          addresses.push(`${endpoint}/24`);
        }
      }
      if (this.#chance(3)) addresses.push(`fe80::${at + 1}/64`, '169.254.3.4/16');
    }
    return endpoint;
  }

  #containers(): void {
    if (!this.#chance(3)) return;
    this.#interfaces.unshift({ name: 'cni0', mac: 'de:ad:be:ef:00:03', addresses: ['10.244.3.1/24'] });
    this.#interfaces.push({ name: 'kube-ipvs0', addresses: ['10.96.0.1/32'] });
    this.#routes.push({ destination: '10.244.1.0/24', gateway: '10.244.1.0', interface: 'flannel.1' });
  }

  #names(): { dnsServers?: string[]; searchDomains?: string[] } {
    const servers = ['192.0.2.53', '2001:db8::53', '192.0.2.54'].slice(0, this.#roll(4));
    const domains = Array.from({ length: servers.length === 0 ? 0 : this.#roll(5) }, (_, at) => `d${at}.example.com`);
    this.#asked.push(...servers.map((one) => `dns ${one}`), ...domains.map((one) => `search ${one}`));
    for (const { name, mac, permanentMac } of this.#interfaces) this.#askCard(name, permanentMac ?? mac);
    return { dnsServers: servers, searchDomains: domains };
  }

  #askCard(name: string, mac: string | undefined): void {
    if (/^(?:bond|br|cni|kube-)|\./.test(name)) return;
    const twins = this.#interfaces.filter(
      (other) => other.mac === mac && /^(?!bond|br|cni|kube-)[^.]+$/.test(other.name),
    );
    const own = this.#interfaces.find((other) => other.name === name);
    const shared = own?.permanentMac === undefined && twins.length > 1;
    const matched = mac === undefined || mac === infiniBandMac || shared ? undefined : mac;
    this.#asked.push(matched === undefined ? `card ${name}` : `card ${name} ${matched}`);
  }
}

function keyfile(name: string, type: string, lines: readonly string[], more: readonly string[] = []): string {
  return ['[connection]', `id=${name}`, `type=${type}`, `interface-name=${name}`, ...lines, '', ...more, ''].join('\n');
}
