import { beforeEach, describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import { baremetalRemediations, capiMachines, machineInventories } from '../../../api/resources.ts';
import { type CapiClusterView, type CapiMachineView, viewCapiMachine } from '../../../domain/inputs/capi-view.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { type RemediationView, viewRemediation } from '../../../domain/inputs/remediation-view.ts';
import { keyText } from '../../../domain/pool/indexes.ts';
import { AnswerMemory } from '../../../k8s-bridge/hosts/answer-memory.ts';
import { RetryPauses } from '../../../k8s-bridge/reconcile/retry-pauses.ts';
import { reconcileRemediation } from '../../../k8s-bridge/remediations/reconciler.ts';
import type { IdentifiedRequest, OperationVerdict } from '../../../k8s-bridge/runs/machine-runs.ts';
import type { KubeClient } from '../../../runtime/kube/client.ts';
import { hostLabels } from '../../support/host-labels.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { clusterView, machineView, ManualClock, silentLogger } from '../bridge-fixtures.ts';

const key = { namespace: 'demo', name: 'capi-m1' };
const created = '2026-01-01T00:01:00Z';
const unhealthy = { type: 'HealthCheckSucceeded', status: 'False', reason: 'UnhealthyNode', message: 'm' };
const request = {
  metadata: { ...key, uid: 'r1', creationTimestamp: created, ownerReferences: [owner('m1-uid')] },
  spec: { strategy: { type: 'Reboot', retryLimit: 1, timeoutSeconds: 100 } },
};

function owner(uid: string) {
  return { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name: 'capi-m1', uid };
}

function createWorld() {
  const api = createFakeObjects();
  const clock = new ManualClock();
  const stores = {
    remediations: createMemoryStore<RemediationView>(),
    machines: createMemoryStore<MachineView>({
      ownerMachine: ({ namespace, ownerMachine: name = '' }) => keyText({ namespace, name }),
    }),
    capiMachines: createMemoryStore<CapiMachineView>(),
    capiClusters: createMemoryStore<CapiClusterView>(),
    hosts: createMemoryStore<HostView>(),
  };
  const asked: IdentifiedRequest[] = [];
  const run: { verdict: OperationVerdict } = { verdict: { kind: 'accepted', answer: 'done' } };
  const runs = {
    operate: async (_machine: object, _verb: string, order: IdentifiedRequest): Promise<OperationVerdict> => {
      asked.push(order);
      return run.verdict;
    },
  };
  const find: KubeClient['find'] = async (resource, at) => api.find(resource, at);
  const told: string[] = [];
  const create: KubeClient['create'] = async (resource, body) => {
    told.push(`${'reason' in body ? String(body.reason) : ''}: ${'message' in body ? String(body.message) : ''}`);
    return resource.schema.parse(body);
  };
  const client = { patch: api.patch, find, create };
  /** A bridge that has just started. */
  const start = () => {
    const memory = { refusals: new AnswerMemory(clock.nowMs), pauses: new RetryPauses() };
    const deps = { ...stores, ...memory, runs, logger: silentLogger };
    const now = () => new Date(clock.nowMs());
    return () => reconcileRemediation(keyText(key), { ...deps, client, now });
  };
  const world = {
    ...stores,
    api,
    clock,
    asked,
    told,
    run,
    reconcile: start(),
    restart: () => (world.reconcile = start()),
    see: (changes: Partial<MachineView>) =>
      stores.machines.upsert(machineView({ phase: 'Running', inventory: 'h1', ...changes })),
    read: () => api.read(baremetalRemediations, key),
    reasonOf: (type: string) => world.read().status?.conditions?.find((one) => one.type === type)?.reason,
    host: () => api.read(machineInventories, { namespace: 'demo', name: 'h1' }).metadata.annotations,
    machineConditions: () => api.read(capiMachines, key).status?.conditions,
    refresh() {
      stores.remediations.upsert(viewRemediation(world.read()));
      stores.hosts.upsert(viewHost(api.read(machineInventories, { namespace: 'demo', name: 'h1' }), hostLabels));
    },
  };
  stores.remediations.upsert(viewRemediation(api.put(baremetalRemediations, request)));
  const spec = { clusterName: 'c1', bootstrap: {} };
  const machine = { metadata: { ...key, uid: 'm1-uid' }, spec, status: { conditions: [unhealthy] } };
  stores.capiMachines.upsert(viewCapiMachine(api.put(capiMachines, machine)));
  stores.capiClusters.upsert(clusterView());
  const notes = { [annotations.ownerUid]: 'uid-1', [annotations.ownerBaremetalMachine]: 'm1' };
  api.put(machineInventories, { metadata: { namespace: 'demo', name: 'h1', uid: 'h', annotations: notes }, spec: {} });
  world.see({});
  world.refresh();
  return world;
}

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});

