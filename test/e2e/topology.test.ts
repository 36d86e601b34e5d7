import { expect } from 'vitest';
import { IMAGE_CATALOG_NAME } from '../../api/constants.ts';
import {
  baremetalClusters,
  baremetalMachineTemplates,
  capiClusters,
  capiMachines,
  configMaps,
} from '../../api/resources.ts';
import { readChangedSamples } from '../../dev/lab/samples.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import { readAuditEvents } from '../../dev/stack/audit.ts';
import { type Manifest, manifestSchema, readManifests } from '../../dev/stack/cluster-api-manifests.ts';
import { startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { resourceOf } from '../../dev/stack/manifests.ts';
import { untilSettled } from '../support/host-answers.ts';
import { markAudit } from '../support/host-writes.ts';
import { expectReleased } from '../support/hosts.ts';
import { installedImages } from '../support/installed-images.ts';
import { createPool } from '../support/machines.ts';
import { listMetadata, untilQuiet } from '../support/object-metadata.ts';
import { recordObjects } from '../support/object-recorder.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import {
  generateManifests,
  listTemplates,
  patchTopology,
  readServing,
  topologyKinds,
  untilServing,
} from '../support/topology.ts';
import { waitFor } from '../support/wait-for.ts';
import { isServing } from '../support/worker-groups.ts';

// docs/guides/cluster-class.md with the real topology controller, step by step. A management cluster of its own: the
// core manager is restarted, for it remembers for ten minutes what it has compared.
const name = 'metal';
const version = 'v1.34.2';
const hosts = ['tp-cp-1', 'tp-cp-2', 'tp-w-2', 'tp-w-1', 'tp-rack5', 'tp-rack6'];
/** The 10 minutes are for those who have them. */
const restMs = Number(process.env['IRONLOOM_TOPOLOGY_REST_MS'] ?? 60_000);

const test = siteTestOn(
  async ({ onCleanup }) => {
    const cluster = await startManagementCluster({ components: { temporal: false } });
    onCleanup(() => cluster.stop());
    return { ...cluster, temporal: useStack().temporal };
  },
  'topology',
  { hosts, replicas: 1 },
);

const clusterKey = ({ namespace }: Site) => ({ namespace, name });
const workers = '/workers/machineDeployments';
/** Of a template of the class, which a patch of it replaces. */
const machineInventoryPoolRef = { name: 'replaced' };
const clusterClasses = resourceOf({ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'ClusterClass' });

async function findInfrastructure({ client, namespace }: Site) {
  const { items } = await client.list(baremetalClusters, { namespace });
  return items.map((item) => baremetalClusters.schema.parse(item));
}

test('a Cluster of the class comes up on the pools that are called as its groups', async ({ site }) => {
  const [port] = await findFreePorts(1);
  const catalog = (await readChangedSamples(site)).filter(({ kind }) => kind === 'ConfigMap');
  const env = {
    CLUSTER_NAME: name,
    NAMESPACE: site.namespace,
    KUBERNETES_VERSION: version,
    CONTROL_PLANE_MACHINE_COUNT: '1',
    WORKER_MACHINE_COUNT: '1',
    IMAGE_REGISTRY: 'registry.example.com',
    KUBERNETES_IMAGE_REPOSITORY: 'registry.example.com/k8s',
    NETWORK_TYPE: 'kube-ovn',
    CONTROL_PLANE_ENDPOINT_HOST: '127.0.0.1',
    CONTROL_PLANE_ENDPOINT_PORT: String(port),
    CONTROL_PLANE_HOSTS: '[{name: tp-cp-1}, {name: tp-cp-2}]',
    WORKER_HOSTS: '[{name: tp-w-2}, {name: tp-w-1}]',
  };
  const ofClass = (await generateManifests('clusterclass', {})).map((manifest) => ({
    ...manifest,
    metadata: { ...manifest.metadata, namespace: site.namespace },
  }));
  await site.apply([...catalog, ...ofClass, ...(await generateManifests('templates/topology', env))]);
  await untilServing(site, version, { 'control-plane': 1, workers: 1 });
  expect(await readServing(site)).toEqual({ 'control-plane': ['tp-cp-1'], workers: ['tp-w-2'] });

  const endpoint = { host: '127.0.0.1', port };
  const [infrastructure] = await findInfrastructure(site);
  expect(infrastructure?.spec).toEqual({
    controlPlaneEndpoint: endpoint,
    controlPlaneLoadBalancer: { ...endpoint, type: 'Internal', vrid: 51 },
    networkType: 'kube-ovn',
  });
  const seed = (await site.host('tp-cp-1').disk.read('/var/lib/cloud/seed/nocloud/user-data')) ?? '';
  expect(seed).toContain('/etc/kubernetes/manifests/kube-vip.yaml');
  expect(seed).toContain('imageRepository: registry.example.com/k8s');
}, 300_000);

