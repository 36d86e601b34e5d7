import { beforeEach, describe, expect, it } from 'vitest';
import { baremetalMachineTemplates, machineInventoryPools } from '../../../api/resources.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import { type PoolView, viewPool } from '../../../domain/inputs/pool-view.ts';
import { type TemplateView, viewTemplate } from '../../../domain/inputs/template-view.ts';
import { reconcileTemplate } from '../../../k8s-bridge/templates/reconciler.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { freeHost } from '../../support/pool-fixtures.ts';

const key = { namespace: 'demo', name: 'workers' };
const hardware = { cpu: '16', memory: '1024', 'ephemeral-storage': '7', architecture: 'amd64' };

function createBench() {
  const api = createFakeObjects();
  const templates = createMemoryStore<TemplateView>();
  const pools = createMemoryStore<PoolView>();
  const hosts = createMemoryStore<HostView>();
  const deps = { client: api, templates, pools, hosts, now: () => new Date('2026-01-01T00:00:00Z') };
  const spec = { template: { spec: { machineInventoryPoolRef: { name: 'workers' } } } };
  const add = (metadata: object = {}): void =>
    templates.upsert(
      viewTemplate(api.put(baremetalMachineTemplates, { metadata: { ...key, uid: 't', ...metadata }, spec })),
    );
  add();
  const members = { clusterName: 'demo', machineInventories: [{ name: 'h1' }, { name: 'h2' }] };
  pools.upsert(viewPool(api.put(machineInventoryPools, { metadata: key, spec: members })));
  hosts.upsert(freeHost('h1', { hardware }));
  return {
    api,
    add,
    templates,
    pools,
    hosts,
    reconcile: () => reconcileTemplate('demo/workers', deps),
    status: () => api.read(baremetalMachineTemplates, key).status,
  };
}

describe('reconcileTemplate', () => {
  let bench = createBench();
  beforeEach(() => {
    bench = createBench();
  });

  it('says what a machine gets at least, once', async () => {
    await bench.reconcile();
    expect(bench.status()).toMatchObject({
      capacity: { cpu: '16', memory: '1024', 'ephemeral-storage': '7', pods: '110' },
      nodeInfo: { architecture: 'amd64', operatingSystem: 'linux' },
      conditions: [{ type: 'CapacityKnown', status: 'True' }],
    });
    await bench.reconcile();
    expect(bench.api.writes).toHaveLength(1);
  });

  it('follows the hosts, and takes back what is not known any more', async () => {
    await bench.reconcile();
    bench.hosts.upsert(freeHost('h2', { hardware: { cpu: '8', memory: '4096' } }));
    await bench.reconcile();
    expect(bench.status()?.capacity).toEqual({ cpu: '8', memory: '1024', pods: '110' });
    expect(bench.status()?.nodeInfo).toBeUndefined();
    for (const name of ['h1', 'h2']) bench.hosts.remove({ namespace: 'demo', name });
    await bench.reconcile();
    expect(bench.status()?.capacity).toBeUndefined();
    expect(bench.status()?.conditions).toMatchObject([{ status: 'False', reason: 'NoHosts' }]);
  });

  it('leaves what it said while its pool cannot be read', async () => {
    await bench.reconcile();
    bench.pools.spoil(key, 'spec: expected object');
    await bench.reconcile();
    expect(bench.status()?.capacity).toMatchObject({ cpu: '16' });
  });

  it('writes nothing to one that goes, or is gone', async () => {
    bench.add({ deletionTimestamp: '2026-01-01T00:00:00Z' });
    await bench.reconcile();
    bench.templates.remove(key);
    await bench.reconcile();
    expect(bench.api.writes).toEqual([]);
  });

  it('tries again soon after a conflict', async () => {
    bench.api.refuse('workers', 409);
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 100 });
    bench.api.refuse('workers', undefined);
    await bench.reconcile();
    expect(bench.status()?.capacity).toMatchObject({ cpu: '16' });
  });
});