describe('reconcileRemediation', () => {
  it('asks the run once, and remembers it in the status alone', async () => {
    await world.reconcile();
    expect(world.asked).toMatchObject([{ actor: 'MachineHealthCheck', reason: 'reboot 1 of 1 by remediation r1' }]);
    expect(world.read().status).toMatchObject({
      phase: 'Running',
      retryCount: 1,
      lastRemediated: '2026-01-01T00:01:00Z',
    });
    world.restart();
    expect(await world.reconcile()).toEqual({ requeueAfterMs: 100_000 });
    expect(world.asked).toHaveLength(1);
  });

  it('tells on the request what refuses a write of its own, tries again with pauses, and goes on once that is lifted', async () => {
    world.api.refuse(key.name, 422);
    const [first, second] = [await world.reconcile(), await world.reconcile()];
    expect(world.told[0]).toMatch(/^WriteRefused: The remediation waits, for the API server refuses/);
    expect(first.requeueAfterMs).toBeGreaterThan(0);
    expect(second.requeueAfterMs).toBe(2 * (first.requeueAfterMs ?? 0));
    world.api.refuse(key.name, undefined);
    await world.reconcile();
    expect(world.read().status?.phase).toBe('Running');
  });

  it('finds an order again that was given before the status could be written', async () => {
    world.see({ rebootOrder: 'reboot 1 of 1 by remediation r1' });
    await world.reconcile();
    expect(world.asked).toEqual([]);
    expect(world.read().status).toMatchObject({ phase: 'Running', retryCount: 1 });
  });

  it('asks a run that refuses again, not at once, and hands the Machine over in the end without blaming the host', async () => {
    world.run.verdict = { kind: 'refused', answer: 'BaremetalMachine cp-2 of the control plane is not well' };
    expect(await world.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    expect(world.read().status).toMatchObject({ phase: 'Waiting' });
    expect(world.reasonOf('Ready')).toBe('RebootRefused');
    await world.reconcile();
    expect(world.asked).toHaveLength(1);
    world.see({ readyReason: 'Ready' });
    await world.reconcile();
    expect(world.asked).toHaveLength(2);
    world.clock.advance(101_000);
    await world.reconcile();
    expect(world.read().status).toMatchObject({ phase: 'GivenUp' });
    expect(world.host()).not.toHaveProperty(annotations.suspect);
    expect(world.machineConditions()).toMatchObject([unhealthy, { type: 'OwnerRemediated', status: 'False' }]);
  });

  it('gives a silent host up, quarantines it, and asks the owner of the Machine to replace it', async () => {
    await world.reconcile();
    world.see({ planReason: 'PlanPending', rebootOrder: 'reboot 1 of 1 by remediation r1' });
    world.clock.advance(101_000);
    await world.reconcile();
    const message = 'Host h1 did not take its reboot plan within 100 s: it is dead or cut off';
    expect(world.host()).toMatchObject({
      [annotations.suspect]: message,
      [annotations.quarantine]: `MachineHealthCheck: ${message}`,
    });
    expect(world.machineConditions()).toMatchObject([
      unhealthy,
      { type: 'OwnerRemediated', status: 'False', reason: 'WaitingForRemediation', message },
    ]);
    expect([world.reasonOf('Ready'), world.reasonOf('HostQuarantined')]).toEqual(['GivenUp', 'Quarantined']);
    world.refresh();
    world.restart();
    const { length } = world.api.writes;
    await world.reconcile();
    expect(world.api.writes).toHaveLength(length);
    expect(JSON.parse(world.host()[annotations.journal] ?? '')).toMatchObject({
      notes: [{ step: 'quarantine', from: 'InUse', to: 'Quarantined', actor: 'MachineHealthCheck' }],
    });
  });

  it('does after a crash what it had decided, and not twice what an operator has undone', async () => {
    await world.reconcile();
    world.see({ planReason: 'PlanPending' });
    world.clock.advance(101_000);
    world.api.refuse('h1', 500);
    await expect(world.reconcile()).rejects.toThrow('500');
    expect(world.reasonOf('HostQuarantined')).toBe('QuarantineDue');
    world.api.refuse('h1', undefined);
    world.restart();
    await world.reconcile();
    expect(world.host()).toHaveProperty([annotations.suspect]);
    const lifted = { [annotations.suspect]: null, [annotations.quarantine]: null };
    await world.api.patch(machineInventories, { namespace: 'demo', name: 'h1' }, { metadata: { annotations: lifted } });
    world.refresh();
    await world.reconcile();
    expect(world.host()).not.toHaveProperty([annotations.suspect]);
  });

  it('keeps the words of an operator who has quarantined the host before', async () => {
    await world.api.patch(
      machineInventories,
      { namespace: 'demo', name: 'h1' },
      { metadata: { annotations: { [annotations.quarantine]: 'new disk' } } },
    );
    world.refresh();
    await world.reconcile();
    world.see({ planReason: 'PlanTimedOut' });
    world.clock.advance(101_000);
    await world.reconcile();
    expect(world.host()).toMatchObject({ [annotations.quarantine]: 'new disk' });
    expect(world.host()).toHaveProperty([annotations.suspect]);
    expect(world.host()).not.toHaveProperty([annotations.journal]);
  });

  it('quarantines no host that the machine does not have', async () => {
    await world.api.patch(
      machineInventories,
      { namespace: 'demo', name: 'h1' },
      { metadata: { annotations: { [annotations.ownerUid]: 'uid-2' } } },
    );
    world.refresh();
    await world.reconcile();
    world.see({ planReason: 'PlanPending' });
    world.clock.advance(101_000);
    await world.reconcile();
    expect(world.host()).not.toHaveProperty([annotations.suspect]);
    expect(world.reasonOf('Ready')).toBe('GivenUp');
  });

  it('reboots nothing of which no health check fails, until one does', async () => {
    const machine = world.capiMachines.get(key);
    if (machine === undefined) throw new Error('No Machine');
    const { isUnhealthy: _, ...healthy } = machine;
    world.capiMachines.upsert(healthy);
    await world.reconcile();
    expect([world.asked, world.read().status?.phase]).toEqual([[], 'Succeeded']);
    world.capiMachines.upsert(machine);
    await world.reconcile();
    expect([world.asked.length, world.read().status?.phase]).toEqual([1, 'Running']);
  });

  it('does nothing while the Cluster is paused, and counts no time', async () => {
    world.capiClusters.upsert(clusterView({ paused: true }));
    await world.reconcile();
    expect([world.asked, world.reasonOf('Paused')]).toEqual([[], 'Paused']);
    world.clock.advance(1_000_000);
    await world.reconcile();
    world.capiClusters.upsert(clusterView());
    await world.reconcile();
    expect(world.asked).toHaveLength(1);
    expect(world.reasonOf('Paused')).toBe('NotPaused');
  });

  it('leaves requests alone of another Machine of the name, and of machines that are not ours', async () => {
    const other = { ...request, metadata: { ...request.metadata, ownerReferences: [owner('another')] } };
    world.remediations.upsert(viewRemediation(world.api.put(baremetalRemediations, other)));
    await world.reconcile();
    world.remediations.upsert(viewRemediation(world.api.put(baremetalRemediations, request)));
    world.machines.remove({ namespace: 'demo', name: 'm1' });
    await world.reconcile();
    expect([world.asked, world.api.writes]).toEqual([[], []]);
  });

  it('lets an owner be that has begun to replace the Machine', async () => {
    const deferred = { type: 'OwnerRemediated', status: 'False', reason: 'RemediationDeferred', message: 'not now' };
    await world.api.patch(
      capiMachines,
      key,
      { status: { conditions: [unhealthy, deferred] } },
      { subresource: 'status' },
    );
    await world.reconcile();
    world.see({ planReason: 'PlanPending' });
    world.clock.advance(101_000);
    await world.reconcile();
    expect(world.machineConditions()).toEqual([unhealthy, deferred]);
  });
});
