import { describe, expect, it } from 'vitest';
import { viewPool } from '../../domain/inputs/pool-view.ts';
import { machineInventoryPoolSchema } from '../../api/pool.ts';
import { countFleet } from '../../k8s-bridge/fleet-figures.ts';
import { hostView, machineView, T0 } from './bridge-fixtures.ts';

const pool = viewPool(
  machineInventoryPoolSchema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'MachineInventoryPool',
    metadata: { namespace: 'demo', name: 'workers' },
    spec: { clusterName: 'c1', machineInventories: [{ name: 'h1' }, { name: 'h2' }] },
    status: { total: 2, available: 1, allocated: 0, preparing: 0, reprovisioning: 1, unavailable: 0 },
  }),
);
const place = { namespace: 'demo', pool: 'workers' };
const since = (seconds: number): string => new Date(T0 - seconds * 1000).toISOString();
const count = (fleet: Partial<Parameters<typeof countFleet>[0]>) =>
  // A store of an informer can be gone through once.
  countFleet({ machines: [], hosts: [], pools: [pool].values(), openRuns: undefined, ...fleet }, T0);

describe('the figures of a fleet', () => {
  it('count machines by phase and reason, and how long they are not Ready', () => {
    const machines = [
      machineView({ uid: 'a', phase: 'Reprovisioning', readyReason: 'PlanTimedOut', unreadySince: since(90) }),
      machineView({ uid: 'b', phase: 'Reprovisioning', readyReason: 'PlanTimedOut', unreadySince: since(30) }),
      machineView({ uid: 'c', phase: 'Running', readyReason: 'Ready' }),
    ];
    const { machines: counted, longestUnready } = count({ machines });
    expect(counted).toEqual([
      { labels: { ...place, phase: 'Reprovisioning', reason: 'PlanTimedOut' }, value: 2 },
      { labels: { ...place, phase: 'Running', reason: 'Ready' }, value: 1 },
    ]);
    expect(longestUnready).toEqual([{ labels: { ...place, reason: 'PlanTimedOut' }, value: 90 }]);
  });

  it('count what is late, and the oldest machine that waits for a host', () => {
    const machines = [
      machineView({ uid: 'a', overdue: 'boot' }),
      machineView({ uid: 'b', waitsForHost: true, creationTimestamp: since(10) }),
      machineView({ uid: 'c', waitsForHost: true, creationTimestamp: since(600) }),
      machineView({ uid: 'd', creationTimestamp: since(9000) }),
    ];
    const figures = count({ machines });
    expect(figures.overDeadline).toEqual([{ labels: { ...place, late: 'boot' }, value: 1 }]);
    expect(figures.oldestWaiting).toEqual([{ labels: place, value: 600 }]);
    expect(count({}).oldestWaiting).toEqual([{ labels: place, value: 0 }]);
  });

  it('count hosts as the pool does', () => {
    const value = Object.fromEntries(count({}).hosts.map(({ labels, value: hosts }) => [labels.state, hosts]));
    expect(value).toEqual({ available: 1, allocated: 0, preparing: 0, reprovisioning: 1, unavailable: 0 });
  });

  it('count a host as stranded whose machine does not exist, and only that', () => {
    const owner = { cluster: 'c1', machine: 'capi-m1', baremetalMachine: 'm1', uid: 'gone' };
    const hosts = [
      hostView({ name: 'lost', owner }),
      hostView({ name: 'mine', owner: { ...owner, uid: 'uid-1' } }),
      hostView({ name: 'free', owner: undefined, allocationState: 'Available' }),
    ];
    const machines = [machineView()];
    expect(count({ hosts, machines, openRuns: new Set() }).hostsStranded).toEqual([{ labels: place, value: 1 }]);
    // Its run still gives it back, or nobody knows whether one does.
    expect(count({ hosts, machines, openRuns: new Set(['gone']) }).hostsStranded).toEqual([
      { labels: place, value: 0 },
    ]);
    expect(count({ hosts, machines }).hostsStranded).toEqual([{ labels: place, value: 0 }]);
    expect(count({}).hostsStranded).toEqual([{ labels: place, value: 0 }]);
  });

  it('name the hosts that failed more than once, the worst of many', () => {
    const hosts = Array.from({ length: 300 }, (_, failures) => hostView({ name: `h${failures}`, failures }));
    const { hostFailures } = count({ hosts });
    expect(hostFailures).toHaveLength(100);
    expect(hostFailures[0]).toEqual({ labels: { ...place, host: 'h299' }, value: 299 });
    expect(count({ hosts: hosts.slice(0, 2) }).hostFailures).toEqual([]);
  });

  it('take a time that nobody can read, or that lies ahead, for now', () => {
    const machines = ['yesterday', since(-60)].map((unreadySince, index) =>
      machineView({ uid: String(index), readyReason: 'Other', unreadySince }),
    );
    expect(count({ machines }).longestUnready).toEqual([{ labels: { ...place, reason: 'Other' }, value: 0 }]);
  });
});
