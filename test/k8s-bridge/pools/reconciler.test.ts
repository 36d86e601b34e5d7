import { hostLabels } from '../../support/host-labels.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import type { ObjectKey } from '../../../api/meta.ts';
import { machineInventories, machineInventoryPools } from '../../../api/resources.ts';
import { readHostNotes } from '../../../domain/inputs/host-notes.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import type { PlanSecretFacts } from '../../../domain/pool/host-eligibility.ts';
import { hostIndexes, machineIndexes } from '../../../domain/pool/indexes.ts';
import { type PoolView, viewPool } from '../../../domain/inputs/pool-view.ts';
import { REWAKE_AFTER_MS } from '../../../domain/pool/wakeups.ts';
import { createPoolMemory, SETTLE_MS } from '../../../k8s-bridge/pools/memory.ts';
import { reconcilePool, STATUS_INTERVAL_MS } from '../../../k8s-bridge/pools/reconciler.ts';
import { CONFLICT_REQUEUE_MS } from '../../../k8s-bridge/reconcile/ports.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { waitingMachine } from '../../support/pool-fixtures.ts';

const namespace = 'demo';
const key = { namespace, name: 'workers' };

function createBench() {
  const api = createFakeObjects();
  const caches = {
    pools: createMemoryStore<PoolView>(),
    hosts: createMemoryStore<HostView>(hostIndexes),
    planSecrets: createMemoryStore<ObjectKey & PlanSecretFacts>(),
    machines: createMemoryStore<MachineView>(machineIndexes),
  };
  const clock = { nowMs: 7, wall: '2026-01-01T00:00:00Z' };
  const woken: string[] = [];
  const told: string[] = [];
  const wake = { fails: false };
  const slots = { use: { limit: 3, used: 2, waiting: 7 } };
  const deps = {
    client: api,
    caches,
    memory: createPoolMemory(),
    hostLabels,
    slotsOf: (pool: PoolView) => (pool.maxConcurrentReprovisions === undefined ? undefined : slots.use),
    nowMs: () => clock.nowMs,
    now: () => new Date(clock.wall),
    tellMembers: async ({ name }: PoolView, { reason }: { reason: string }) => void told.push(`${name} ${reason}`),
    wakeMachine: async ({ name }: MachineView) => {
      if (wake.fails) throw new Error('Temporal is down');
      woken.push(name);
    },
  };
  return {
    api,
    caches,
    clock,
    woken,
    told,
    wake,
    addPool(name: string, members: string[], creationTimestamp = '2026-01-01T00:00:00Z'): void {
      const spec = { clusterName: 'demo', machineInventories: members.map((member) => ({ name: member })) };
      const metadata = { namespace, name, creationTimestamp, generation: 1 };
      caches.pools.upsert(viewPool(api.put(machineInventoryPools, { metadata, spec })));
    },
    addHost(name: string, notes: Record<string, string> = {}, ready = 'True'): void {
      const metadata = { namespace, name, uid: `uid-${name}`, annotations: notes };
      const status = { conditions: [{ type: 'Ready', status: ready }], plan: { secretRef: { name: `${name}-plan` } } };
      caches.hosts.upsert(viewHost(api.put(machineInventories, { metadata, status }), hostLabels));
      caches.planSecrets.upsert({ namespace, name: `${name}-plan`, foreignPlanType: undefined });
    },
    reconcile: (name = 'workers') => reconcilePool(`${namespace}/${name}`, deps),
    status: (name = 'workers') => api.read(machineInventoryPools, { namespace, name }).status,
    stateOf: (host: string) =>
      api.read(machineInventories, { namespace, name: host }).metadata.annotations[annotations.allocationState],
    poolOf: (host: string) =>
      api.read(machineInventories, { namespace, name: host }).metadata.annotations[annotations.pool],
  };
}

const busy = (state: string, owner = 'm', pool = 'workers'): Record<string, string> => ({
  [annotations.pool]: pool,
  [annotations.allocationState]: state,
  [annotations.ownerBaremetalMachine]: owner,
  [annotations.ownerUid]: `uid-${owner}`,
});

