import { afterAll, expect } from 'vitest';
import { IMAGE_CATALOG_NAME } from '../../api/constants.ts';
import { baremetalClusters, baremetalMachines, capiClusters, capiMachines, configMaps } from '../../api/resources.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import {
  CONTROL_PLANE_LABEL,
  controlPlanes,
  couldNotAskEtcd,
  deployBareCluster,
  listMachines,
  untilControlPlane,
} from '../support/control-plane.ts';
import {
  findDeletion,
  findLeaving,
  listEtcdMembers,
  listNodes,
  openWorkloadCluster,
  readBootNode,
} from '../support/control-plane-evidence.ts';
import { attached, detached, recordHostTimelines } from '../support/host-timeline.ts';
import { expectReleased, untilPoolCounts } from '../support/hosts.ts';
import { installedImages } from '../support/installed-images.ts';
import { conditionOf } from '../support/machines.ts';
import { recordObjects } from '../support/object-recorder.ts';
import { type Site, summarise } from '../support/site.ts';
import { beside, siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import { appendMembers, changeDeployment, machineDeployments } from '../support/worker-groups.ts';

// docs/guides/node-management.md, "Control plane": a cluster that runs on hosts of ours alone. KubeadmControlPlane is
// the real one; API server and etcd, which the hosts start, are simulated: see dev/host/node/clusters.ts.
const name = 'metal';
const hosts = ['kcp-2', 'kcp-3', 'kcp-1'];
const worker = 'kcp-worker';
const late = 'kcp-late';
const test = siteTest('kcp', { hosts: [...hosts, worker, late], replicas: 1 }).extend(
  'timelines',
  { scope: 'file', auto: true },
  beside(recordHostTimelines),
);
let workload: KubeClient | undefined;

afterAll(() => workload?.close());

// Mostly Cluster API's own pauses: it looks at a new control plane every 5 to 30 s.
test('three hosts of a pool, in its order, become a control plane, which a worker joins', async ({ site }) => {
  const [port] = await findFreePorts(1);
  await deployBareCluster(site, { name, hosts, workers: [worker], port });
  await untilControlPlane(site, name, 'v1.34.2');
  await site.untilRunning(4);

  const machines = await listMachines(site, 'control plane');
  expect(machines.map(({ status }) => status?.machineInventoryRef?.name)).toEqual(hosts);
  const endpoint = { host: '127.0.0.1', port };
  expect((await site.client.get(capiClusters, keyOf(site, name))).spec.controlPlaneEndpoint).toEqual(endpoint);
  expect((await site.client.get(baremetalClusters, keyOf(site, name))).spec.controlPlaneEndpoint).toEqual(endpoint);

  // What kubeadm was told on the hosts: only the first one starts a cluster, each is the node of its own Machine.
  const told = { startsCluster: false, endpoint: `127.0.0.1:${port}` };
  for (const [index, host] of hosts.entries()) {
    const providerId = machines[index]?.spec.providerID;
    const expected = { ...told, name: host, providerId, controlPlane: true, startsCluster: index === 0 };
    expect(await readBootNode(site, host)).toMatchObject(expected);
  }
  expect(await readBootNode(site, worker)).toMatchObject({ ...told, name: worker, controlPlane: false });

  workload = await openWorkloadCluster(site, name);
  const nodes = [...hosts, worker].toSorted().map((host) => {
    return { name: host, providerID: `baremetal:///${host}`, version: 'v1.34.2' };
  });
  expect(await listNodes(workload)).toEqual(nodes);
  const nodeRefs = (await site.capiMachines()).map(({ status }) => status?.nodeRef?.name ?? '');
  expect(nodeRefs.toSorted()).toEqual(nodes.map((node) => node.name));
  expect([...(await listEtcdMembers(workload)).keys()].toSorted()).toEqual(hosts.toSorted());
}, 300_000);

test('an upgrade replaces one machine after the other, each on the host that became free', async ({
  site,
  timelines,
}) => {
  if (workload === undefined) throw new Error('There is no control plane');
  const before = await listMachines(site, 'control plane');
  const members = await listEtcdMembers(workload);
  const [planes, machines, providers] = await Promise.all([
    recordObjects(site, controlPlanes),
    recordObjects(site, capiMachines),
    recordObjects(site, baremetalMachines),
  ]);
  const catalog = { 'v1.35.7': 'baremetal/node-image:v1.35.7' };
  await site.client.patch(configMaps, keyOf(site, IMAGE_CATALOG_NAME), { data: catalog });
  await site.client.patch(controlPlanes, keyOf(site, name), { spec: { version: 'v1.35.7' } });
  await untilControlPlane(site, name, 'v1.35.7');
  await Promise.all([planes.stop(), machines.stop(), providers.stop()]);

  const old = before.map(({ metadata }) => metadata.uid);
  const after = await listMachines(site, 'control plane');
  expect(after.filter(({ metadata }) => old.includes(metadata.uid))).toEqual([]);
  for (const host of hosts) await timelines.until(host, [...attached, ...detached, ...attached]);
  const versions = (await listNodes(workload)).map((node) => `${node.name} ${node.version}`);
  expect(versions).toEqual([...hosts.toSorted().map((host) => `${host} v1.35.7`), `${worker} v1.34.2`]);

  // Never fewer than two of three, and never a fourth machine: the pool has no host for it.
  const statuses = planes.seen.map(({ status }) => status);
  // First whether it was ours: who is Ready stays so until it is deleted.
  const unready = providers.seen.filter(({ metadata, status }) => {
    const isOld = old.includes(metadata.uid) && metadata.deletionTimestamp === undefined;
    return isOld && status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True';
  });
  expect(unready.map(({ metadata, status }) => ({ name: metadata.name, status }))).toEqual([]);
  // By our own word, which holds whatever Cluster API can ask.
  const up = new Set(before.map(({ metadata }) => metadata.name));
  let fewest = up.size;
  for (const machine of providers.seen.filter(({ metadata }) => CONTROL_PLANE_LABEL in metadata.labels)) {
    const isReady = conditionOf(machine, 'Ready')?.status === 'True';
    if (isReady && machine.metadata.deletionTimestamp === undefined) up.add(machine.metadata.name);
    else up.delete(machine.metadata.name);
    fewest = Math.min(fewest, up.size);
  }
  expect(fewest).toBe(2);
  const known = statuses.filter((status) => !couldNotAskEtcd(status));
  expect(known.filter(({ availableReplicas = 0 }) => availableReplicas < 2)).toEqual([]);
  expect(Math.min(...known.map(({ availableReplicas = 0 }) => availableReplicas))).toBe(2);
  expect(Math.max(...statuses.map(({ replicas = 0 }) => replicas))).toBe(3);

  // A host is asked back only after Cluster API has taken its member out of etcd.
  for (const { metadata } of before) {
    const { wasHeld, hookGone, hostAskedBack } = findDeletion(metadata.name, machines.seen, providers.seen);
    expect(wasHeld).toBe(true);
    expect(hookGone).toBeLessThan(hostAskedBack);
  }
  const joined = await listEtcdMembers(workload);
  expect([...joined.keys()].toSorted()).toEqual(hosts.toSorted());
  for (const [host, id] of members) expect(joined.get(host)).not.toBe(id);
  await untilPoolCounts(site, 'control-plane', { total: 3, available: 0, allocated: 3 });
}, 300_000);

test('a worker of the old version joins the newer control plane, with the image of its own version', async ({
  site,
}) => {
  const reached = workload;
  if (reached === undefined) throw new Error('There is no control plane');
  const { client, namespace } = site;
  await appendMembers(site, 'workers', [late]);
  // Cluster API would wait for the upgrade of the workers first: which kubeadm joins is a question of bootstrap data.
  const skipped = { 'machineset.cluster.x-k8s.io/skip-preflight-checks': 'KubeadmVersionSkew,ControlPlaneVersionSkew' };
  await client.patch(machineDeployments, { namespace, name: 'workers' }, { metadata: { annotations: skipped } });
  await changeDeployment(site, 'workers', { replicas: 2 });
  await site.untilRunning(5);
  expect(await installedImages(site, late)).toEqual(['v1.34.2']);
  const nodeOf = async () => (await listNodes(reached)).find((node) => node.name === late);
  await waitFor('it joins', nodeOf, () => summarise(site));
  expect(await nodeOf()).toMatchObject({ providerID: `baremetal:///${late}`, version: 'v1.34.2' });
}, 120_000);

test('a deleted Cluster goes in order: workers, control plane, infrastructure; all hosts are clean', async ({
  site,
  timelines,
}) => {
  const names = (await listMachines(site, 'control plane')).map(({ metadata }) => metadata.name);
  const [machines, planes, infrastructure] = await Promise.all([
    recordObjects(site, baremetalMachines),
    recordObjects(site, controlPlanes),
    recordObjects(site, baremetalClusters),
  ]);
  await site.client.delete(capiClusters, keyOf(site, name));
  await waitFor(
    'the Cluster is gone',
    async () => (await site.client.find(capiClusters, keyOf(site, name))) === undefined,
    () => summarise(site),
    { timeoutMs: 120_000 },
  );
  await Promise.all([machines.stop(), planes.stop(), infrastructure.stop()]);

  const ofControlPlane = findLeaving(machines.seen.filter(({ metadata }) => names.includes(metadata.name)));
  const ofWorkers = findLeaving(machines.seen.filter(({ metadata }) => !names.includes(metadata.name)));
  expect(ofWorkers.last).toBeLessThan(findLeaving(planes.seen).first);
  expect(ofControlPlane.last).toBeLessThan(findLeaving(infrastructure.seen).first);
  expect(await site.client.find(controlPlanes, keyOf(site, name))).toBeUndefined();
  expect(await site.client.find(baremetalClusters, keyOf(site, name))).toBeUndefined();
  expect(await site.capiMachines()).toEqual([]);
  for (const host of [...hosts, worker, late]) await expectReleased(site, host);
  for (const host of hosts) await timelines.until(host, [...attached, ...detached, ...attached, ...detached]);
  await timelines.until(worker, [...attached, ...detached]);
  await untilPoolCounts(site, 'control-plane', { total: 3, available: 3, allocated: 0 });
});

test('no host ever had two owners', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});

function keyOf(site: Site, of: string) {
  return { namespace: site.namespace, name: of };
}
