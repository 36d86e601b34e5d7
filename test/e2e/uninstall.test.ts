import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { annotations, MACHINE_FINALIZER } from '../../api/constants.ts';
import { renderCrds } from '../../api/crds.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import {
  baremetalClusters,
  baremetalClusterTemplates,
  baremetalMachines,
  baremetalMachineTemplates,
  capiClusters,
  customResourceDefinitions,
  machineInventoryPools,
  type Resource,
} from '../../api/resources.ts';
import { buildKustomization } from '../../dev/release/kustomize.ts';
import { type Manifest, manifestSchema } from '../../dev/stack/cluster-api-manifests.ts';
import { recordProviders, runClusterctl } from '../../dev/stack/clusterctl.ts';
import { type ManagementCluster, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { applyCrds, applyManifest, resourceOf } from '../../dev/stack/manifests.ts';
import type { Service } from '../../dev/lab/services.ts';
import { isNotFound } from '../../runtime/kube/client.ts';
import { createKubeTransport, type KubeTransport } from '../../runtime/kube/transport.ts';
import { plansReceived } from '../support/host-answers.ts';
import { expectReleased, findInventory } from '../support/hosts.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { conditionOf, waitForMachine } from '../support/machines.ts';
import { type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// docs/guides/uninstall.md, step by step, on an API server whose CRDs may go.
const hosts = ['un1', 'un2'];
const crds = renderCrds().map(({ metadata }) => metadata.name);
const ALLOW = 'baremetal.alauda.io/allow-deletion';
const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

let cluster: ManagementCluster;
let site: Site;
let raw: KubeTransport;
let installation: Manifest[];
let services: Service[] = [];
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  cluster = await startManagementCluster({ components: { temporal: false } });
  opened.use(cluster);
  raw = createKubeTransport({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'ironloom-test' });
  opened.defer(() => raw.close());
  const { temporal } = useStack();
  // It sees all namespaces, or it could not tell that there is nothing.
  const env = { IRONLOOM_WATCH_NAMESPACE: '', IRONLOOM_RESYNC_PERIOD: '2s' };
  site = await startSite('uninstall', { hosts, replicas: 2, env, cluster: { ...cluster, temporal } });
  opened.defer(() => site.close());
  services = [site.bridge, ...site.workers];
  installation = await readInstallation();
  await Promise.all([install(), recordProviders(site.client)]);
});

afterAll(() => opened.disposeAsync());

/** What `kubectl apply -k config/default` applies; the lab's processes keep their accounts all the time. */
async function readInstallation(): Promise<Manifest[]> {
  const yaml = await buildKustomization(new URL('../../config/default', import.meta.url).pathname);
  const manifests = parseAllDocuments(yaml).map((document) => manifestSchema.parse(document.toJS()));
  return manifests
    .filter(({ kind }) => kind !== 'Namespace' && kind !== 'ServiceAccount')
    .map((manifest) => (manifest.kind.startsWith('ValidatingAdmission') ? clusterWide(manifest) : manifest));
}

/** kustomize gives these a namespace, which kubectl does not look at. */
function clusterWide(manifest: Manifest): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, namespace: undefined } };
}

const isCrd = ({ kind }: Manifest) => kind === 'CustomResourceDefinition';

async function install(): Promise<void> {
  await applyCrds(site.client, installation.filter(isCrd));
  for (const manifest of installation.filter((it) => !isCrd(it))) await applyManifest(site.client, manifest);
}

/** `kubectl delete -k config/default`: in the order of the manifests, and what is refused does not stop it. */
async function uninstall(manifests = installation): Promise<string[]> {
  const refusals: string[] = [];
  for (const manifest of manifests) {
    const { namespace = '', name } = manifest.metadata;
    try {
      await site.client.delete(resourceOf(manifest), { namespace, name });
    } catch (error) {
      if (!isNotFound(error)) refusals.push(error instanceof Error ? error.message : String(error));
    }
  }
  return refusals;
}

