import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { describe, expect } from 'vitest';
import { parse } from 'yaml';
import { capiClusters, machineInventories, secrets } from '../../api/resources.ts';
import { readText } from '../../dev/elemental/plan-secret.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { seedFolder } from '../../domain/plan/script.ts';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { holdsWord } from '../support/find-word.ts';
import { expectReleased, getPlanSecret } from '../support/hosts.ts';
import {
  bootstrapSecretOf,
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  untilGone,
  untilProvisioned,
  untilReason,
} from '../support/machines.ts';
import { untilLogged } from '../support/service-log.ts';
import type { Site } from '../support/site.ts';
import { beside, siteTest } from '../support/site-test.ts';
import { startTrapHosts } from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';

// The network that an inventory records is what cloud-init finds on the host's disk when the node boots.

const mac = { a: '52:54:00:aa:bb:01', b: '11:22:33:44:55:10' };
const recorded = {
  interfaces: [
    { name: 'lo', addresses: ['127.0.0.1/8'] },
    { name: 'ens1', mac: '52-54-00-AA-BB-01', mtu: 9000, addresses: ['10.0.0.5/24', 'fd00::5/64'] },
    { name: 'ens2', mac: mac.b, addresses: ['192.168.7.5/24'] },
    { name: 'ens3', addresses: ['172.20.0.5/16'] },
  ],
  routes: [
    { destination: 'default', gateway: '10.0.0.1', interface: 'ens1', metric: 100 },
    { destination: 'default', gateway: 'fd00::1', interface: mac.a, metric: 50 },
    { destination: '10.8.0.0/16', gateway: '192.168.7.1', interface: mac.b.toUpperCase() },
    { destination: '10.9.0.0/16', interface: 'ens2' },
    { destination: '10.10.0.0/16', gateway: '172.20.0.1', metric: 0 },
  ],
  dnsServers: ['10.0.0.53', 'fd00::53'],
  searchDomains: ['example.com', 'rack.example.com'],
};
const replayed = {
  version: 2,
  ethernets: {
    ens1: {
      match: { macaddress: mac.a },
      'set-name': 'ens1',
      mtu: 9000,
      addresses: ['10.0.0.5/24', 'fd00::5/64'],
      routes: [
        { to: '0.0.0.0/0', via: '10.0.0.1', metric: 100 },
        { to: '::/0', via: 'fd00::1', metric: 50 },
      ],
      nameservers: { addresses: ['10.0.0.53', 'fd00::53'], search: ['example.com', 'rack.example.com'] },
    },
    ens2: {
      match: { macaddress: mac.b },
      'set-name': 'ens2',
      addresses: ['192.168.7.5/24'],
      routes: [
        { to: '10.8.0.0/16', via: '192.168.7.1' },
        { to: '10.9.0.0/16', via: '0.0.0.0', scope: 'link' },
      ],
    },
    ens3: { addresses: ['172.20.0.5/16'], routes: [{ to: '10.10.0.0/16', via: '172.20.0.1', metric: 0 }] },
  },
};
const chosen = {
  interfaces: [{ name: 'eth0', addresses: ['10.1.0.9/24'] }],
  routes: [{ destination: 'default', gateway: '10.1.0.1' }],
};
const chosenReplayed = {
  version: 2,
  ethernets: { eth0: { addresses: ['10.1.0.9/24'], routes: [{ to: '0.0.0.0/0', via: '10.1.0.1' }] } },
};

const test = siteTest('network', { hosts: [] }).extend('hosts', { scope: 'file' }, beside(startTrapHosts));

/** A machine comes to run on the host. */
async function bringUp(
  site: Site,
  host: SimulatedHost,
  machine = host.name,
  userData = renderJoinConfig(),
): Promise<void> {
  const boots = host.bootCount;
  await createMachine(site, { name: machine, pool: host.name, userData });
  await untilProvisioned(site, machine);
  await waitFor(
    `${host.name} has booted its seed and joined`,
    () => host.bootCount === boots + 1 && host.node?.registered === true,
    () => ({ boots: host.bootCount, node: host.node, problem: host.joinProblem }),
    { timeoutMs: 90_000 },
  );
}

