import { beforeEach, describe, expect, it } from 'vitest';
import { CLUSTER_FINALIZER, foreign } from '../../../api/constants.ts';
import { baremetalClusters } from '../../../api/resources.ts';
import { type BaremetalClusterView, viewBaremetalCluster } from '../../../domain/inputs/cluster-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { machineIndexes } from '../../../domain/pool/indexes.ts';
import { type OwnerCluster, reconcileCluster } from '../../../k8s-bridge/clusters/reconciler.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { waitingMachine } from '../../support/pool-fixtures.ts';

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
  const deps = { client: api, baremetalClusters: infra, clusters, machines, nowMs: () => Date.UTC(2026, 0, 1) };
  clusters.upsert({ namespace: 'demo', name: 'demo', paused: false });
  return {
    api,
    clusters,
    machines,
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
