import { beforeEach, describe, expect, it } from 'vitest';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import type { PlanSecretFacts } from '../../../domain/pool/host-eligibility.ts';
import { hostIndexes } from '../../../domain/pool/indexes.ts';
import type { PoolView } from '../../../domain/inputs/pool-view.ts';
import { connectPoolTriggers } from '../../../k8s-bridge/pools/triggers.ts';
import { createMemoryStore } from '../../support/fake-objects.ts';
import { freeHost, waitingMachine } from '../../support/pool-fixtures.ts';
import { changeSource } from '../bridge-fixtures.ts';

const demo = (name: string) => ({ namespace: 'demo', name });

function pool(name: string, members: string[], overrides: Partial<PoolView> = {}): PoolView {
  return {
    ...demo(name),
    uid: `uid-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    deleting: false,
    clusterName: 'demo',
    forControlPlanes: false,
    maxConcurrentReprovisions: undefined,
    slots: undefined,
    members: members.map((member) => ({ name: member })),
    memberNames: new Set(members),
    acceptance: undefined,
    counters: {},
    conditions: [],
    ...overrides,
  };
}

function connect() {
  const caches = { pools: createMemoryStore<PoolView>(), hosts: createMemoryStore<HostView>(hostIndexes) };
  const sources = {
    pools: changeSource<PoolView>(),
    hosts: changeSource<HostView>(),
    planSecrets: changeSource<PlanSecretFacts>(),
    machines: changeSource<MachineView>(),
  };
  const enqueued: string[] = [];
  connectPoolTriggers(sources, caches, (key) => enqueued.push(key));
  return { caches, sources, enqueued };
}

let bench: ReturnType<typeof connect>;
beforeEach(() => {
  bench = connect();
  bench.caches.pools.upsert(pool('workers', ['a']));
  bench.caches.pools.upsert(pool('others', ['b']));
  bench.caches.pools.upsert(pool('elsewhere', ['a'], { namespace: 'other' }));
});

describe('a changed host', () => {
  it('concerns the pools that name it and those that it was or is annotated with', () => {
    bench.sources.hosts.emit(demo('a'), freeHost('a', { pool: 'new' }), freeHost('a', { pool: 'gone' }));
    expect(bench.enqueued).toEqual(['demo/workers', 'demo/new', 'demo/gone']);
  });

  it('concerns none when its agent has only registered again', () => {
    const before = freeHost('a', { pool: 'workers' });
    bench.sources.hosts.emit(demo('a'), { ...before, resourceVersion: '2' }, before);
    expect(bench.enqueued).toEqual([]);
    bench.sources.hosts.emit(demo('a'), { ...before, resourceVersion: '3', ready: false }, before);
    expect(bench.enqueued).toEqual(['demo/workers']);
  });
});

describe('a changed pool', () => {
  it('concerns its neighbours, too, when it names other hosts', () => {
    bench.sources.pools.emit(demo('workers'), pool('workers', ['a']), pool('workers', ['a']));
    expect(bench.enqueued).toEqual(['demo/workers']);
    bench.sources.pools.emit(demo('workers'), pool('workers', ['a'], { generation: 2 }), pool('workers', ['a']));
    expect(bench.enqueued).toEqual(['demo/workers', 'demo/workers', 'demo/workers', 'demo/others']);
  });
});

describe('a plan Secret', () => {
  const ours: PlanSecretFacts = { foreignPlanType: undefined, immutable: false };

  it('concerns the pools of its host when it comes or goes', () => {
    bench.caches.hosts.upsert(freeHost('a'));
    bench.sources.planSecrets.emit(demo('a-plan'), { ...ours }, ours);
    expect(bench.enqueued).toEqual([]);
    bench.sources.planSecrets.emit(demo('a-plan'), undefined, ours);
    expect(bench.enqueued).toEqual(['demo/workers']);
  });

  it.each<Partial<PlanSecretFacts>>([{ foreignPlanType: 'reset' }, { immutable: true }])(
    'concerns them when it becomes, or is no more, %o',
    (change) => {
      bench.caches.hosts.upsert(freeHost('a'));
      bench.sources.planSecrets.emit(demo('a-plan'), { ...ours, ...change }, ours);
      bench.sources.planSecrets.emit(demo('a-plan'), ours, { ...ours, ...change });
      expect(bench.enqueued).toEqual(['demo/workers', 'demo/workers']);
    },
  );
});

describe('a changed machine', () => {
  const waiting = waitingMachine('m', 1);

  it.each<[string, Partial<MachineView>]>([
    ['waits no more', { waitsForHost: false }],
    ['is paused or goes on', { reportsPaused: true }],
    ['is paused or goes on, by annotation', { pausedByAnnotation: true }],
    ['says something else of the pool', { hostReason: 'PoolMissing' }],
    ['is being deleted', { deleting: true }],
    ['names a host', { providerID: 'baremetal:///b' }],
    ['is another one of the same name', { uid: 'uid-2' }],
  ])('that %s concerns its pool, before and after', (_what, change) => {
    bench.sources.machines.emit(demo('m'), { ...waiting, ...change }, waiting);
    expect(bench.enqueued).toContain('demo/workers');
    bench.enqueued.length = 0;
    bench.sources.machines.emit(demo('m'), waiting, { ...waiting, ...change });
    expect(bench.enqueued).toContain('demo/workers');
  });

  it('concerns no pool with the rest of its status', () => {
    bench.sources.machines.emit(demo('m'), { ...waiting, phase: 'Failed', observedInputs: 'x' }, waiting);
    expect(bench.enqueued).toEqual([]);
  });

  it('concerns the pool of the host that its providerID names', () => {
    bench.sources.machines.emit(demo('m'), { ...waiting, providerID: 'baremetal:///b' }, undefined);
    expect(bench.enqueued).toEqual(['demo/workers', 'demo/others']);
  });
});
