import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { annotations } from '../../api/constants.ts';
import {
  baremetalClusters,
  baremetalMachines,
  baremetalRemediations,
  capiClusters,
  capiMachines,
  configMaps,
  machineInventories,
  machineInventoryPools,
  secrets,
} from '../../api/resources.ts';
import { isFalse } from '../../domain/inputs/others-words.ts';
import { readChangedSamples } from '../../dev/lab/samples.ts';
import { type Manifest, manifestSchema } from '../../dev/stack/cluster-api-manifests.ts';
import { recordProviders, runClusterctl } from '../../dev/stack/clusterctl.ts';
import { type ManagementCluster, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { applyCrds, applyManifest, resourceOf } from '../../dev/stack/manifests.ts';
import type { Service } from '../../dev/lab/services.ts';
import { buttonPhases } from '../support/button-phases.ts';
import { untilEnd, waitsForHost } from '../support/button-world.ts';
import { certManagerCrds } from '../support/cert-manager.ts';
import { plansReceived } from '../support/host-answers.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { conditionOf, createMachine, createPool, untilProvisioned, waitForMachine } from '../support/machines.ts';
import { deployments, readPodEnv } from '../support/pod-env.ts';
import { startInstalled } from '../support/installed-services.ts';
import { openReleaseRepository, type ReleaseRepository } from '../support/release-repository.ts';
import { listGrantedRights, listUsedRights } from '../support/rights.ts';
import { refOf } from '../support/runs.ts';
import { type Site, startSite, summarise } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { bringBack } from '../support/stranded-host.ts';
import { requestOperation } from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';

// docs/operations.md, "Install" and "Upgrade", with the real clusterctl. Nothing runs Deployments here: worker and bridge
// are started with the environment that a kubelet would give them.
const INSTALLATION = 'ironloom-system';
const { halted: _needsTheSharedStack, ...phases } = buttonPhases;
const machines = Object.entries(phases).map(([label, phase], index) => ({ label, phase, name: `rel-${index}` }));
const worker = 'rel-worker';
const stray = 'rel-stray';
const baremetal = `${baremetalMachines.group}/${baremetalMachines.plural}`;

let cluster: ManagementCluster;
let site: Site;
let repository: ReleaseRepository;
let services: Service[] = [];
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  [cluster, repository] = await Promise.all([
    startManagementCluster({ components: { temporal: false } }),
    openReleaseRepository(),
  ]);
  opened.use(cluster);
  opened.defer(() => repository.remove());
  const hosts = [worker, stray, ...machines.map(({ name }) => name)];
  const { temporal } = useStack();
  site = await startSite('release', { hosts, replicas: 0, workers: 0, cluster: { ...cluster, temporal } });
  opened.defer(() => site.close());
  opened.defer(() => stopServices());
  await Promise.all([
    applyCrds(site.client, certManagerCrds),
    recordProviders(site.client, ['cluster-api', 'bootstrap-kubeadm', 'control-plane-kubeadm']),
    site.apply((await readChangedSamples(site)).filter(({ kind }) => kind === 'ConfigMap')),
  ]);
});

afterAll(() => opened.disposeAsync());

async function clusterctl(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { configuration } = repository;
  return (await runClusterctl(args, { configuration, env: { KUBECONFIG: cluster.kubeconfigs.admin, ...env } })).stdout;
}

/** Waits until the run of each machine has nothing to do but to wait. */
async function untilAtRest(): Promise<void> {
  await Promise.all(machines.map(async ({ name }) => waitsForHost(site, await refOf(site, name))));
}

const manifestsOf = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml).map((document) => manifestSchema.parse(document.toJS()));

function findManifest(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`No ${kind}`);
  return found;
}

async function startServices(label: string): Promise<void> {
  services = await startInstalled(site, INSTALLATION, label);
}

async function stopServices(): Promise<void> {
  await Promise.all(services.map((service) => service.stop()));
  services = [];
}

async function imagesOf(): Promise<string[]> {
  const { items } = await site.client.list(deployments, { namespace: INSTALLATION });
  return z
    .array(deployments.schema)
    .parse(items)
    .map(({ spec }) => spec.template.spec.containers[0].image);
}

