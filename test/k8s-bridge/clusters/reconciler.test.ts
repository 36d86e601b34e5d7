import { beforeEach, describe, expect, it } from 'vitest';
import { CLUSTER_FINALIZER, foreign } from '../../../api/constants.ts';
import { baremetalClusters, machineInventoryPools } from '../../../api/resources.ts';
import { type BaremetalClusterView, viewBaremetalCluster } from '../../../domain/inputs/cluster-view.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { type PoolView, viewPool } from '../../../domain/inputs/pool-view.ts';
import type { TemplateView } from '../../../domain/inputs/template-view.ts';
import { machineIndexes } from '../../../domain/pool/indexes.ts';
import { kubeadmControlPlanes } from '../../../k8s-bridge/clusters/control-plane-pools.ts';
import {
  type ClusterReconcilerDeps,
  type OwnerCluster,
  reconcileCluster,
} from '../../../k8s-bridge/clusters/reconciler.ts';
import { KubeApiError, KubeConnectionError } from '../../../runtime/kube/client.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { freeHost, waitingMachine } from '../../support/pool-fixtures.ts';

const key = { namespace: 'demo', name: 'infra' };
const endpoint = { host: 'api.example', port: 6443 };
const owned = {
  ownerReferences: [{ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: 'demo', uid: 'u' }],
};

function createBench() {
  const api = createFakeObjects();
  const infra = createMemoryStore<BaremetalClusterView>();
  const clusters = createMemoryStore<OwnerCluster & { namespace: string; name: string }>();
  const machines = createMemoryStore<MachineView>(machineIndexes);
  const pools = createMemoryStore<PoolView>();
  const hosts = createMemoryStore<HostView>();
  const templates = createMemoryStore<TemplateView>();
  /** What each look at a control plane ends with. */
  const unread: { error: Error | undefined } = { error: undefined };
  const client: ClusterReconcilerDeps['client'] = {
    patch: api.patch,
    find: async (resource, asked) => {
      if (unread.error !== undefined) throw unread.error;
      return api.find(resource, asked);
    },
  };
  const warned: string[] = [];
  const logger = { warn: (_: object, message: string) => void warned.push(message) };
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  const stores = { baremetalClusters: infra, clusters, machines, pools, hosts, templates };
  const deps = { client, ...stores, logger, nowMs: () => clock.nowMs };
  clusters.upsert({ namespace: 'demo', name: 'demo', paused: false });
  return {
    api,
    unread,
    warned,
    clock,
    clusters,
    machines,
    pools,
    hosts,
    templates,
    add(spec: object, metadata: object = owned, status?: object): void {
      const object = { metadata: { ...key, ...metadata }, spec, ...(status && { status }) };
      infra.upsert(viewBaremetalCluster(api.put(baremetalClusters, object)));
    },
    reconcile: () => reconcileCluster('demo/infra', deps),
    read: () => api.read(baremetalClusters, key),
    /** What the informer would do. */
    refresh: () => infra.upsert(viewBaremetalCluster(api.read(baremetalClusters, key))),
  };
}

