import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { elementalInventories } from '../../../dev/elemental/inventory.ts';
import {
  createInventory,
  type ElementalOperator,
  startElementalOperator,
  touchInventory,
} from '../../../dev/elemental/operator.ts';
import { adoptBySelector } from '../../../dev/elemental/selector.ts';
import { nodes } from '../../../dev/host/node/kube-api.ts';
import { type HostSimulator, startHostSimulator } from '../../../dev/host/simulator.ts';
import { planSecrets, readText, toValue } from '../../../dev/elemental/plan-secret.ts';
import { type ManagementCluster, startManagementCluster } from '../../../dev/stack/management-cluster.ts';
import { objectMetaOnlySchema } from '../../../api/resources.ts';
import { createKubeClient, type KubeClient } from '../../../runtime/kube/client.ts';
import { checksumOf, freshPlan } from './memory-api.ts';
import { cleanPlan, reprovisionPlan, samplePlan } from './sample-plans.ts';

const namespaces = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  schema: objectMetaOnlySchema,
} satisfies Resource<unknown>;
const namespace = 'simulated-hosts';
const deadline = { timeout: 60_000, interval: 20 };

describe('simulated hosts on a real API server', () => {
  let cluster: ManagementCluster;
  let client: KubeClient;
  let simulator: HostSimulator;
  let operator: ElementalOperator;

  beforeAll(async () => {
    cluster = await startManagementCluster({ components: { capi: false, controllerManager: false, temporal: false } });
    client = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'ironloom-simulator' });
    await client.create(namespaces, { metadata: { name: namespace } });
    operator = startElementalOperator(client, namespace);
    simulator = await startHostSimulator({ client, workloadClient: client, namespace, times: { bootMs: 5 } });
  }, 120_000);
  afterAll(async () => {
    await simulator.stop();
    await operator.stop();
    await client.close();
    await cluster.stop();
  }, 60_000);

  const keyOf = (name: string): ObjectKey => ({ namespace, name });
  const status = async (key: ObjectKey) => (await client.get(elementalInventories, key)).status;
  const ready = async (key: ObjectKey): Promise<string> => {
    const found = (await status(key))?.conditions.find(({ type }) => type === 'Ready');
    return `${found?.status}/${found?.reason}`;
  };
  const text = async (key: ObjectKey, name: string) => readText((await client.get(planSecrets, key)).data, name);
  const send = async (key: ObjectKey, plan: string): Promise<void> => {
    const data: Record<string, string | null> = {};
    for (const [name, value] of Object.entries(freshPlan(plan))) data[name] = value === null ? null : toValue(value);
    await client.patch(planSecrets, key, { data });
  };
  const settle = async (key: ObjectKey, plan: string, outcome: 'applied' | 'failed'): Promise<void> => {
    await send(key, plan);
    await expect.poll(() => text(key, `${outcome}-checksum`), deadline).toBe(checksumOf(plan));
  };

  it('lives: registered, reprovisioned, joined, touched, cleaned', async () => {
    const key = keyOf('life');
    const inventory = await createInventory(client, key);
    expect(inventory.metadata.finalizers).toEqual(['machineinventory.elemental.cattle.io']);
    expect(inventory.status?.plan).toEqual({ secretRef: key });
    expect(await ready(key)).toBe('False/WaitingForPlan');
    const secret = await client.get(planSecrets, key);
    expect([secret.type, secret.metadata.labels, secret.metadata.annotations]).toEqual([
      'elemental.cattle.io/plan',
      { 'elemental.cattle.io/managed': 'true' },
      { 'elemental.cattle.io/plan.type': 'empty' },
    ]);

    const host = await simulator.startHost(key);
    await expect.poll(() => ready(key), deadline).toBe('True/PlanSuccessfullyApplied');
    await settle(key, reprovisionPlan(1, 'life'), 'applied');
    const nodeKey = { namespace: '', name: 'life' };
    await expect.poll(() => client.find(nodes, nodeKey), deadline).toBeDefined();
    const node = await client.get(nodes, nodeKey);
    expect(node.spec.providerID).toBe('baremetal:///life');
    const conditions = node.status?.conditions.map(({ type, status: is }) => `${type}=${is}`);
    expect(conditions).toEqual(['MemoryPressure=False', 'DiskPressure=False', 'PIDPressure=False', 'Ready=True']);
    await expect.poll(() => ready(key), deadline).toBe('True/PlanSuccessfullyApplied');

    const before = await client.get(elementalInventories, key);
    await touchInventory(client, key);
    const after = await client.get(elementalInventories, key);
    expect(after.metadata.annotations).not.toEqual(before.metadata.annotations);

    await settle(key, cleanPlan(1), 'applied');
    expect(host.node?.running).toBe(false);
    const owner = await client.get(planSecrets, key);
    expect(owner.metadata['ownerReferences']).toEqual(secret.metadata['ownerReferences']);
  }, 60_000);

  it('shows the plan before while a new one runs, and a failure from its first attempt on', async () => {
    const key = keyOf('mirror');
    await createInventory(client, key);
    const host = await simulator.startHost(key);
    await expect.poll(() => ready(key), deadline).toBe('True/PlanSuccessfullyApplied');
    host.slow(400);
    await send(key, samplePlan('1', 'exit 3'));
    await expect.poll(() => ready(key), deadline).toBe('False/WaitingForPlan');
    expect((await status(key))?.plan).toMatchObject({ state: 'Applied', checksum: checksumOf('{}') });
    await expect.poll(() => ready(key), deadline).toBe('False/PlanFailure');
    expect((await status(key))?.plan).toMatchObject({
      state: 'Failed',
      checksum: checksumOf(samplePlan('1', 'exit 3')),
    });
  }, 60_000);

  it('loses a result that the API server refuses, and repeats the plan', async () => {
    const key = keyOf('oversized');
    await createInventory(client, key);
    const host = await simulator.startHost(key, { restartDelayMs: 10 });
    await expect.poll(() => ready(key), deadline).toBe('True/PlanSuccessfullyApplied');
    host.faults.output = 'oversized';
    await send(key, samplePlan('1', 'true'));
    await expect.poll(() => host.plansReceived.at(-1)?.runs, deadline).toBeGreaterThan(2);
    expect(await text(key, 'applied-checksum')).toBe('');
    host.faults.output = undefined;
    await expect.poll(() => text(key, 'applied-checksum'), deadline).toBe(checksumOf(samplePlan('1', 'true')));
  }, 60_000);

  it('resets a resettable host over whatever stands there before its inventory goes', async () => {
    const key = keyOf('reset');
    await createInventory(client, { ...key, annotations: { 'elemental.cattle.io/resettable': 'true' } });
    const host = await simulator.startHost(key);
    await expect.poll(() => ready(key), deadline).toBe('True/PlanSuccessfullyApplied');
    await client.patch(planSecrets, key, { metadata: { annotations: { theirs: 'x' } } });
    await client.delete(elementalInventories, key);
    await expect.poll(() => client.find(elementalInventories, key), deadline).toBeUndefined();
    expect((await client.get(planSecrets, key)).metadata.annotations).toEqual({
      'elemental.cattle.io/plan.type': 'reset',
    });
    expect((await host.disk.commands()).map(({ command }) => command)).toContain('shutdown');
  }, 60_000);

  it('does nothing for a resettable host that stays, and never ends the deletion of one without a plan Secret', async () => {
    const key = keyOf('hangs');
    await createInventory(client, { ...key, annotations: { 'elemental.cattle.io/resettable': 'true' } });
    await simulator.startHost(key);
    await expect.poll(() => ready(key), deadline).toBe('True/PlanSuccessfullyApplied');
    const before = await client.get(planSecrets, key);
    for (let hours = 0; hours < 7; hours += 1) await touchInventory(client, key);
    expect(await client.get(planSecrets, key)).toEqual(before);

    await client.delete(planSecrets, key);
    await expect.poll(() => ready(key), deadline).toBe('False/PlanFailure');
    await client.delete(elementalInventories, key);
    // The operator takes one after the other: when this one is gone, it has looked at that.
    const barrier = keyOf('goes');
    await createInventory(client, barrier);
    await client.delete(elementalInventories, barrier);
    await expect.poll(() => client.find(elementalInventories, barrier), deadline).toBeUndefined();
    const left = await client.get(elementalInventories, key);
    expect(left.metadata.finalizers).toEqual(['machineinventory.elemental.cattle.io']);
  }, 60_000);

  it('lets a selector take a host, whoever uses it', async () => {
    const key = keyOf('selected');
    const theirs = { 'example.com/user': 'somebody' };
    await createInventory(client, { ...key, annotations: theirs });
    const host = await simulator.startHost(key);
    await settle(key, cleanPlan(1), 'applied');
    await client.patch(planSecrets, key, { metadata: { annotations: theirs } });
    await adoptBySelector(client, key, 'rack-1');
    await expect.poll(() => host.plansReceived.length, deadline).toBe(3);
    await expect
      .poll(async () => (await host.disk.commands()).map(({ args }) => args[0]), deadline)
      .toContain('bootstrap');
    const { metadata } = await client.get(planSecrets, key);
    expect(metadata.annotations).toEqual({ 'elemental.cattle.io/plan.type': 'bootstrap' });
    const inventory = await client.get(elementalInventories, key);
    expect(inventory.metadata['ownerReferences']).toMatchObject([{ kind: 'MachineInventorySelector', name: 'rack-1' }]);
    expect(inventory.metadata.annotations).toMatchObject(theirs);
  }, 60_000);

  it('never makes a deleted plan Secret again', async () => {
    const key = keyOf('deleted');
    await createInventory(client, key);
    await simulator.startHost(key);
    await expect.poll(() => ready(key), deadline).toBe('True/PlanSuccessfullyApplied');
    await client.delete(planSecrets, key);
    await expect.poll(() => ready(key), deadline).toBe('False/PlanFailure');
    await touchInventory(client, key);
    expect(await client.find(planSecrets, key)).toBeUndefined();
    await client.delete(elementalInventories, key);
    await expect.poll(() => client.find(elementalInventories, key), deadline).toBeUndefined();
  }, 60_000);

  it('hosts sixty in one process', async () => {
    const keys = Array.from({ length: 60 }, (_, index) => keyOf(`many-${index}`));
    await Promise.all(keys.map((key) => createInventory(client, key)));
    await Promise.all(keys.map((key) => simulator.startHost(key)));
    await Promise.all(keys.map((key) => expect.poll(() => ready(key), deadline).toBe('True/PlanSuccessfullyApplied')));
    const startedAt = performance.now();
    await Promise.all(keys.map((key) => send(key, reprovisionPlan(1, key.name))));
    await Promise.all(
      keys.map(({ name }) => expect.poll(() => client.find(nodes, { namespace: '', name }), deadline).toBeDefined()),
    );
    const { rss } = process.memoryUsage();
    console.log(
      `60 hosts reprovisioned and joined in ${Math.round(performance.now() - startedAt)} ms, ${rss >> 20} MiB`,
    );
    for (const { name } of keys) {
      expect(simulator.hosts.get(`${namespace}/${name}`)?.plansReceived.map(({ checksum }) => checksum)).toEqual([
        checksumOf('{}'),
        checksumOf(reprovisionPlan(1, name)),
      ]);
    }
  }, 120_000);
});
