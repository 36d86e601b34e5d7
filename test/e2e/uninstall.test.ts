import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { annotations, MACHINE_FINALIZER } from '../../api/constants.ts';
import { renderCrds } from '../../api/crds.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import {
  baremetalClusterTemplates,
  baremetalRemediations,
  baremetalRemediationTemplates,
  customResourceDefinitions,
} from '../../api/resources.ts';
import type { Service } from '../../dev/lab/services.ts';
import { recordProviders, runClusterctl } from '../../dev/stack/clusterctl.ts';
import { type ManagementCluster, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { createKubeTransport, type KubeTransport } from '../../runtime/kube/transport.ts';
import { commandsBelow } from '../docs/commands.ts';
import { openShell, type Shell } from '../docs/shell.ts';
import { plansReceived } from '../support/host-answers.ts';
import { expectReleased, findInventory } from '../support/hosts.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { conditionOf, waitForMachine } from '../support/machines.ts';
import { type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// The commands of docs/guides/uninstall.md as they stand there, on an API server whose CRDs may go.
const hosts = ['un1', 'un2'];
const crds = renderCrds().map(({ metadata }) => metadata.name);
const ALLOW = 'baremetal.alauda.io/allow-deletion';
const OURS = 'cluster.x-k8s.io/provider=infrastructure-ironloom';
const LEAVING = 'Leave the hosts as they are';
const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

let cluster: ManagementCluster;
let site: Site;
let raw: KubeTransport;
let shell: Shell;
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
  shell = await openShell(site, { ...cluster, temporal });
  opened.use(shell);
  await symlink(new URL('../../config', import.meta.url).pathname, join(shell.dir, 'config'));
  await Promise.all([install(), recordProviders(site.client)]);
});

afterAll(() => opened.disposeAsync());

const install = () => shell.run('kubectl apply -k config/default');

/** The commands below a heading of the page, for this site. */
function follow(heading: string): string[] {
  const names = { NAMESPACE: site.namespace, CLUSTER: 'demo', 'ironloom-machine-v1': site.namespace };
  return commandsBelow('docs/guides/uninstall.md', heading, names);
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

async function insist(): Promise<void> {
  const [annotate = ''] = follow('What refuses');
  await shell.run(annotate);
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
  const remediation = { namespace: site.namespace, name: 'of-no-machine' };
  const strategy = { strategy: { type: 'Reboot' } };
  await site.client.create(baremetalRemediationTemplates, {
    metadata: remediation,
    spec: { template: { spec: strategy } },
  });
  await site.client.create(baremetalRemediations, { metadata: remediation, spec: strategy });
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
  await insist();
  expect(await whyNot()).toBeUndefined();
  await shell.run(`kubectl annotate crd -l ${OURS} ${ALLOW}-`);
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
  const [pause = '', stop = '', keep = '', dropFinalizers = '', takeAway = '', endRuns = ''] = follow(LEAVING);
  await shell.run(pause);
  await shell.run(stop);
  await stopServices();
  await shell.run(keep);
  await shell.run(dropFinalizers);
  await insist();
  await shell.run(takeAway);
  await shell.run(endRuns);
  await untilGone(crds);
  await expectUntouched(since);
  for (const host of hosts) {
    expect((await findInventory(site, host))?.metadata.annotations[annotations.allocationState]).toBe('Allocated');
  }
  const isEnded = async (machine: BaremetalMachine) =>
    (await site.temporal.workflow.getHandle(machineWorkflowId(machine.metadata)).describe()).status.name ===
    'TERMINATED';
  for (const machine of before) await waitFor(`the run of ${machine.metadata.name} is ended`, () => isEnded(machine));
});

test('coming back: a second installation adopts what was kept', async () => {
  const since = await markAudit(cluster.auditLogPath);
  await install();
  await comeBack('second');
  await expectAdopted(before, since);
});

async function comeBack(label: string): Promise<void> {
  const [restore = ''] = follow('Back again');
  await shell.run(restore);
  await startServices(label);
}

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
  await insist();
  // One deletion takes all, in whatever order: here the worker's right to look at the CRD goes first, the others last.
  await shell.run('kubectl delete clusterrolebinding ironloom-crds-worker');
  await shell.run(`kubectl delete crd -l ${OURS} --wait=false`);
  for (const machine of before) await untilRefused(machine, 'cannot get resource "customresourcedefinitions"');
  const [, , , , takeAway = ''] = follow(LEAVING);
  await shell.run(`${takeAway.trim()} --ignore-not-found --wait=false`);
  await shell.run('kubectl wait namespace/ironloom-system --for delete --timeout 60s');
  await untilGone(crds.filter((name) => !stays(name)));
  // A second installation gives the roles back, and the machines that go are seen by it.
  await install();
  for (const machine of before) await untilRefused(machine, 'their hosts stay as they are');
  await expectUntouched(since);
});

test('and they come back from what kubectl still shows of them', async () => {
  const since = await markAudit(cluster.auditLogPath);
  // Manifests of the pools and templates, for nobody else has them any more.
  await shell.run(`jq 'select(.kind | test("Pool|Template"))' ironloom.json > own.json`);
  const [pause = '', stop = '', keep = '', dropFinalizers = ''] = follow(LEAVING);
  await shell.run(pause);
  await shell.run(stop);
  await stopServices();
  await shell.run(keep.replace(/baremetalclusters\S+/, 'baremetalclusters,baremetalmachines'));
  await shell.run(dropFinalizers);
  await untilGone(crds.filter(stays));
  await install();
  await shell.run(`kubectl wait crd -l ${OURS} --for condition=established && kubectl apply -f own.json`);
  await comeBack('third');
  await expectAdopted(before, since);
});

/** Its objects have finalizers. */
const stays = (crd: string): boolean => /^baremetal(clusters|machines)\./.test(crd);

test('giving the hosts back: the machines go first, and each host is cleaned', async () => {
  const [scale = '', rest = '', untilNone = '', takeAway = ''] = follow('Give the hosts back');
  await shell.run(scale);
  for (const host of hosts) {
    await expectReleased(site, host);
    expect(plansReceived(site, host).at(-1)).toBe('clean');
  }
  await shell.run(rest);
  await shell.run(untilNone);
  await shell.run(takeAway);
  await untilGone(crds);
  expect(before[0]?.metadata.finalizers).toContain(MACHINE_FINALIZER);
});
