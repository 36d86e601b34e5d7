import { afterAll, expect } from 'vitest';
import { z } from 'zod';
import { foreign } from '../../api/constants.ts';
import {
  baremetalClusters,
  capiClusters,
  capiMachines,
  machineInventories,
  type Resource,
} from '../../api/resources.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { controlPlanes, deployBareCluster, listMachines, untilControlPlane } from '../support/control-plane.ts';
import { listZones, openWorkloadCluster } from '../support/control-plane-evidence.ts';
import { findMachine, untilGone } from '../support/machines.ts';
import { createWays } from '../support/operator-ways.ts';
import { recordObjects } from '../support/object-recorder.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { askHost } from '../support/stranded-host.ts';
import { waitFor } from '../support/wait-for.ts';

// docs/guides/failure-domains.md. Without them the first three hosts of the pool would stand in two racks.
const name = 'racks';
const planes = { 'rk-a1': 'a', 'rk-a2': 'a', 'rk-b1': 'b', 'rk-b2': 'b', 'rk-c1': 'c' };
const workers = { 'rk-w1': 'a', 'rk-w2': 'd' };
const racks: Record<string, string> = { ...planes, ...workers };
const test = siteTest('racks', { hosts: Object.keys(racks), replicas: 1 });
let workload: KubeClient | undefined;

afterAll(() => workload?.close());

const toldClusters = {
  ...capiClusters,
  schema: z.object({
    status: z.object({
      failureDomains: z.array(z.object({ name: z.string(), controlPlane: z.boolean().optional() })).optional(),
    }),
  }),
} satisfies Resource<unknown>;

/** As KubeadmControlPlane reads them. */
async function domainsOf(site: Site) {
  const found = await site.client.get(toldClusters, { namespace: site.namespace, name });
  return (found.status.failureDomains ?? []).map((domain) => `${domain.name} ${domain.controlPlane === true}`);
}

/** Rack of each machine of the control plane, as asked and as it is. */
async function placesOf(site: Site) {
  const machines = await listMachines(site, 'control plane');
  return Promise.all(
    machines.map(async ({ metadata, status }) => {
      const key = { namespace: site.namespace, name: metadata.name };
      const { failureDomain: asked } = (await site.client.get(capiMachines, key)).spec;
      return { asked, is: status?.failureDomain, stands: racks[status?.machineInventoryRef?.name ?? ''] };
    }),
  );
}

test('a control plane spreads over three racks, and workers stand in the one that their group names', async ({
  site,
}) => {
  const { client, namespace } = site;
  for (const [host, rack] of Object.entries(racks)) {
    const labels = { [foreign.zoneLabel]: rack };
    await client.patch(machineInventories, { namespace, name: host }, { metadata: { labels } });
  }
  const [port] = await findFreePorts(1);
  await deployBareCluster(site, {
    name,
    hosts: Object.keys(planes),
    workers: ['rk-w1', 'rk-w2'],
    workersIn: 'd',
    port,
  });
  await client.patch(
    {
      group: 'cluster.x-k8s.io',
      version: 'v1beta2',
      plural: 'machinedeployments',
      kind: 'MachineDeployment',
      schema: z.unknown(),
    },
    { namespace, name: 'workers' },
    { spec: { replicas: 1 } },
  );
  await untilControlPlane(site, name, 'v1.34.2');
  expect(await domainsOf(site)).toEqual(['a true', 'b true', 'c true', 'd false']);
  const places = await placesOf(site);
  expect(new Set(places.map(({ asked }) => asked))).toEqual(new Set(['a', 'b', 'c']));
  expect(places).toHaveLength(3);
  for (const { asked, is, stands } of places) expect([is, stands]).toEqual([asked, asked]);

  await site.untilRunning(4);
  const [worker] = await listMachines(site, 'worker');
  expect(worker?.status).toMatchObject({ machineInventoryRef: { name: 'rk-w2' }, failureDomain: 'd' });
  workload = await openWorkloadCluster(site, name);
  const zones = await listZones(workload);
  for (const [node, zone] of Object.entries(zones)) expect(zone).toBe(racks[node]);
  expect(new Set(Object.values(zones))).toEqual(new Set(['a', 'b', 'c', 'd']));
  expect(Object.keys(zones)).toHaveLength(4);
}, 300_000);

test('what changes no failure domain is not written, and what does is written once', async ({ site }) => {
  const { client, namespace } = site;
  const label = (host: string, rack: string | null): Promise<unknown> =>
    client.patch(
      machineInventories,
      { namespace, name: host },
      { metadata: { labels: { [foreign.zoneLabel]: rack } } },
    );
  const seen = await recordObjects(site, baremetalClusters);
  for (const host of ['rk-a2', 'rk-b2']) {
    await label(host, null);
    await label(host, racks[host] ?? null);
  }
  await label('rk-w1', 'e');
  await waitFor(
    'Cluster API knows of another rack',
    async () => (await domainsOf(site)).join() === 'a true,b true,c true,d false,e false',
    () => domainsOf(site),
  );
  await label('rk-w1', null);
  await waitFor(
    'and that it is gone',
    async () => (await domainsOf(site)).join() === 'a true,b true,c true,d false',
    () => domainsOf(site),
  );
  await seen.stop();
  const told = seen.seen.map(({ status }) => (status?.failureDomains ?? []).map((domain) => domain.name).join(''));
  expect(told).toEqual(['abcd', 'abcde', 'abcd']);
});

test('the loss of a rack leaves two of three, and its machine is replaced in another rack', async ({ site }) => {
  const { client, namespace } = site;
  const machines = await listMachines(site, 'control plane');
  const lost = machines.find(({ status }) => status?.failureDomain === 'c');
  const ref = { namespace, name: lost?.metadata.name ?? '', uid: lost?.metadata.uid ?? '' };
  const states = await recordObjects(site, controlPlanes);
  await site.host('rk-c1').die();
  await askHost(site, 'rk-c1', 'quarantine: its rack has no power');
  await waitFor(
    'Cluster API knows that the rack is lost',
    async () => (await domainsOf(site)).join() === 'a true,b true,d false',
    () => domainsOf(site),
    { timeoutMs: 60_000 },
  );
  await client.delete(capiMachines, ref);
  await waitFor(
    'its host is to be cleaned',
    async () => (await findMachine(site, ref.name))?.status?.phase === 'Preparing',
    () => summarise(site),
    { timeoutMs: 120_000 },
  );
  expect((await createWays(site).annotation.ask(ref, 'forceRelease', 'its rack has no power')).accepted).toBe(true);
  await untilGone(site, ref.name);
  await untilControlPlane(site, name, 'v1.34.2');
  await states.stop();

  const places = await placesOf(site);
  expect(new Set(places.map(({ stands }) => stands))).toEqual(new Set(['a', 'b']));
  expect(places).toHaveLength(3);
  for (const { asked, is, stands } of places) expect([is, stands]).toEqual([asked, asked]);
  const available = states.seen.map(({ status }) => status.availableReplicas ?? 0);
  expect(Math.min(...available)).toBeGreaterThanOrEqual(2);
}, 300_000);

test('no host ever had two owners', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});