describe('reconcilePool', () => {
  let bench = createBench();
  beforeEach(() => {
    bench = createBench();
  });

  it('counts the members, annotates the free ones, and then writes nothing more', async () => {
    bench.addPool('workers', ['b', 'a', 'missing']);
    bench.addHost('a');
    bench.addHost('b', busy('Reprovisioning'), 'False');
    expect(await bench.reconcile()).toEqual({});
    expect(bench.status()).toMatchObject({
      total: 3,
      available: 1,
      allocated: 0,
      preparing: 0,
      reprovisioning: 1,
      unavailable: 1,
      conditions: [
        { type: 'Ready', status: 'False', reason: 'MemberMissing', lastTransitionTime: '2026-01-01T00:00:00Z' },
        { type: 'MembersValid', status: 'False', reason: 'MemberMissing' },
      ],
    });
    expect(bench.poolOf('a')).toBe('workers');
    const before = bench.api.writes.length;
    bench.clock.nowMs += 60_000;
    await bench.reconcile();
    expect(before).toBe(2);
    expect(bench.api.writes).toHaveLength(before);
    expect(bench.told).toEqual(['workers MemberMissing']);
  });

  it('records a host that it takes and that was never used as Available, and no other', async () => {
    const bench = createBench();
    bench.addPool('workers', ['blank', 'kept', 'odd', 'owned', 'planned', 'named']);
    bench.addHost('blank');
    bench.addHost('kept', { [annotations.allocationState]: 'Unavailable' });
    bench.addHost('odd', { [annotations.allocationState]: 'Nonsense' });
    bench.addHost('owned', { [annotations.ownerUid]: 'uid-m' });
    bench.addHost('planned', {
      [annotations.hostPlanAttempt]: 'reprovision-1-uid-m',
      [annotations.hostPlanChecksum]: 'c',
    });
    bench.addHost('named');
    bench.caches.machines.upsert({ ...waitingMachine('m', 0), providerID: 'baremetal:///named' });
    await bench.reconcile();
    const hosts = ['blank', 'kept', 'odd', 'owned', 'planned', 'named'];
    expect(hosts.map((host) => bench.stateOf(host))).toEqual([
      'Available',
      'Unavailable',
      'Nonsense',
      undefined,
      undefined,
      undefined,
    ]);
    expect(hosts.map((host) => bench.poolOf(host))).toEqual(hosts.map(() => 'workers'));
    const noted = hosts.map((host) => bench.caches.hosts.get({ namespace: 'demo', name: host }));
    expect(
      noted.flatMap((host) => host && readHostNotes(host, new Date())).map((note) => `${note?.step} ${note?.to}`),
    ).toEqual([
      'join Available',
      'join Unavailable',
      'join Unavailable',
      'join InUse',
      'join Unavailable',
      'join Unavailable',
    ]);
  });

  it('takes no host with a plan of somebody else for available', async () => {
    bench.addPool('workers', ['a', 'b']);
    bench.addHost('a');
    bench.addHost('b');
    bench.caches.planSecrets.upsert({ namespace, name: 'a-plan', foreignPlanType: 'reset' });
    await bench.reconcile();
    expect(bench.status()).toMatchObject({
      available: 1,
      unavailable: 1,
      conditions: [{}, { type: 'MembersValid', status: 'False', reason: 'MemberNotReady' }],
    });
    expect(bench.status()?.conditions?.[1]?.message).toContain('a (has a reset plan of somebody else');
  });

  it('tells the machines that wait for a pool which is gone, until they know', async () => {
    bench.caches.machines.upsert(waitingMachine('m1', 1));
    bench.caches.machines.upsert(waitingMachine('m2', 2, { hostReason: 'PoolMissing' }));
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: REWAKE_AFTER_MS });
    expect(bench.woken).toEqual(['m1']);
    bench.clock.nowMs += 1_000;
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: REWAKE_AFTER_MS - 1_000 });
    bench.clock.nowMs += REWAKE_AFTER_MS - 1_000;
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 2 * REWAKE_AFTER_MS });
    expect(bench.woken).toEqual(['m1', 'm1']);
    bench.caches.machines.upsert(waitingMachine('m1', 1, { hostReason: 'PoolMissing' }));
    expect(await bench.reconcile()).toEqual({});
  });

  it('tells the machines that do not know yet that their pool is there, though it has no host for them', async () => {
    bench.addPool('workers', []);
    bench.caches.machines.upsert(waitingMachine('young', 2, { hostReason: 'PoolMissing' }));
    bench.caches.machines.upsert(waitingMachine('old', 1, { hostReason: 'PoolMissing' }));
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: REWAKE_AFTER_MS });
    expect(bench.woken).toEqual(['old', 'young']);
  });

  it('leaves paused machines alone whose pool is gone', async () => {
    bench.caches.machines.upsert(waitingMachine('m1', 1, { reportsPaused: true }));
    expect(await bench.reconcile()).toEqual({});
    expect(bench.woken).toEqual([]);
  });

  it('tries again soon after a conflict on the status', async () => {
    bench.addPool('workers', []);
    const stale = bench.caches.pools.get(key);
    await bench.reconcile();
    bench.addPool('workers', ['x']);
    bench.clock.nowMs += STATUS_INTERVAL_MS;
    if (stale !== undefined) bench.caches.pools.upsert(stale);
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 100 });
  });

  it('writes the status of a busy pool only so often, and comes back for the rest', async () => {
    bench.addPool('workers', ['a', 'b']);
    bench.addHost('a', busy('Allocated'));
    await bench.reconcile();
    bench.addHost('b', busy('Allocated'));
    bench.clock.nowMs += 200;
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: STATUS_INTERVAL_MS - 200 });
    expect(bench.status()).toMatchObject({ allocated: 1 });
    bench.clock.nowMs += STATUS_INTERVAL_MS - 200;
    expect(await bench.reconcile()).toEqual({});
    expect(bench.status()).toMatchObject({ allocated: 2 });
  });

  it('writes the status of a large pool at once where that rested, and more seldom than that of a small one', async () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `h${index}`);
    bench.addPool('workers', names);
    await bench.reconcile();
    bench.addHost('h1', busy('Allocated'));
    bench.clock.nowMs += STATUS_INTERVAL_MS;
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 4_500 });
    bench.clock.nowMs += 4_500;
    expect(await bench.reconcile()).toEqual({});
    expect(bench.status()).toMatchObject({ allocated: 1 });
  });

  it('is not held up by a wall clock that was put back', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a');
    bench.caches.machines.upsert(waitingMachine('m', 1));
    await bench.reconcile();
    bench.clock.wall = '2025-01-01T00:00:00Z';
    bench.clock.nowMs += REWAKE_AFTER_MS;
    bench.caches.planSecrets.remove({ namespace, name: 'a-plan' });
    await bench.reconcile();
    expect(bench.status()).toMatchObject({
      unavailable: 1,
      conditions: [{ lastTransitionTime: '2025-01-01T00:00:00Z' }, { lastTransitionTime: '2025-01-01T00:00:00Z' }],
    });
    bench.addHost('a');
    await bench.reconcile();
    expect(bench.woken).toEqual(['m', 'm']);
  });

  it('wakes the oldest waiting machines, as many as there are hosts, once', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a');
    for (const [name, age] of [
      ['young', 2],
      ['old', 1],
    ] as const)
      bench.caches.machines.upsert(waitingMachine(name, age));
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: REWAKE_AFTER_MS });
    bench.clock.nowMs += 1_000;
    await bench.reconcile();
    expect(bench.woken).toEqual(['old']);
    bench.clock.nowMs += REWAKE_AFTER_MS - 1_000;
    await bench.reconcile();
    expect(bench.woken).toEqual(['old', 'old']);
  });

  it('does not wake a machine that holds a host already', async () => {
    bench.addPool('workers', ['a', 'b']);
    bench.addHost('a', busy('Allocated', 'old'));
    bench.addHost('b');
    for (const [name, age] of [
      ['young', 2],
      ['old', 1],
    ] as const)
      bench.caches.machines.upsert(waitingMachine(name, age));
    await bench.reconcile();
    expect(bench.woken).toEqual(['young']);
  });

  it('writes the status although nobody can be woken, and tries the wake again', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a');
    bench.caches.machines.upsert(waitingMachine('old', 1));
    bench.wake.fails = true;
    await expect(bench.reconcile()).rejects.toThrow('1 hosts or machines failed');
    expect(bench.status()).toMatchObject({ total: 1, available: 1 });
    bench.wake.fails = false;
    await bench.reconcile();
    expect(bench.woken).toEqual(['old']);
  });

  it('counts a released host as preparing until it is Ready, but not for ever', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a', busy('Preparing'), 'False');
    await bench.reconcile();
    bench.addHost('a', { [annotations.pool]: 'workers', [annotations.allocationState]: 'Available' }, 'False');
    bench.clock.nowMs += STATUS_INTERVAL_MS;
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: SETTLE_MS });
    expect(bench.status()).toMatchObject({ preparing: 1, conditions: [{ status: 'True' }, { status: 'True' }] });
    bench.clock.nowMs += SETTLE_MS;
    await bench.reconcile();
    expect(bench.status()).toMatchObject({ unavailable: 1, conditions: [{ reason: 'MemberNotReady' }, {}] });
  });

  it('leaves a host in use to the pool that dropped it, until it is released', async () => {
    bench.addPool('workers', []);
    bench.addHost('a', busy('Allocated'));
    await bench.reconcile();
    expect(bench.poolOf('a')).toBe('workers');
    bench.addHost('a', { [annotations.pool]: 'workers', [annotations.allocationState]: 'Available' });
    await bench.reconcile();
    expect(bench.poolOf('a')).toBeUndefined();
  });

  it('gives the hosts of a deleted pool to the pool that names them', async () => {
    bench.addHost('a', { [annotations.pool]: 'gone' });
    bench.addHost('b', { [annotations.pool]: 'gone' });
    bench.addPool('workers', ['a']);
    await bench.reconcile('gone');
    expect(bench.poolOf('a')).toBe('workers');
    expect(bench.poolOf('b')).toBeUndefined();
  });

  it('gives a host that two pools name to the older one, and says so on the other', async () => {
    bench.addPool('workers', ['a'], '2026-01-02T00:00:00Z');
    bench.addPool('older', ['a'], '2026-01-01T00:00:00Z');
    bench.addHost('a');
    await bench.reconcile();
    expect(bench.poolOf('a')).toBeUndefined();
    expect(bench.status()).toMatchObject({ unavailable: 1, conditions: [{ reason: 'MemberInAnotherPool' }, {}] });
    await bench.reconcile('older');
    expect(bench.poolOf('a')).toBe('older');
    expect(bench.status('older')).toMatchObject({ available: 1 });
  });

  it('goes on with the other hosts when one cannot be annotated', async () => {
    bench.addPool('workers', ['a', 'b']);
    bench.addHost('a');
    bench.addHost('b');
    bench.api.refuse('a', 500);
    await expect(bench.reconcile()).rejects.toThrow();
    expect(bench.poolOf('b')).toBe('workers');
    // What the other writer changed may be nothing that brings us back.
    bench.api.refuse('a', 409);
    await expect(bench.reconcile()).resolves.toEqual({ requeueAfterMs: CONFLICT_REQUEUE_MS });
  });

  it.each([403, 413, 422])('shows a member that refuses the annotation (%i), and serves the others', async (code) => {
    bench.addPool('workers', ['a', 'b']);
    bench.addHost('a');
    bench.addHost('b');
    bench.api.refuse('a', code);
    expect(await bench.reconcile()).toEqual({ requeueAfterMs: 1 });
    expect(bench.poolOf('b')).toBe('workers');
    bench.clock.nowMs += STATUS_INTERVAL_MS;
    await bench.reconcile();
    expect(bench.status()).toMatchObject({
      available: 1,
      unavailable: 1,
      conditions: [{}, { type: 'MembersValid', status: 'False', reason: 'MemberRefused' }],
    });
    expect(bench.status()?.conditions?.[1]?.message).toContain(`a (refuses annotations: refused with ${code})`);
  });

  it('tries a member that refuses again after pauses that grow, and when it changes', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a');
    bench.api.refuse('a', 422);
    const attempts = () => bench.api.writes.filter(({ name }) => name === 'a').length;
    await bench.reconcile();
    expect(await bench.reconcile()).toMatchObject({ requeueAfterMs: STATUS_INTERVAL_MS });
    bench.clock.nowMs += STATUS_INTERVAL_MS;
    expect(await bench.reconcile()).toMatchObject({ requeueAfterMs: 1_500 });
    expect(attempts()).toBe(1);
    bench.clock.nowMs += 1_500;
    expect(await bench.reconcile()).toMatchObject({ requeueAfterMs: 4_000 });
    bench.clock.nowMs += 3_999;
    await bench.reconcile();
    expect(attempts()).toBe(2);
    bench.addHost('a', { touched: 'yes' });
    await bench.reconcile();
    expect(attempts()).toBe(3);
    bench.api.refuse('a', undefined);
    bench.clock.nowMs += 8_000;
    await bench.reconcile();
    expect(bench.poolOf('a')).toBe('workers');
    await bench.reconcile();
    expect(bench.status()).toMatchObject({ available: 1, conditions: [{ status: 'True' }, { status: 'True' }] });
  });

  it('counts and annotates though nobody can be woken', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a');
    bench.caches.machines.upsert(waitingMachine('m', 1));
    bench.wake.fails = true;
    await expect(bench.reconcile()).rejects.toThrow('1 hosts or machines failed');
    expect(bench.status()).toMatchObject({ total: 1, available: 1 });
    expect(bench.poolOf('a')).toBe('workers');
  });

  it('does not offer a host that the providerID of a machine names', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a');
    const moved = waitingMachine('moved', 1, { providerID: 'baremetal:///a', waitsForHost: false, pool: 'elsewhere' });
    bench.caches.machines.upsert(moved);
    await bench.reconcile();
    expect(bench.status()).toMatchObject({ available: 0, allocated: 1 });
  });

  it('neither offers a host in a state that nobody knows nor counts it as free', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a', { [annotations.allocationState]: 'Nonsense' });
    bench.caches.machines.upsert(waitingMachine('m', 1));
    await bench.reconcile();
    expect(bench.status()).toMatchObject({ available: 0, unavailable: 1 });
    expect(bench.woken).toEqual([]);
  });

  it('does not take a host that cannot be read for missing, until it is mended', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a', busy('Allocated'));
    await bench.reconcile();
    bench.caches.hosts.spoil({ namespace, name: 'a' }, 'spec.storage.volumes: expected array, received string');
    bench.clock.nowMs += STATUS_INTERVAL_MS;
    await bench.reconcile();
    expect(bench.status()).toMatchObject({ unavailable: 1, conditions: [{ reason: 'MemberUnreadable' }, {}] });
    expect(bench.status()?.conditions?.[1]?.message).toContain('a (spec.storage.volumes: expected array');
    bench.addHost('a', busy('Allocated'));
    bench.clock.nowMs += STATUS_INTERVAL_MS;
    await bench.reconcile();
    expect(bench.status()).toMatchObject({ allocated: 1, conditions: [{ status: 'True' }, {}] });
  });

  it('does not take a pool that cannot be read for gone', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a');
    await bench.reconcile();
    bench.addPool('younger', ['a'], '2026-01-02T00:00:00Z');
    bench.caches.machines.upsert(waitingMachine('m', 1, { hostReason: 'PoolExhausted' }));
    bench.caches.pools.spoil(key, 'spec.machineInventories: expected array');
    expect(await bench.reconcile()).toEqual({});
    await bench.reconcile('younger');
    expect(bench.poolOf('a')).toBe('workers');
    expect(bench.woken).toEqual([]);
  });

  it('sees that a plan Secret is gone', async () => {
    bench.addPool('workers', ['a']);
    bench.addHost('a');
    bench.caches.planSecrets.remove({ namespace, name: 'a-plan' });
    await bench.reconcile();
    expect(bench.status()).toMatchObject({ unavailable: 1, conditions: [{ reason: 'PlanSecretMissing' }, {}] });
  });
});
