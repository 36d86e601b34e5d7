import { afterAll, beforeAll, expect, test } from 'vitest';
import { baremetalClusters, baremetalMachines, capiClusters, capiMachines } from '../../api/resources.ts';
import { findFreePorts } from '../../dev/process-ports.ts';
import type { KubeClient } from '../../runtime/kube-client.ts';
import {
  controlPlanes,
  deployControlPlane,
  findDeletion,
  firstRevision,
  listEtcdMembers,
  listMachinesInOrder,
  listNodes,
  openWorkloadCluster,
  readBootNode,
  untilControlPlane,
} from '../support/control-plane.ts';
import { attached, detached, type HostTimelines, recordHostTimelines } from '../support/host-timeline.ts';
import { expectReleased, untilPoolCounts } from '../support/hosts.ts';
import { recordObjects } from '../support/object-recorder.ts';
import { type OwnershipLedger, openOwnershipLedger } from '../support/ownership-ledger.ts';
import { type Site, startSite, summarise } from '../support/site.ts';
import { waitFor } from '../support/wait-for.ts';

// docs/guides/node-management.md, "Control plane": Cluster API's own KubeadmControlPlane on hosts of a pool. The API
// server and etcd that the hosts start are simulated, see dev/host-clusters.ts.
const name = 'metal';
const hosts = ['kcp-2', 'kcp-3', 'kcp-1'];

let site: Site;
let port: number;
let timelines: HostTimelines;
let ledger: OwnershipLedger;
let workload: KubeClient | undefined;

beforeAll(async () => {
  site = await startSite('kcp', { hosts, replicas: 0 });
  [port] = await findFreePorts(1);
  [timelines, ledger] = await Promise.all([recordHostTimelines(site), openOwnershipLedger(site)]);
});

afterAll(async () => {
  await workload?.close();
  await Promise.all([timelines.stop(), ledger.stop()]);
  await site.close();
});

test('three hosts of the pool, in its order, become a control plane', async () => {
  await deployControlPlane(site, { name, hosts, port });
  await untilControlPlane(site, name, 'v1.34.2');

  const machines = await listMachinesInOrder(site);
  expect(machines.map(({ status }) => status?.machineInventoryRef?.name)).toEqual(hosts);
  expect(machines.map(({ status }) => status?.phase)).toEqual(['Running', 'Running', 'Running']);
  expect((await site.capiMachines()).map(({ status }) => status?.nodeRef?.name ?? '').toSorted()).toEqual(
    hosts.toSorted(),
  );
  const endpoint = { host: '127.0.0.1', port };
  expect((await site.client.get(capiClusters, keyOf(name))).spec.controlPlaneEndpoint).toEqual(endpoint);
  expect((await site.client.get(baremetalClusters, keyOf(name))).spec.controlPlaneEndpoint).toEqual(endpoint);

  // What kubeadm was told on the hosts: only the first one begins a cluster, each is the node of its own Machine.
  for (const [index, host] of hosts.entries()) {
    expect(await readBootNode(site, host)).toMatchObject({
      name: host,
      providerId: machines[index]?.spec.providerID,
      controlPlane: true,
      startsCluster: index === 0,
      endpoint: `127.0.0.1:${port}`,
    });
  }
  workload = await openWorkloadCluster(site, name);
  const nodes = await listNodes(workload);
  expect(nodes).toEqual(
    hosts.toSorted().map((host) => ({ name: host, providerID: `baremetal:///${host}`, version: 'v1.34.2' })),
  );
  expect([...(await listEtcdMembers(workload)).keys()].toSorted()).toEqual(hosts.toSorted());
});

test('an upgrade replaces one machine after the other, each on the host that became free', async () => {
  if (workload === undefined) throw new Error('There is no control plane');
  const before = await listMachinesInOrder(site);
  const members = await listEtcdMembers(workload);
  const [planes, machines, providers] = await Promise.all([
    recordObjects(site, controlPlanes),
    recordObjects(site, capiMachines),
    recordObjects(site, baremetalMachines),
  ]);
  await site.client.patch(controlPlanes, keyOf(name), { spec: { version: 'v1.35.0' } });
  await untilControlPlane(site, name, 'v1.35.0');
  await Promise.all([planes.stop(), machines.stop(), providers.stop()]);

  const after = await listMachinesInOrder(site);
  const old = before.map(({ metadata }) => metadata.uid);
  expect(after.filter(({ metadata }) => old.includes(metadata.uid))).toEqual([]);
  for (const host of hosts) await timelines.until(host, [...attached, ...detached, ...attached]);
  expect((await listNodes(workload)).map(({ version }) => version)).toEqual(['v1.35.0', 'v1.35.0', 'v1.35.0']);

  // Never fewer than two of three, and never a fourth machine: the pool has no host for it.
  const statuses = planes.seen.map(({ status }) => status);
  expect(Math.min(...statuses.map(({ availableReplicas = 0 }) => availableReplicas))).toBe(2);
  expect(Math.max(...statuses.map(({ replicas = 0 }) => replicas))).toBe(3);

  // A host is cleaned only after Cluster API has taken its member out of etcd.
  for (const { metadata } of before) {
    const { wasHeld, hookGone, hostAskedBack } = findDeletion(metadata.name, machines.seen, providers.seen);
    expect(wasHeld).toBe(true);
    expect(hookGone).toBeLessThan(hostAskedBack);
  }
  const joined = await listEtcdMembers(workload);
  expect([...joined.keys()].toSorted()).toEqual(hosts.toSorted());
  for (const [host, id] of members) expect(joined.get(host)).not.toBe(id);
  await untilPoolCounts(site, 'control-plane', { total: 3, available: 0, allocated: 3 });
});

test('a deleted Cluster takes its control plane along and leaves clean hosts', async () => {
  const [machines, infrastructure] = await Promise.all([
    recordObjects(site, baremetalMachines),
    recordObjects(site, baremetalClusters),
  ]);
  await site.client.delete(capiClusters, keyOf(name));
  await waitFor(
    'the Cluster is gone',
    async () => (await site.client.find(capiClusters, keyOf(name))) === undefined,
    () => summarise(site),
    { timeoutMs: 120_000 },
  );
  await Promise.all([machines.stop(), infrastructure.stop()]);
  const leaving = infrastructure.seen.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const lastOfMachines = Math.max(...machines.seen.map(({ metadata }) => Number(metadata.resourceVersion)));
  expect(lastOfMachines).toBeLessThan(firstRevision(leaving));
  expect(await site.client.find(controlPlanes, keyOf(name))).toBeUndefined();
  expect(await site.client.find(baremetalClusters, keyOf(name))).toBeUndefined();
  expect(await site.capiMachines()).toEqual([]);
  for (const host of hosts) {
    await expectReleased(site, host);
    await timelines.until(host, [...attached, ...detached, ...attached, ...detached]);
  }
  await untilPoolCounts(site, 'control-plane', { total: 3, available: 3, allocated: 0 });
});

test('no host ever had two owners', () => {
  expect(ledger.findBreaches()).toEqual([]);
});

function keyOf(of: string) {
  return { namespace: site.namespace, name: of };
}