test('the same checkout gives the same bytes, and clusterctl installs them with the variables that it is given', async () => {
  const [one, other] = [await repository.add('v0.1.0'), await repository.add('v0.1.0')];
  expect(other).toEqual(one);
  const optional = ['namespace-rights.yaml', 'console.yaml', 'network-policy.yaml', 'monitoring.yaml'];
  expect([...one.keys()]).toEqual(
    expect.arrayContaining(['SHA256SUMS', 'ironloom.cdx.json', 'images.txt', ...optional]),
  );

  const variables = {
    TEMPORAL_ADDRESS: useStack().temporal.address,
    TEMPORAL_TLS: 'false',
    IRONLOOM_CLEAN_DEADLINE: '45m',
  };
  await clusterctl(['init', '--infrastructure=ironloom:v0.1.0'], variables);
  expect(await imagesOf()).toEqual(Array(2).fill('registry.example.com/ironloom/ironloom:v0.1.0'));
  expect(await readPodEnv(site.client, INSTALLATION, 'ironloom-worker')).toMatchObject({
    ...variables,
    IRONLOOM_TASK_QUEUE: 'ironloom-machine-v1',
    IRONLOOM_BUILD_ID: 'v0.1.0',
  });
});

test('generate provider tells all that was installed, each object with the label of the provider', async () => {
  const manifests = manifestsOf(await clusterctl(['generate', 'provider', '--infrastructure=ironloom:v0.1.0']));
  expect(manifests.filter(({ kind }) => kind === 'Namespace')).toHaveLength(1);
  const labels = { 'cluster.x-k8s.io/provider': 'infrastructure-ironloom', 'clusterctl.cluster.x-k8s.io': '' };
  for (const { apiVersion, kind, metadata } of manifests) {
    expect(metadata['labels'], `${kind} ${metadata.name}`).toMatchObject(labels);
    const clusterWide = /^(Cluster|Namespace|CustomResource|ValidatingAdmission)/.test(kind);
    const key = { namespace: clusterWide ? '' : INSTALLATION, name: metadata.name };
    expect(await site.client.find(resourceOf({ apiVersion, kind }), key), metadata.name).toMatchObject({
      metadata: { labels },
    });
  }
  const described = await clusterctl(['generate', 'provider', '--infrastructure=ironloom:v0.1.0', '--describe']);
  expect(described).toContain('IRONLOOM_TASK_QUEUE');
  expect(described).toContain('registry.example.com/ironloom/ironloom:v0.1.0');
});

/** The objects of a flavour, as a user generates them. */
async function generateCluster(flavour: string | undefined, namespace: string): Promise<Manifest[]> {
  const flags = [`--target-namespace=${namespace}`, '--kubernetes-version=v1.34.2', '--worker-machine-count=1'];
  const flavours = flavour === undefined ? [] : [`--flavor=${flavour}`];
  const args = ['generate', 'cluster', 'demo', '--infrastructure=ironloom:v0.1.0', ...flags, ...flavours];
  const yaml = await clusterctl(args, {
    IMAGE_REGISTRY: 'registry.example.com',
    CONTROL_PLANE_ENDPOINT_HOST: '192.0.2.10',
    CONTROL_PLANE_HOSTS: '[{name: cp-1}, {name: cp-2}, {name: cp-3}]',
    CONTROL_PLANE_KIND: 'ExternalControlPlane',
    WORKER_HOSTS: `[{name: ${worker}, hostname: large-1}]`,
    KUBERNETES_IMAGE_REPOSITORY: 'registry.example.com/k8s',
  });
  expect(yaml).not.toContain('${');
  return manifestsOf(yaml);
}

test.each([
  [undefined, { type: 'External', host: '192.0.2.10', port: 6443 }],
  ['kube-vip', { type: 'Internal', host: '192.0.2.10', port: 6443, vrid: 51 }],
])('the API server takes a cluster of flavour %s', async (flavour, controlPlaneLoadBalancer) => {
  const namespace = `${site.namespace}-${flavour ?? 'default'}`;
  const manifests = await generateCluster(flavour, namespace);
  await site.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...manifests]);
  const { spec } = await site.client.get(baremetalClusters, { namespace, name: 'demo' });
  expect(spec.controlPlaneLoadBalancer).toEqual(controlPlaneLoadBalancer);
  const pool = await site.client.get(machineInventoryPools, { namespace, name: 'demo-control-plane' });
  expect(pool.spec.machineInventories.map(({ name }) => name)).toEqual(['cp-1', 'cp-2', 'cp-3']);

  const files = findManifest(manifests, 'KubeadmControlPlane');
  const staticPod = JSON.stringify(files).includes('/etc/kubernetes/manifests/kube-vip.yaml');
  expect(staticPod).toBe(flavour === 'kube-vip');
});

