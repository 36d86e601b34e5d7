import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { annotations, foreign, MACHINE_FINALIZER } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { baremetalMachines, secrets } from '../../api/resources.ts';
import { moveClusters, recordProviders } from '../../dev/stack/clusterctl.ts';
import { completeExternalControlPlanes } from '../../dev/stack/external-control-plane.ts';
import { resourceOf } from '../../dev/stack/manifests.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { type ManagementCluster, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { plansReceived, untilSettled } from '../support/host-answers.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { expectReleased, findInventory, untilPoolCounts } from '../support/hosts.ts';
import { conditionOf, untilReason, waitForMachine } from '../support/machines.ts';
import { type MoveTarget, startMoveTarget } from '../support/move-target.ts';
import { type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

type Place = Pick<Lab, 'client' | 'namespace'>;

// Two management clusters, each with its own API server, Cluster API, Temporal namespace, worker and bridge.
const hosts = ['mv1', 'mv2', 'mv3'];

let source: Site;
let targetCluster: ManagementCluster;
let target: MoveTarget;
/** The two machines that are moved, as they were before. */
let moved: BaremetalMachine[] = [];
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  [source, targetCluster] = await Promise.all([
    startSite('move', { hosts, replicas: 2 }),
    startManagementCluster({ components: { temporal: false } }),
  ]);
  opened.use(targetCluster);
  opened.defer(() => source.close());
  const temporal = { ...useStack().temporal, namespace: `move-${randomUUID().slice(0, 6)}` };
  target = await startMoveTarget({ source, cluster: { ...targetCluster, temporal } });
  opened.defer(() => target.close());
  await Promise.all([source.client, target.client].map((client) => recordProviders(client)));
});

afterAll(() => opened.disposeAsync());

async function listMachines({ client, namespace }: Place): Promise<BaremetalMachine[]> {
  const { items } = await client.list(baremetalMachines, { namespace });
  return items.map((item) => baremetalMachines.schema.parse(item));
}

async function move(from: Place, to: Place): Promise<void> {
  const kubeconfigs = { source: useStack().kubeconfigs.admin, target: targetCluster.kubeconfigs.admin };
  const toTarget = from === source;
  await moveClusters({
    fromKubeconfig: toTarget ? kubeconfigs.source : kubeconfigs.target,
    toKubeconfig: toTarget ? kubeconfigs.target : kubeconfigs.source,
    namespace: source.namespace,
  });
  // Like every status, that of the stand-in for a control plane is not moved.
  await completeExternalControlPlanes(to.client, source.namespace);
}

async function scale({ client, namespace }: Place, replicas: number): Promise<void> {
  const deployment = resourceOf({ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'MachineDeployment' });
  await client.patch(deployment, { namespace, name: 'workers' }, { spec: { replicas } });
}

/** The machine has its host and its Node. */
function untilJoined(place: Place, name: string): Promise<BaremetalMachine> {
  return waitForMachine(place, name, 'on its host and joined', (machine) =>
    ['InventoryAllocated', 'NodeJoined', 'Ready'].every((type) => conditionOf(machine, type)?.status === 'True'),
  );
}

async function ownerUidOf(place: Place, host: string): Promise<string | undefined> {
  return (await findInventory(place, host))?.metadata.annotations[annotations.ownerUid];
}

function hostOf({ spec }: BaremetalMachine): string {
  return spec.providerID?.replace('baremetal:///', '') ?? '';
}

async function secretVersions({ client, namespace }: Place): Promise<string[]> {
  return Promise.all(
    hosts.map(async (name) => (await client.get(secrets, { namespace, name })).metadata.resourceVersion),
  );
}

test('two workers run before the move', async () => {
  await source.deploy();
  await source.untilRunning(2);
  await untilSettled(source);
  moved = await source.machines();
  expect(moved.map(hostOf).toSorted()).toEqual(['mv1', 'mv2']);
});

test('on the source nothing is written to any host, and the runs end as moved', async () => {
  const { auditLogPath } = useStack();
  const since = await markAudit(auditLogPath);
  const before = await secretVersions(source);
  await move(source, target);
  for (const { metadata } of moved) {
    expect(await source.temporal.workflow.getHandle(machineWorkflowId(metadata)).result()).toMatch(/^moved: /);
  }
  expect(await listMachines(source)).toEqual([]);
  expect(await secretVersions(source)).toEqual(before);
  expect(await listHostWrites(auditLogPath, source, { since, hosts: ['mv1', 'mv2'] })).toEqual([]);
  for (const machine of moved) {
    expect(await ownerUidOf(source, hostOf(machine))).toBe(machine.metadata.uid);
    expect(source.host(hostOf(machine)).node).toMatchObject({ running: true });
  }
});

