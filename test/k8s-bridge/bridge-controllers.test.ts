import { hostLabels } from '../support/host-labels.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { attemptId } from '../../domain/plan/attempt.ts';
import { renderPlan } from '../../domain/plan/document.ts';
import { type BridgeCaches, createBridgeCaches, unsyncedCaches } from '../../k8s-bridge/caches.ts';
import { monotonicNowMs } from '../../k8s-bridge/controller-deps.ts';
import { runControllers } from '../../k8s-bridge/controllers.ts';
import { SlotBook } from '../../k8s-bridge/slots/book.ts';
import { UnattendedMachines } from '../../k8s-bridge/machines/unattended.ts';
import { DEPARTURE_GRACE_MS } from '../../k8s-bridge/machines/departed.ts';
import { createReader } from '../../reading/reader.ts';
import { KubeApiError, type KubeClient, type Selection, type WatchEvent } from '../../runtime/kube/client.ts';
import { createLogger } from '../../runtime/logger.ts';
import { MemoryRuns } from './bridge-fixtures.ts';

interface RawObject {
  metadata: Record<string, unknown> & { name: string; resourceVersion?: string };
  [field: string]: unknown;
}

/** A Kubernetes API of which only what the bridge uses works: list, watch, find. Selectors pick by Secret type. */
class MemoryKube {
  readonly #objects = new Map<string, RawObject>();
  readonly #watchers = new Set<(kind: string, event: WatchEvent, object: RawObject) => void>();
  #version = 1;