describe('reconcileCluster', () => {
  let bench = createBench();
  beforeEach(() => {
    bench = createBench();
  });

  it('backfills the endpoint with the finalizer in one patch, then says that all is there, then is silent', async () => {
    bench.add({ controlPlaneLoadBalancer: { ...endpoint, type: 'External' } });
    await bench.reconcile();
    expect(bench.api.writes).toHaveLength(2);
    expect(bench.read()).toMatchObject({
      metadata: { finalizers: [CLUSTER_FINALIZER] },
      spec: { controlPlaneEndpoint: endpoint },
      status: {
        ready: true,
        initialization: { provisioned: true },
        conditions: [
          { type: 'Ready', status: 'True', reason: 'Ready', message: '' },
          { type: 'EndpointReady', status: 'True', reason: 'EndpointReady' },
        ],
      },
    });
    await bench.reconcile();
    expect(bench.api.writes).toHaveLength(2);
  });

  it('says what is missing when nothing gives an endpoint', async () => {
    bench.add({ controlPlaneLoadBalancer: { host: 'api.example' } });
    await bench.reconcile();
    expect(bench.read().status).toMatchObject({
      ready: false,
      conditions: [
        { type: 'Ready', status: 'False', reason: 'EndpointMissing' },
        { type: 'EndpointReady', status: 'False' },
      ],
    });
    expect(bench.read().spec.controlPlaneEndpoint).toBeUndefined();
  });

  it('is provisioned when the Cluster got its endpoint from somebody else', async () => {
    bench.clusters.upsert({ namespace: 'demo', name: 'demo', paused: false, controlPlaneEndpoint: endpoint });
    bench.add({});
    await bench.reconcile();
    expect(bench.read()).toMatchObject({ spec: {}, status: { initialization: { provisioned: true } } });
  });

  it('never takes provisioned back', async () => {
    bench.add(
      {},
      { ...owned, finalizers: [CLUSTER_FINALIZER] },
      { ready: true, initialization: { provisioned: true } },
    );
    await bench.reconcile();
    expect(bench.read().status).toMatchObject({ ready: true, initialization: { provisioned: true } });
  });

  it.each<[string, object]>([
    ['managed elsewhere', { ...owned, annotations: { [foreign.managedByAnnotation]: '' } }],
    ['paused itself', { ...owned, annotations: { [foreign.pausedAnnotation]: '' } }],
    [
      'moved away',
      { ...owned, annotations: { [foreign.deleteForMoveAnnotation]: '' }, deletionTimestamp: '2026-01-01T00:00:00Z' },
    ],
    ['not adopted by CAPI', {}],
  ])('does nothing to one that is %s', async (_, metadata) => {
    bench.add({ controlPlaneEndpoint: endpoint }, { finalizers: [CLUSTER_FINALIZER], ...metadata });
    expect(await bench.reconcile()).toEqual({});
    expect(bench.api.writes).toEqual([]);
  });

  it('does nothing while the Cluster is paused, not even on deletion', async () => {
    bench.clusters.upsert({ namespace: 'demo', name: 'demo', paused: true });
    bench.add({}, { ...owned, finalizers: [CLUSTER_FINALIZER], deletionTimestamp: '2026-01-01T00:00:00Z' });
    await bench.reconcile();
    expect(bench.api.writes).toEqual([]);
  });

  it('knows its Cluster by the label, too', async () => {
    bench.add({ controlPlaneEndpoint: endpoint }, { labels: { [foreign.clusterNameLabel]: 'demo' } });
    await bench.reconcile();
    expect(bench.read().status?.ready).toBe(true);
  });

  it('keeps the object while machines of the cluster exist, and names them', async () => {
    bench.machines.upsert(waitingMachine('m-1', 1));
    bench.machines.upsert(waitingMachine('other', 1, { clusterName: 'other' }));
    bench.add(
      { controlPlaneEndpoint: endpoint },
      { ...owned, finalizers: ['x/y', CLUSTER_FINALIZER], deletionTimestamp: '2026-01-01T00:00:00Z' },
    );
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    expect(bench.read().status?.conditions?.[0]).toMatchObject({
      status: 'False',
      reason: 'MachinesExist',
      message: 'Deletion waits for the BaremetalMachines of the cluster: m-1',
    });
    bench.machines.remove({ namespace: 'demo', name: 'm-1' });
    await bench.reconcile();
    expect(bench.read().metadata.finalizers).toEqual(['x/y']);
  });

  it('keeps the object while a machine cannot be read, for it may be of the cluster', async () => {
    bench.machines.spoil({ namespace: 'demo', name: 'm-1' }, 'spec: expected object');
    bench.machines.spoil({ namespace: 'elsewhere', name: 'm-2' }, 'spec: expected object');
    bench.add({}, { ...owned, finalizers: [CLUSTER_FINALIZER], deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    expect(bench.read().status?.conditions?.[0]?.message).toMatch(/: m-1$/);
  });

  it('lets an object go whose Cluster is gone', async () => {
    bench.clusters.remove({ namespace: 'demo', name: 'demo' });
    bench.add({}, { ...owned, finalizers: [CLUSTER_FINALIZER], deletionTimestamp: '2026-01-01T00:00:00Z' });
    await bench.reconcile();
    expect(bench.read().metadata.finalizers).toEqual([]);
  });

  it('tries again soon after a conflict', async () => {
    bench.add({ controlPlaneEndpoint: endpoint });
    bench.api.refuse('infra', 409);
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 100 });
    bench.api.refuse('infra', undefined);
    await bench.reconcile();
    expect(bench.read().status?.ready).toBe(true);
  });
});