test('on the target the machines are known, and wait for their hosts to register', async () => {
  for (const { metadata, spec } of moved) {
    const here = await untilReason(target, metadata.name, 'InventoryAllocated', 'InventoryMissing');
    expect(here.metadata.uid).not.toBe(metadata.uid);
    expect(here.metadata.finalizers).toContain(MACHINE_FINALIZER);
    expect(here.spec.providerID).toBe(spec.providerID);
    expect(here.status).toMatchObject({ phase: 'Running', ready: true, initialization: { provisioned: true } });
  }
  await untilPoolCounts(target, 'workers', { total: 3, unavailable: 3 });
});

test('a host that a providerID names is not for others, before it is adopted', async () => {
  const [first, second] = moved;
  if (first === undefined || second === undefined) throw new Error('Two machines were moved');
  await scale(target, 3);
  const third = await waitFor('a third machine waits for a host', async () =>
    (await listMachines(target)).find(
      (machine) => conditionOf(machine, 'InventoryAllocated')?.reason === 'PoolExhausted',
    ),
  );
  const since = await markAudit(targetCluster.auditLogPath);
  const annotatePaused = (value: '' | null) =>
    target.client.patch(
      baremetalMachines,
      { namespace: target.namespace, name: first.metadata.name },
      { metadata: { annotations: { [foreign.pausedAnnotation]: value } } },
    );
  // Paused, it does not adopt its host: so the host is there for all to take.
  await annotatePaused('');
  await waitForMachine(target, first.metadata.name, 'paused', (it) => conditionOf(it, 'Paused')?.status === 'True');
  await target.takeHost(hostOf(first));
  await untilPoolCounts(target, 'workers', { allocated: 1, unavailable: 2 });
  await target.takeHost('mv3');
  const served = await untilJoined(target, third.metadata.name);
  expect(hostOf(served)).toBe('mv3');
  expect(await ownerUidOf(target, hostOf(first))).toBeUndefined();

  await annotatePaused(null);
  await target.takeHost(hostOf(second));
  const adopted = await Promise.all([first, second].map(({ metadata }) => untilJoined(target, metadata.name)));
  for (const machine of adopted) {
    const inventory = await findInventory(target, hostOf(machine));
    expect(inventory?.metadata.annotations).toMatchObject({
      [annotations.ownerUid]: machine.metadata.uid,
      [annotations.ownerBaremetalMachine]: machine.metadata.name,
      [annotations.ownerCluster]: 'demo',
      [annotations.allocationState]: 'Allocated',
      [annotations.pool]: 'workers',
    });
  }
  expect(adopted.map(hostOf)).toEqual([hostOf(first), hostOf(second)]);
  await untilPoolCounts(target, 'workers', { total: 3, allocated: 3, available: 0, unavailable: 0 });
  const writes = await listHostWrites(targetCluster.auditLogPath, target, { since, hosts: ['mv1', 'mv2'] });
  expect(writes.filter((write) => write.includes(' secrets '))).toEqual([]);
  const names = (await listMachines(target)).map(({ metadata }) => metadata.name);
  expect(names.toSorted()).toEqual([...moved, third].map(({ metadata }) => metadata.name).toSorted());
});

test('and all the way back, where the old records of the hosts still stand', async () => {
  const { auditLogPath } = useStack();
  const away = await listMachines(target);
  const since = await markAudit(auditLogPath);
  const sinceTarget = await markAudit(targetCluster.auditLogPath);
  await move(target, source);
  for (const { metadata } of away) {
    expect(await target.temporal.workflow.getHandle(machineWorkflowId(metadata)).result()).toMatch(/^moved: /);
  }
  for (const host of hosts) await target.returnHost(host);
  for (const { metadata, spec } of away) {
    const home = await untilJoined(source, metadata.name);
    expect(home.spec.providerID).toBe(spec.providerID);
    await waitFor(
      `${hostOf(home)} is ${metadata.name}'s`,
      async () => (await ownerUidOf(source, hostOf(home))) === home.metadata.uid,
    );
  }
  for (const [path, place, from] of [
    [auditLogPath, source, since],
    [targetCluster.auditLogPath, target, sinceTarget],
  ] as const) {
    const writes = await listHostWrites(path, place, { since: from, hosts });
    expect(writes.filter((write) => write.includes(' secrets '))).toEqual([]);
  }
});

test('their lives end where they are now', async () => {
  await scale(source, 0);
  await waitFor(
    'all machines are gone',
    async () => (await listMachines(source)).length === 0,
    () => listMachines(source),
    {
      timeoutMs: 120_000,
    },
  );
  for (const host of hosts) await expectReleased(source, host);
  expect(plansReceived(source, 'mv1')).toEqual([undefined, 'reprovision', 'clean']);
  expect(plansReceived(source, 'mv2')).toEqual([undefined, 'reprovision', 'clean']);
  await untilPoolCounts(source, 'workers', { total: 3, available: 3 });
});