/** `kubectl delete crd NAME --dry-run=server`: what admission says. Undefined: it would be deleted. */
async function whyNot(path = `${CRD_PATH}/${crds[0]}`): Promise<string | undefined> {
  const query = new URLSearchParams({ dryRun: 'All', labelSelector: 'cluster.x-k8s.io/provider' });
  try {
    await raw.send({ method: 'DELETE', path, query, timeoutMs: 30_000 });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function annotateCrds(value: string | null): Promise<void> {
  const metadata = { annotations: { [ALLOW]: value } };
  for (const name of crds) await site.client.patch(customResourceDefinitions, { namespace: '', name }, { metadata });
}

async function untilMarked(mark: string): Promise<void> {
  const read = async (): Promise<(string | undefined)[]> =>
    Promise.all(
      crds.map(async (name) => {
        const { metadata } = await site.client.get(customResourceDefinitions, { namespace: '', name });
        return metadata.annotations[annotations.crdObjects];
      }),
    );
  await waitFor(`each CRD says ${mark}`, async () => (await read()).every((it) => it === mark), read);
}

async function untilGone(names: readonly string[]): Promise<void> {
  const list = async () => (await site.client.list(customResourceDefinitions)).items.map(nameOf);
  await waitFor('the CRDs are gone', async () => !(await list()).some((name) => names.includes(name)), list);
}

const nameOf = (item: unknown): string => customResourceDefinitions.schema.parse(item).metadata.name;

async function stopServices(): Promise<void> {
  await Promise.all(services.map((service) => service.stop()));
  services = [];
}

async function startServices(label: string): Promise<void> {
  const kinds = ['bridge', 'worker'] as const;
  services = await Promise.all(kinds.map((kind) => site.start(kind, `${label}-${kind}`)));
}

/** The machines are on the same hosts again, and nobody wrote a plan. */
async function expectAdopted(before: readonly BaremetalMachine[], since: number): Promise<void> {
  for (const { metadata, spec } of before) {
    const adopted = await waitForMachine(site, metadata.name, 'adopted', (machine) =>
      ['InventoryAllocated', 'NodeJoined', 'Ready'].every((type) => conditionOf(machine, type)?.status === 'True'),
    );
    expect(adopted.metadata.uid).not.toBe(metadata.uid);
    expect(adopted.spec.providerID).toBe(spec.providerID);
  }
  await expectUntouched(since);
}

async function expectUntouched(since: number): Promise<void> {
  const writes = await listHostWrites(cluster.auditLogPath, site, { since, hosts });
  expect(writes.filter((write) => write.includes(' secrets '))).toEqual([]);
  for (const host of hosts) {
    expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);
    expect(site.host(host).node).toMatchObject({ running: true });
  }
}

/** `kubectl get KINDS -A -o json | jq …`: what a new installation needs of the objects. */
async function keep(kinds: readonly Resource<unknown>[]): Promise<Manifest[]> {
  const lists = await Promise.all(kinds.map((kind) => site.client.list(kind)));
  return lists.flatMap(({ items }, index) =>
    items.map((item) => {
      const { metadata, spec } = manifestSchema.parse({ apiVersion: '', kind: '', ...Object(item) });
      const { name, namespace, labels, annotations: notes, ownerReferences } = metadata;
      const { group, version, kind } = kinds[index] ?? baremetalMachines;
      const kept = { name, namespace, labels, annotations: notes, ownerReferences };
      return { apiVersion: `${group}/${version}`, kind, metadata: kept, spec };
    }),
  );
}

async function dropFinalizers(): Promise<void> {
  for (const manifest of await keep([baremetalClusters, baremetalMachines])) {
    const { namespace = '', name } = manifest.metadata;
    await site.client.patch(resourceOf(manifest), { namespace, name }, { metadata: { finalizers: null } });
  }
}

async function pause(paused: boolean): Promise<void> {
  await site.client.patch(capiClusters, { namespace: site.namespace, name: 'demo' }, { spec: { paused } });
}

let kept: Manifest[] = [];
let before: BaremetalMachine[] = [];

test('a CRD without objects may go, as soon as the bridge says that there are none', async () => {
  await untilMarked('none');
  expect(await whyNot()).toBeUndefined();
  expect(await whyNot(CRD_PATH)).toBeUndefined();
});

test('with machines it may not, one by one and together; an annotation overrides', async () => {
  await site.deploy();
  const ofClass = { namespace: site.namespace, name: 'of-a-class' };
  await site.client.create(baremetalClusterTemplates, { metadata: ofClass, spec: { template: {} } });
  await site.untilRunning(2);
  before = await site.machines();
  await untilMarked('some');
  for (const name of crds) {
    expect(await whyNot(`${CRD_PATH}/${name}`)).toContain(`there are objects of ${name}`);
  }
  expect(await whyNot(CRD_PATH)).toContain('there are objects of');
  const env = { KUBECONFIG: cluster.kubeconfigs.admin };
  const gone = runClusterctl(['delete', '--infrastructure=ironloom', '--include-crd'], { env });
  await expect(gone).rejects.toThrow('found existing objects for provider CRDs');
  await annotateCrds('true');
  expect(await whyNot()).toBeUndefined();
  await annotateCrds(null);
  expect(await whyNot()).toContain('uninstall.md');
});

test('nor where nobody says anything', async () => {
  const metadata = { annotations: { [annotations.crdObjects]: null } };
  await Promise.all(services.filter(({ url }) => url === site.bridge.url).map((bridge) => bridge.stop()));
  await site.client.patch(customResourceDefinitions, { namespace: '', name: crds[0] ?? '' }, { metadata });
  expect(await whyNot()).toContain(`there may be objects of ${crds[0]}`);
  services = [...site.workers, await site.start('bridge', 'bridge-again')];
  await untilMarked('some');
});

test('leaving: every host goes on as it is', async () => {
  const since = await markAudit(cluster.auditLogPath);
  await pause(true);
  await stopServices();
  kept = await keep([
    baremetalClusters,
    baremetalClusterTemplates,
    machineInventoryPools,
    baremetalMachineTemplates,
    baremetalMachines,
  ]);
  expect(kept).toHaveLength(6);
  await dropFinalizers();
  await annotateCrds('true');
  expect(await uninstall()).toEqual([]);
  await untilGone(crds);
  await expectUntouched(since);
  for (const host of hosts) {
    expect((await findInventory(site, host))?.metadata.annotations[annotations.allocationState]).toBe('Allocated');
  }
});

test('coming back: a second installation adopts what was kept', async () => {
  const since = await markAudit(cluster.auditLogPath);
  await install();
  for (const manifest of kept) await applyManifest(site.client, manifest);
  await startServices('second');
  await pause(false);
  await expectAdopted(before, since);
});

/** In these words: a refusal of another kind may come before it. */
async function untilRefused(machine: BaremetalMachine, words: string): Promise<void> {
  const stuck = await waitForMachine(site, machine.metadata.name, `refused: ${words}`, (current) => {
    const { status, reason, message = '' } = conditionOf(current, 'PlanApplied') ?? {};
    return status === 'False' && reason === 'WriteRefused' && message.includes(words);
  });
  expect(stuck.metadata.deletionTimestamp).toBeDefined();
}

test('CRDs that somebody insisted on deleting take machines along, and no host is cleaned', async () => {
  before = await site.machines();
  const since = await markAudit(cluster.auditLogPath);
  await annotateCrds('true');
  // One deletion takes all, in whatever order: here the worker's right to look at the CRD goes first, the others last.
  await uninstall(installation.filter(({ metadata }) => metadata.name === 'ironloom-crds-worker'));
  await uninstall(installation.filter(isCrd));
  for (const machine of before) await untilRefused(machine, 'cannot get resource "customresourcedefinitions"');
  await uninstall();
  // A second installation gives the roles back, and the machines that go are seen by it.
  await install();
  for (const machine of before) await untilRefused(machine, 'their hosts stay as they are');
  await expectUntouched(since);
});

test('and they come back from what kubectl still shows of them', async () => {
  const since = await markAudit(cluster.auditLogPath);
  await pause(true);
  await stopServices();
  const going = await keep([baremetalClusters, baremetalMachines]);
  await dropFinalizers();
  await untilGone(crds.filter((name) => /^baremetal(clusters|machines)\./.test(name)));
  await install();
  // Those of a manifest, for nobody else has them any more.
  const lost = kept.filter(({ kind }) => kind === 'MachineInventoryPool' || kind.endsWith('Template'));
  for (const manifest of [...lost, ...going]) await applyManifest(site.client, manifest);
  await startServices('third');
  await pause(false);
  await expectAdopted(before, since);
});

test('giving the hosts back: the machines go first, and each host is cleaned', async () => {
  await site.scale(0);
  await waitFor('no machine is left', async () => (await site.machines()).length === 0, undefined, {
    timeoutMs: 120_000,
  });
  for (const host of hosts) {
    await expectReleased(site, host);
    expect(plansReceived(site, host).at(-1)).toBe('clean');
  }
  expect(before[0]?.metadata.finalizers).toContain(MACHINE_FINALIZER);
});