describe('the failure domains of a cluster', () => {
  let bench = createBench();
  const planeRef = { apiGroup: kubeadmControlPlanes.group, kind: kubeadmControlPlanes.kind, name: 'demo' };
  const infrastructureRef = { kind: 'BaremetalMachineTemplate', name: 'planes-1' };
  const template: TemplateView = {
    namespace: 'demo',
    name: 'planes-1',
    uid: 't',
    resourceVersion: '1',
    generation: 1,
    deleting: false,
    pool: 'planes',
    capacity: undefined,
    nodeInfo: undefined,
    conditions: [],
  };
  const addPool = (name: string, hosts: Record<string, string | undefined>, metadata: object = {}): void => {
    const machineInventories = Object.keys(hosts).map((host) => ({ name: host }));
    const object = {
      metadata: { namespace: 'demo', name, ...metadata },
      spec: { clusterName: 'demo', machineInventories },
    };
    bench.pools.upsert(viewPool(bench.api.put(machineInventoryPools, object)));
    for (const [host, failureDomain] of Object.entries(hosts)) bench.hosts.upsert(freeHost(host, { failureDomain }));
  };
  const addControlPlane = (): void => {
    bench.clusters.upsert({ namespace: 'demo', name: 'demo', paused: false, controlPlane: planeRef });
    const spec = { machineTemplate: { spec: { infrastructureRef } } };
    bench.api.put(kubeadmControlPlanes, { metadata: { namespace: 'demo', name: 'demo' }, spec });
    bench.templates.upsert(template);
  };
  const domains = () => bench.read().status?.failureDomains;
  const [plane, worker] = [true, false].map((controlPlane) => (name: string) => ({ name, controlPlane }));
  beforeEach(() => {
    bench = createBench();
    bench.add({ controlPlaneEndpoint: endpoint }, { ...owned, creationTimestamp: '2026-01-01T00:00:00Z' });
  });

  it('are those of its pools, and of control planes where its KubeadmControlPlane takes hosts from', async () => {
    addPool('workers', { w1: 'b', w2: 'd', w3: undefined });
    addPool('planes', { p3: 'c', p1: 'a', p2: 'b' });
    addControlPlane();
    bench.pools.upsert(
      viewPool(
        bench.api.put(machineInventoryPools, {
          metadata: { namespace: 'demo', name: 'of-another' },
          spec: { clusterName: 'other', machineInventories: [{ name: 'x1' }] },
        }),
      ),
    );
    bench.hosts.upsert(freeHost('x1', { failureDomain: 'elsewhere' }));
    await bench.reconcile();
    expect(domains()).toEqual([plane?.('a'), plane?.('b'), plane?.('c'), worker?.('d')]);
    const { length } = bench.api.writes;
    await bench.reconcile();
    expect(bench.api.writes).toHaveLength(length);
  });

  it('come and go with the hosts that anybody may claim', async () => {
    addPool('workers', { w1: 'a', w2: 'b', w3: 'b', w4: 'c' });
    await bench.reconcile();
    bench.hosts.upsert(freeHost('w1', { failureDomain: 'a', quarantined: true }));
    bench.hosts.upsert(freeHost('w2', { failureDomain: 'b', deleting: true }));
    bench.hosts.upsert(freeHost('w3', { failureDomain: 'b', allocationState: 'Allocated', ready: false }));
    bench.hosts.remove({ namespace: 'demo', name: 'w4' });
    await bench.reconcile();
    expect(domains()).toEqual([worker?.('b')]);
    bench.hosts.upsert(freeHost('w3'));
    await bench.reconcile();
    expect(domains()).toBeUndefined();
  });

  it('of control planes are known by their machines and by a label of the pool, too', async () => {
    addPool('planes', { p1: 'a' });
    addPool('labelled', { p2: 'b' }, { labels: { [foreign.controlPlaneLabel]: '' } });
    addPool('workers', { w1: 'c' });
    bench.machines.upsert(waitingMachine('m', 1, { pool: 'planes', isControlPlane: true }));
    bench.machines.upsert(waitingMachine('w', 1, { pool: 'workers' }));
    await bench.reconcile();
    expect(domains()).toEqual([plane?.('a'), plane?.('b'), worker?.('c')]);
  });

  it('are told before Cluster API may send the first machine anywhere, if its objects come within seconds', async () => {
    bench.clusters.upsert({ namespace: 'demo', name: 'demo', paused: false, controlPlane: planeRef });
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 500 });
    addControlPlane();
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 500 });
    expect(bench.read().status).toBeUndefined();
    addPool('planes', { p1: 'a' });
    expect(await bench.reconcile()).toEqual({});
    expect(bench.read().status).toMatchObject({ ready: true, failureDomains: [plane?.('a')] });
  });

  it('are not waited for longer', async () => {
    bench.clusters.upsert({ namespace: 'demo', name: 'demo', paused: false, controlPlane: planeRef });
    bench.clock.nowMs += 10_000;
    expect(await bench.reconcile()).toEqual({});
    expect(bench.read().status).toMatchObject({ ready: true });
  });

  it.each([
    ['a right is missing', new KubeApiError(403, 'Forbidden', 'no')],
    ['its API is not served', new KubeApiError(404, '', 'page not found')],
    ['it has another shape', kubeadmControlPlanes.schema.safeParse({}).error ?? new Error('parsed')],
  ])('are told as far as they are known when %s', async (_, error) => {
    addControlPlane();
    addPool('planes', { p1: 'a' });
    bench.unread.error = error;
    expect(await bench.reconcile()).toEqual({});
    expect(bench.read().status).toMatchObject({ ready: true, failureDomains: [worker?.('a')] });
    expect(bench.warned).toEqual(['Cannot read which pool a KubeadmControlPlane uses']);
  });

  it('wait for a control plane that nobody could ask for', async () => {
    addControlPlane();
    bench.unread.error = new KubeConnectionError('reset', { timedOut: false });
    await expect(bench.reconcile()).rejects.toThrow('reset');
    expect(bench.read().status).toBeUndefined();
  });

  it('are as many as Cluster API takes, those of control planes first', async () => {
    addPool('workers', Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`w${at}`, `a${at}`])));
    addPool('planes', { p1: 'z' });
    addControlPlane();
    await bench.reconcile();
    expect(domains()).toHaveLength(100);
    expect(domains()?.at(-1)).toEqual(plane?.('z'));
  });
});