test('a cluster of flavour topology brings its class along, which the API server takes as it is', async () => {
  const namespace = `${site.namespace}-topology`;
  const manifests = await generateCluster('topology', namespace);
  const kinds = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(kinds.toSorted()).toEqual([
    'BaremetalClusterTemplate ironloom',
    'BaremetalMachineTemplate ironloom',
    'Cluster demo',
    'ClusterClass ironloom',
    'KubeadmConfigTemplate ironloom',
    'KubeadmControlPlaneTemplate ironloom',
    'MachineInventoryPool demo-control-plane',
    'MachineInventoryPool demo-workers',
  ]);
  await site.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...manifests]);
  const infrastructure = await waitFor('the topology controller makes the infrastructure', async () => {
    const { items } = await site.client.list(baremetalClusters, { namespace });
    return items.length > 0 && baremetalClusters.schema.parse(items[0]);
  });
  expect(infrastructure.spec.controlPlaneLoadBalancer).toEqual({
    type: 'Internal',
    host: '192.0.2.10',
    port: 6443,
    vrid: 51,
  });
});

test('an operator says what is different here, and a cluster of flavour workers runs by it', async () => {
  const { temporal } = useStack();
  const metadata = (name: string) => ({ namespace: INSTALLATION, name });
  await applyManifest(site.client, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata('ironloom-settings'),
    data: { IRONLOOM_TASK_QUEUE: site.namespace, IRONLOOM_WATCH_NAMESPACE: site.namespace },
  });
  await applyManifest(site.client, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata('ironloom-temporal'),
    stringData: { TEMPORAL_NAMESPACE: temporal.namespace },
  });
  await site.bridge.stop();
  await startServices('v0.1.0');
  await site.apply(await generateCluster('workers', site.namespace));
  await site.untilRunning(1);
});

test('an upgrade keeps the settings and writes no plan, whatever machines are doing', async () => {
  await Promise.all(machines.map(({ phase, name }) => phase.begin(site, name)));
  await untilAtRest();
  const settings = await readPodEnv(site.client, INSTALLATION, 'ironloom-worker');
  const plans = await planVersions();
  const since = await markAudit(cluster.auditLogPath);

  await repository.add('v0.2.0');
  expect(await clusterctl(['upgrade', 'plan'])).toMatch(/infrastructure-ironloom .*v0\.1\.0 +v0\.2\.0/);
  await stopServices();
  // The variables of the first installation are not given again.
  await clusterctl(['upgrade', 'apply', '--infrastructure=ironloom:v0.2.0'], {
    TEMPORAL_ADDRESS: useStack().temporal.address,
  });
  expect(await imagesOf()).toEqual(Array(2).fill('registry.example.com/ironloom/ironloom:v0.2.0'));
  const kept = await readPodEnv(site.client, INSTALLATION, 'ironloom-worker');
  expect(kept).toMatchObject({ IRONLOOM_BUILD_ID: 'v0.2.0', IRONLOOM_CLEAN_DEADLINE: '15m', TEMPORAL_TLS: ' ' });
  for (const name of ['IRONLOOM_TASK_QUEUE', 'IRONLOOM_WATCH_NAMESPACE', 'TEMPORAL_NAMESPACE']) {
    expect(kept[name], name).toBe(settings[name]);
  }

  await startServices('v0.2.0');
  await untilAtRest();
  expect(await planVersions()).toEqual(plans);
  const hosts = [worker, ...machines.map(({ name }) => name)];
  expect(await listHostWrites(cluster.auditLogPath, site, { since, hosts })).toEqual([]);
});

test('and each of them goes on to its end with the new version', async () => {
  await Promise.all(
    machines.map(async ({ label, phase, name }) => {
      await phase.release(site, name);
      await untilEnd(site, name, phase);
      expect(plansReceived(site, name), label).toEqual(phase.plans);
    }),
  );
  await waitFor(
    'the bridge has looked whether an object that it sees no more is gone',
    async () => (await listUsedRights(cluster.auditLogPath)).used.includes(`ironloom-bridge: get ${baremetal}`),
    undefined,
    { everyMs: 500 },
  );
});

test('an annotation of an operator is heard by the new version', async () => {
  const machine = (await site.machines()).find(({ metadata }) => metadata.name.startsWith('demo-workers-'));
  const name = machine?.metadata.name ?? '';
  await requestOperation(site, name, 'pause: a look at it');
  await waitForMachine(site, name, 'paused', (it) => conditionOf(it, 'Paused')?.status === 'True');
  const owner = machine?.metadata.ownerReferences.find(({ kind }) => kind === 'Machine');
  await giveUpHealing(owner);
  await requestOperation(site, name, 'resume: seen');
  await waitForMachine(site, name, 'at work', (it) => conditionOf(it, 'Paused')?.status !== 'True');
  const isLeft = async (): Promise<boolean> =>
    isFalse(
      (await site.client.get(capiMachines, { namespace: site.namespace, name: owner?.name ?? '' })).status?.conditions,
      'OwnerRemediated',
    );
  await waitFor('a Machine that could not be healed is left to its owner', isLeft);
});