test('the class takes the sample, and no variable that it does not know', async ({ site }) => {
  const [pool, sample] = await readManifests(new URL('../../config/samples/topology.yaml', import.meta.url).pathname);
  if (pool === undefined || sample === undefined) throw new Error('The sample is not a pool and a Cluster');
  const attempt = (manifest: Manifest) => {
    const metadata = { ...manifest.metadata, namespace: site.namespace };
    const options = { fieldManager: 'ironloom-test', dryRun: true };
    return site.client.apply(resourceOf(manifest), { ...manifest, metadata }, options);
  };
  await attempt(pool);
  await attempt(sample);
  const misspelt: unknown = JSON.parse(JSON.stringify(sample).replace('"controlPlaneMaxSurge"', '"maxSurge"'));
  await expect(attempt(manifestSchema.parse(misspelt))).rejects.toThrow('maxSurge');
});

test(
  'at rest nothing is written, although the topology controller compares everything anew',
  async ({ site, cluster }) => {
    await untilSettled(site);
    const before = await listTemplates(site);
    const since = await markAudit(cluster.auditLogPath);
    await cluster.restartProcess('capi-core');
    await untilQuiet(site, topologyKinds, restMs);
    // Its dry runs: nothing came of them.
    const compared = (await readAuditEvents(cluster.auditLogPath))
      .slice(since)
      .filter(({ user, verb }) => user.username === 'capi-core' && verb === 'patch')
      .map(({ objectRef }) => objectRef?.resource);
    expect(compared).toEqual(expect.arrayContaining(['baremetalclusters', 'baremetalmachinetemplates']));
    expect(await listTemplates(site)).toEqual(before);
  },
  restMs + 180_000,
);

test('it scales, and gets a MachineDeployment on another pool', async ({ site }) => {
  await patchTopology(site, name, { op: 'replace', path: `${workers}/0/replicas`, value: 2 });
  await createPool(site, 'rack5', ['tp-rack5'], name);
  const variables = { overrides: [{ name: 'pool', value: 'rack5' }] };
  const group = { class: 'worker', name: 'edge', replicas: 1, variables };
  await patchTopology(site, name, { op: 'add', path: `${workers}/-`, value: group });
  await untilServing(site, version, { 'control-plane': 1, workers: 2, edge: 1 });
  expect(await readServing(site)).toEqual({
    'control-plane': ['tp-cp-1'],
    workers: ['tp-w-1', 'tp-w-2'],
    edge: ['tp-rack5'],
  });
}, 300_000);

test('another pool of a group is a new template, and its machines move; the endpoint never does', async ({ site }) => {
  const before = await listTemplates(site);
  await createPool(site, 'rack6', ['tp-rack6'], name);
  const pool = `${workers}/1/variables/overrides/0/value`;
  await patchTopology(site, name, { op: 'replace', path: pool, value: 'rack6' });
  await waitFor(
    'the group runs on the other pool',
    async () => JSON.stringify((await readServing(site))['edge']) === JSON.stringify(['tp-rack6']),
    () => summarise(site),
    { timeoutMs: 120_000 },
  );
  await expectReleased(site, 'tp-rack5');
  await waitFor(
    'the old template is gone',
    async () => (await listTemplates(site)).length === before.length,
    () => listTemplates(site),
  );
  expect(await listTemplates(site)).not.toEqual(before);
  const moved = patchTopology(site, name, { op: 'replace', path: '/variables/0/value/host', value: '127.0.0.2' });
  await expect(moved).rejects.toThrow('the endpoint never changes');
}, 300_000);