  put(kind: string, object: RawObject): void {
    const stored = {
      ...object,
      metadata: { namespace: 'demo', ...object.metadata, resourceVersion: String(++this.#version) },
    };
    this.#objects.set(`${kind}/${object.metadata.name}`, stored);
    for (const tell of this.#watchers) tell(kind, { type: 'MODIFIED', object: stored }, stored);
  }

  delete(kind: string, name: string): void {
    const stored = this.#objects.get(`${kind}/${name}`);
    if (stored === undefined) throw new Error(`No ${kind} ${name}`);
    this.#objects.delete(`${kind}/${name}`);
    const gone = { ...stored, metadata: { ...stored.metadata, resourceVersion: String(++this.#version) } };
    for (const tell of this.#watchers) tell(kind, { type: 'DELETED', object: gone }, gone);
  }

  client(): KubeClient {
    const refuse = (): Promise<never> => Promise.reject(new KubeApiError(403, 'Forbidden', 'not in this test'));
    const objects = this.#objects;
    return {
      get: refuse,
      create: refuse,
      replace: refuse,
      patch: refuse,
      apply: refuse,
      delete: refuse,
      checkReady: async () => {},
      close: async () => {},
      find: async <T>(resource: Resource<T>, key: ObjectKey) => {
        const found = objects.get(`${resource.kind}/${key.name}`);
        return found === undefined ? undefined : resource.schema.parse(found);
      },
      list: async (resource, options = {}) => this.#list(resource.kind, options),
      listInto: async (resource, options, take) => {
        const { items, ...end } = this.#list(resource.kind, options);
        take(items);
        return end;
      },
      watch: (resource, options, signal) => this.#watch(resource.kind, options, signal),
    };
  }

  #list(kind: string, selection: Selection) {
    const items = [...this.#objects].flatMap(([id, object]) =>
      id.startsWith(`${kind}/`) && isSelected(object, selection) ? [object] : [],
    );
    return { items, resourceVersion: String(this.#version), continueToken: undefined };
  }

  async *#watch(kind: string, selection: Selection, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const events: WatchEvent[] = [];
    let wake = Promise.withResolvers<void>();
    const tell = (changed: string, event: WatchEvent, object: RawObject): void => {
      if (changed !== kind || !isSelected(object, selection)) return;
      events.push(event);
      wake.resolve();
    };
    this.#watchers.add(tell);
    signal.addEventListener('abort', () => wake.resolve(), { once: true });
    while (!signal.aborted) {
      for (let event = events.shift(); event !== undefined; event = events.shift()) yield event;
      await wake.promise;
      wake = Promise.withResolvers<void>();
    }
  }
}

function isSelected(object: RawObject, { fieldSelector }: Selection): boolean {
  const [field, value] = (fieldSelector ?? '').split('=');
  if (field === 'type') return object['type'] === value;
  return field !== 'metadata.name' || object.metadata.name === value;
}

const RUN = 'machine/demo/m1/uid-1';
const ATTEMPT = attemptId({ uid: 'uid-1', planType: 'reprovision', attempt: 1 });
const PLAN = renderPlan({ attemptId: ATTEMPT, planType: 'reprovision', script: 'true', files: [] });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const bmm: RawObject = {
  apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
  kind: 'BaremetalMachine',
  metadata: {
    name: 'm1',
    uid: 'uid-1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { [foreign.clusterNameLabel]: 'c1' },
    ownerReferences: [{ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name: 'capi-m1', uid: 'c' }],
  },
  spec: { machineInventoryPoolRef: { name: 'workers' } },
};
const inventory: RawObject = {
  apiVersion: 'elemental.cattle.io/v1beta1',
  kind: 'MachineInventory',
  metadata: {
    name: 'h1',
    uid: 'h',
    annotations: {
      [annotations.allocationState]: 'Reprovisioning',
      [annotations.ownerUid]: 'uid-1',
      [annotations.ownerBaremetalMachine]: 'm1',
      [annotations.hostPlanAttempt]: ATTEMPT,
      [annotations.hostPlanChecksum]: PLAN.checksum,
    },
  },
  status: { plan: { secretRef: { name: 'h1-plan' } } },
};
const cluster = (paused: boolean): RawObject => ({ metadata: { name: 'c1' }, spec: { paused } });
const planSecret = (data: Record<string, string>): RawObject => ({
  metadata: { name: 'h1-plan' },
  type: foreign.planSecretType,
  data: { plan: base64(PLAN.json), 'max-failures': base64('1'), ...data },
});

describe('runControllers', () => {
  const logger = createLogger({ level: 'silent', component: 'test' });
  let kube: MemoryKube;
  let runs: MemoryRuns;
  let caches: BridgeCaches;
  let ending: AbortController;
  let running: Promise<void> | undefined;

  beforeEach(() => {
    kube = new MemoryKube();
    runs = new MemoryRuns();
    ending = new AbortController();
    caches = createBridgeCaches({
      client: kube.client(),
      logger,
      namespace: undefined,
      hostLabels,
      watchFilter: undefined,
    });
  });
  afterEach(async () => {
    vi.useRealTimers();
    ending.abort();
    await running;
    await Promise.all(Object.values(caches).map((informer) => informer.stop()));
  });

  async function start(): Promise<void> {
    for (const informer of Object.values(caches)) informer.start();
    await Promise.all(Object.values(caches).map((informer) => informer.synced));
    const reader = createReader({ threads: 1 });
    const scope = { defaultRegistry: undefined, hostLabels, watchNamespace: undefined, watchFilter: undefined };
    const settings = { reader, ...scope, resyncPeriodMs: 180_000, validateDeadlineMs: 900_000 };
    const slots = { lease: { namespace: 'default', name: 'slots' }, limit: undefined };
    const health = { unattended: new UnattendedMachines(monotonicNowMs), slots, book: new SlotBook() };
    const findNobodyServes = async () => undefined;
    const hostJournal = { sinceMs: 0, readLast: async () => new Map<string, number>(), write: async () => {} };
    const world = { kube: kube.client(), runs, caches, hostJournal };
    const deps = { ...world, ...settings, ...health, findNobodyServes, logger };
    running = runControllers(deps, ending.signal);
  }

  const calls = (kind: string) => runs.calls.filter((call) => call.kind === kind);

  it('names the caches that are not filled', async () => {
    expect(unsyncedCaches(caches)).toContain('capiMachines');
    await start();
    expect(unsyncedCaches(caches)).toEqual([]);
  });

  it('starts the run of a machine that was there before, and tells it what its Cluster does', async () => {
    kube.put('BaremetalMachine', bmm);
    await start();
    await vi.waitFor(() => expect(calls('observe')).toMatchObject([{ id: RUN, snapshot: { cluster: null } }]));
    kube.put('Cluster', cluster(true));
    await vi.waitFor(() => expect(calls('observe')).toHaveLength(2));
    expect(calls('observe')[1]).toMatchObject({ snapshot: { paused: true, cluster: { name: 'c1' } } });
  });

  it('tells the run that its object is gone, a while after it went', async () => {
    kube.put('BaremetalMachine', bmm);
    kube.put('Cluster', cluster(true));
    await start();
    await vi.waitFor(() => expect(calls('observe')).toHaveLength(1));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    kube.delete('BaremetalMachine', 'm1');
    await vi.advanceTimersByTimeAsync(DEPARTURE_GRACE_MS - 100);
    expect(calls('tell')).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(calls('tell')).toMatchObject([{ id: RUN, snapshot: { gone: true, paused: true } }]);
  });

  it('answers the wait for a plan when its Secret does', async () => {
    kube.put('BaremetalMachine', bmm);
    kube.put('MachineInventory', inventory);
    kube.put('Secret', planSecret({}));
    await start();
    await vi.waitFor(() => expect(calls('observe')).toHaveLength(1));
    expect(calls('complete')).toEqual([]);
    kube.put('Secret', planSecret({ 'applied-checksum': base64(PLAN.checksum) }));
    await vi.waitFor(() => expect(calls('complete')).toMatchObject([{ id: RUN, answer: { kind: 'applied' } }]));
  });

  it('goes on when Temporal was away, and tells nobody anything after the end', async () => {
    runs.outage = new Error('unavailable');
    kube.put('BaremetalMachine', bmm);
    await start();
    await vi.waitFor(() => expect(runs.refused).toBeGreaterThan(2));
    runs.outage = undefined;
    await vi.waitFor(() => expect(calls('observe')).toHaveLength(1));
    ending.abort();
    await running;
    kube.put('Cluster', cluster(true));
    await vi.waitFor(() => expect(caches.capiClusters.store.size()).toBe(1));
    expect(calls('observe')).toHaveLength(1);
  });
});