/** A request of a MachineHealthCheck for a paused machine, which is past help. */
async function giveUpHealing(
  owner: { name: string; uid: string; apiVersion: string; kind: string } | undefined,
): Promise<void> {
  const key = { namespace: site.namespace, name: owner?.name ?? '' };
  await site.client.create(baremetalRemediations, { metadata: { ...key, ownerReferences: [owner] }, spec: {} });
  await waitFor('the bridge says that it waits', async () =>
    (await site.client.get(baremetalRemediations, key)).status?.conditions?.some(
      ({ type, status }) => type === 'Paused' && status === 'True',
    ),
  );
  await site.client.patch(baremetalRemediations, key, { status: { phase: 'GivenUp' } }, { subresource: 'status' });
}

test('a host that is recorded for a machine that is gone is brought back, clean', async () => {
  const notes = { [annotations.ownerUid]: 'gone', [annotations.ownerBaremetalMachine]: 'gone' };
  await site.client.patch(
    machineInventories,
    { namespace: site.namespace, name: stray },
    { metadata: { annotations: notes } },
  );
  await bringBack(site, stray);
  expect(plansReceived(site, stray).at(-1)).toBe('clean');
});

test('where a pool has a limit and checks, bridge and worker share the slots, and the host passes', async () => {
  const checks = [{ name: 'own', script: { content: 'true', timeoutSeconds: 20 } }];
  await createPool(site, 'limited', [stray], 'demo', { maxConcurrentReprovisions: 1, acceptance: { checks } });
  await createMachine(site, { name: 'limited', pool: 'limited' });
  await untilProvisioned(site, 'limited');
});

test('the pool of a control plane is looked up before there is one, and its absence holds a cluster up for seconds', async () => {
  const { client, namespace } = site;
  const metadata = { namespace, name: 'planes' };
  const controlPlaneRef = { apiGroup: 'controlplane.cluster.x-k8s.io', kind: 'KubeadmControlPlane', name: 'planes' };
  const infrastructureRef = { apiGroup: baremetalClusters.group, kind: baremetalClusters.kind, name: 'planes' };
  await client.create(baremetalClusters, {
    metadata,
    spec: { controlPlaneEndpoint: { host: 'planes.example.com', port: 6443 } },
  });
  await client.create(capiClusters, { metadata, spec: { controlPlaneRef, infrastructureRef } });
  await waitFor(
    'the cluster is provisioned',
    async () => (await client.get(baremetalClusters, metadata)).status?.ready === true,
    () => client.find(baremetalClusters, metadata),
  );
});

test('describe cluster shows the machines, and why one does not go on', async () => {
  const [machine] = (await site.capiMachines()).filter(({ metadata }) => metadata.name.startsWith('demo-workers-'));
  expect(machine).toBeDefined();
  const shown = await clusterctl(['describe', 'cluster', 'demo', `--namespace=${site.namespace}`, '--grouping=false']);
  expect(shown).toContain(`BaremetalCluster ${site.namespace}/demo`);
  expect(shown).toContain(machine?.metadata.name);
});

test('delete takes the provider away and leaves CRDs, machines and settings', async () => {
  await expect(clusterctl(['delete', '--infrastructure=ironloom', '--include-crd'])).rejects.toThrow(
    'found existing objects for provider CRDs',
  );
  await stopServices();
  const before = await summarise(site);
  await clusterctl(['delete', '--infrastructure=ironloom']);
  await waitFor('both Deployments are gone', async () => (await imagesOf()).length === 0);
  expect(await summarise(site)).toEqual(before);
  expect(await site.client.find(configMaps, { namespace: INSTALLATION, name: 'ironloom-settings' })).toBeDefined();
  expect(await site.client.find(configMaps, { namespace: INSTALLATION, name: 'ironloom-defaults' })).toBeUndefined();
});

test('worker and bridge had every right that they needed, and needed every right that they have', async () => {
  const { used, denied } = await listUsedRights(cluster.auditLogPath);
  expect(denied).toEqual([]);
  const granted = await listGrantedRights();
  expect(granted.filter((right) => !used.includes(right))).toEqual([]);
});

async function planVersions(): Promise<string[]> {
  const { namespace } = site;
  const names = [worker, ...machines.map(({ name }) => name)];
  const found = await Promise.all(names.map((name) => site.client.get(secrets, { namespace, name })));
  return found.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
}