test('a new version reaches every host by the catalog, the control plane first; no template changes', async ({
  site,
}) => {
  const templates = await listTemplates(site);
  const machines = await recordObjects(site, capiMachines);
  const catalog = { data: { 'v1.35.7': 'baremetal/node-image:v1.35.7' } };
  await site.client.patch(configMaps, { namespace: site.namespace, name: IMAGE_CATALOG_NAME }, catalog);
  await patchTopology(site, name, { op: 'replace', path: '/version', value: 'v1.35.7' });
  await untilServing(site, 'v1.35.7', { 'control-plane': 1, workers: 2, edge: 1 });
  await machines.stop();
  expect(await listTemplates(site)).toEqual(templates);

  const next = machines.seen.map(({ metadata, spec, status }) => ({
    isControlPlane: 'cluster.x-k8s.io/control-plane' in metadata.labels,
    isNew: spec.version === 'v1.35.7',
    hasJoined: status?.nodeRef !== undefined,
  }));
  const joined = next.findIndex((it) => it.isControlPlane && it.isNew && it.hasJoined);
  const worker = next.findIndex((it) => !it.isControlPlane && it.isNew);
  expect(joined).toBeGreaterThan(-1);
  expect(worker).toBeGreaterThan(joined);
  for (const host of ['tp-w-1', 'tp-w-2', 'tp-rack6']) {
    expect(await installedImages(site, host)).toEqual([version, 'v1.35.7']);
  }
}, 400_000);

test('a group that is taken out of the topology gives its hosts back, and its templates go', async ({ site }) => {
  const before = await listTemplates(site);
  await patchTopology(site, name, { op: 'remove', path: `${workers}/1` });
  await untilServing(site, 'v1.35.7', { 'control-plane': 1, workers: 2 });
  await expectReleased(site, 'tp-rack6');
  await waitFor(
    'both templates are gone',
    async () => (await listTemplates(site)).length === before.length - 2,
    () => listTemplates(site),
  );
}, 240_000);

test('a class that names another template has the machines replaced that were made of the old one', async ({
  site,
}) => {
  const annotation = 'example.com/made-of';
  const template = { metadata: { annotations: { [annotation]: 'ironloom-2' } }, spec: { machineInventoryPoolRef } };
  const metadata = { namespace: site.namespace, name: 'ironloom-2' };
  await site.client.create(baremetalMachineTemplates, { metadata, spec: { template } });
  const path = '/spec/workers/machineDeployments/0/infrastructure/templateRef/name';
  const patch = [{ op: 'replace', path, value: 'ironloom-2' }];
  await site.client.patch(clusterClasses, { ...metadata, name: 'ironloom' }, patch, { type: 'json' });
  const madeOf = async () =>
    (await site.machines())
      .filter(isServing)
      .map(({ metadata: { annotations } }) => annotations[annotation] ?? '')
      .toSorted();
  await waitFor(
    'both workers are of the new template, and the control plane is what it was',
    async () => JSON.stringify(await madeOf()) === JSON.stringify(['', 'ironloom-2', 'ironloom-2']),
    madeOf,
    { timeoutMs: 180_000 },
  );
  await untilServing(site, 'v1.35.7', { 'control-plane': 1, workers: 2 });
}, 300_000);

test('a deleted Cluster leaves pools and the class, and every host clean', async ({ site }) => {
  await site.client.delete(capiClusters, clusterKey(site));
  await waitFor(
    'the Cluster is gone',
    async () => (await site.client.find(capiClusters, clusterKey(site))) === undefined,
    () => summarise(site),
    { timeoutMs: 180_000 },
  );
  for (const host of hosts) await expectReleased(site, host);
  const ofClass = ['ironloom', 'ironloom-2'];
  await waitFor(
    'templates of machines are those of the class',
    async () => {
      const left = (await listMetadata(site, baremetalMachineTemplates)).map((metadata) => metadata.name);
      return JSON.stringify(left) === JSON.stringify(ofClass);
    },
    () => listTemplates(site),
  );
  expect(await findInfrastructure(site)).toEqual([]);
}, 240_000);

test('no host ever had two owners', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});