/** IP addresses that the machine's status shows. */
async function addressesOf(site: Site, machine: string): Promise<string[]> {
  const { status } = await untilProvisioned(site, machine);
  return (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
}

/** What cloud-init finds, read as it reads it; undefined: nothing, so it leaves the network alone. */
async function readNetwork({ disk }: SimulatedHost): Promise<unknown> {
  const text = await disk.read(`${seedFolder}/network-config`);
  return text === undefined ? undefined : parse(text, { version: '1.1' });
}

describe.concurrent('the seed of a host', () => {
  test('with an observed network holds exactly that, for root only', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('nr-observed', { spec: { observedNetwork: recorded } });
    await bringUp(site, host);
    expect(await readNetwork(host)).toEqual(replayed);
    expect(await host.disk.list(seedFolder)).toEqual(['meta-data', 'network-config', 'user-data']);
    for (const name of await host.disk.list(seedFolder)) {
      expect((await stat(host.disk.locate(`${seedFolder}/${name}`))).mode & 0o777, name).toBe(0o600);
    }
  });

  test('holds the user-data that the bootstrap Secret shows as resolved, beside the untouched original', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('nr-resolved', {});
    const userData = renderJoinConfig({ secretFile: 'as it is: ä \t' });
    await bringUp(site, host, 'nr-resolved', userData);
    const key = { namespace: site.namespace, name: bootstrapSecretOf('nr-resolved') };
    const { data } = await site.client.get(secrets, key);
    expect(data['value']).toBe(Buffer.from(userData).toString('base64'));
    const resolved = Buffer.from(data['resolved-value'] ?? '', 'base64').toString();
    expect(resolved).toContain('provider-id');
    expect(resolved).toContain('baremetal:///nr-resolved');
    expect(await host.disk.read(`${seedFolder}/user-data`)).toBe(resolved);
    const plan = readText((await getPlanSecret(site, 'nr-resolved')).data, 'plan');
    expect(holdsWord(plan, resolved)).toBe(true);
  });

  test('with a stock image, which forgets the seed at the reboot, gets it back with the network', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('nr-stock', { stock: true, spec: { observedNetwork: recorded } });
    await bringUp(site, host);
    expect(await readNetwork(host)).toEqual(replayed);
  });

  test('with both networks holds the explicit one; a later node gets what is recorded then', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('nr-both', { spec: { network: chosen, observedNetwork: recorded } });
    const key = { namespace: site.namespace, name: 'nr-both' };
    const lives = [
      { machine: 'nr-both', spec: {}, expected: chosenReplayed },
      { machine: 'nr-both-second', spec: { network: null }, expected: replayed },
      { machine: 'nr-both-third', spec: { observedNetwork: null }, expected: undefined },
    ];
    for (const { machine, spec, expected } of lives) {
      await site.client.patch(machineInventories, key, { spec });
      await bringUp(site, host, machine);
      expect(await readNetwork(host), machine).toEqual(expected);
      await deleteMachine(site, machine);
      await untilGone(site, machine);
      await expectReleased(site, 'nr-both');
    }
    expect(await host.disk.list(seedFolder)).toEqual(['meta-data', 'user-data']);
  });

  test("with elemental's own network settings keeps cloud-init away from it, with none leaves it alone", async ({
    site,
    hosts,
  }) => {
    const network = { configurator: 'nmc', ipAddresses: { ip: '192.0.2.77' }, config: { interfaces: [] } };
    const elemental = await hosts.addWithPool('nr-elemental', { spec: { network, observedNetwork: chosen } });
    const none = await hosts.addWithPool('nr-none', { spec: { network: { ...network, configurator: 'none' } } });
    await Promise.all([bringUp(site, elemental), bringUp(site, none)]);
    expect(await readNetwork(elemental)).toEqual({ network: { config: 'disabled' } });
    expect(await addressesOf(site, 'nr-elemental')).toEqual(['192.0.2.77']);
    expect(await none.disk.list(seedFolder)).toEqual(['meta-data', 'user-data']);
  });

  test('holds the own network of a host that ran a node before; the rest is named in the log', async ({
    site,
    hosts,
  }) => {
    const { spec } = await site.client.get(capiClusters, { namespace: site.namespace, name: 'demo' });
    const endpoint = spec.controlPlaneEndpoint?.host ?? '';
    expect(isIP(endpoint)).toBe(4);
    const observedNetwork = {
      interfaces: [
        { name: 'eno1', addresses: ['192.0.2.11/24', '192.0.2.100/32', `${endpoint}/24`] },
        { name: 'kube-ipvs0', mac: 'de:ad:be:ef:00:01', addresses: ['10.96.0.1/32'] },
      ],
      routes: [{ destination: 'default', gateway: '192.0.2.1', interface: 'eno1' }],
    };
    const host = await hosts.addWithPool('nr-node', { spec: { observedNetwork } });
    await bringUp(site, host);
    expect(await readNetwork(host)).toEqual({
      version: 2,
      ethernets: { eno1: { addresses: ['192.0.2.11/24'], routes: [{ to: '0.0.0.0/0', via: '192.0.2.1' }] } },
    });
    expect(await addressesOf(site, 'nr-node')).toEqual(['192.0.2.11']);
    const message = "Left out of the network what is not the host's own";
    expect(await untilLogged(site, 'worker-0', message, 'nr-node')).toMatchObject({
      leftOut: ['eno1 192.0.2.100/32 (virtual)', `eno1 ${endpoint}/24 (control-plane endpoint)`, 'kube-ipvs0'],
    });
  });

  test('is not written for a bond that only looks like one, nor with the address of another host', async ({
    site,
    hosts,
  }) => {
    await hosts.addWithPool('nr-bond', {
      spec: { observedNetwork: { interfaces: [{ name: 'bond0', mac: mac.a }] } },
    });
    const taken = { interfaces: [{ name: 'eth0', addresses: ['198.51.100.7/24'] }] };
    await hosts.add('nr-twin-other', { spec: { observedNetwork: taken } });
    await hosts.add('nr-twin', { spec: { network: taken } });
    await createPool(site, 'nr-twin', ['nr-twin', 'nr-twin-other']);
    const refused = { 'nr-bond': 'bond0 looks like a bond', 'nr-twin': '198.51.100.7 is that of nr-twin-other' };
    for (const [name, words] of Object.entries(refused)) {
      await createMachine(site, { name, pool: name, userData: renderJoinConfig() });
      const machine = await untilReason(site, name, 'BootstrapReady', 'BootstrapInvalid');
      expect(conditionOf(machine, 'BootstrapReady')?.message).toContain(words);
      expect(readText((await getPlanSecret(site, name)).data, 'plan')).toBe('{}');
    }
    await site.client.patch(
      machineInventories,
      { namespace: site.namespace, name: 'nr-twin-other' },
      { spec: { observedNetwork: null } },
    );
    await untilProvisioned(site, 'nr-twin');
  });
});
