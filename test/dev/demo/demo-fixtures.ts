import type { DemoView, HostRow, ShownMachine } from '../../../dev/demo/demo-view.ts';
import type { Evidence, Fact } from '../../../dev/demo/facts.ts';

const members = ['rack2-node07', 'rack1-node12', 'rack3-node01', 'rack1-node03', 'rack2-node02'];

export function runningMachine(host: string, changes: Partial<ShownMachine> = {}): ShownMachine {
  return {
    namespace: 'demo',
    name: `on-${host}`,
    uid: `uid-${host}`,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    phase: 'Running',
    host,
    providerID: `baremetal:///${host}`,
    ownerMachine: `on-${host}`,
    waitsFor: '',
    capiPhase: 'Running',
    node: host,
    phaseSinceMs: 0,
    ...changes,
  };
}

export function memberHost(name: string, changes: Partial<HostRow> = {}): HostRow {
  const object = { namespace: 'demo', name, resourceVersion: '1' };
  return { ...object, state: undefined, pool: 'workers', owner: undefined, ownerAnnotations: [], ...changes };
}

/** Two machines run on the first two hosts of five, and two that went released the next two, all as it should be. */
export function goodView(): DemoView {
  const counters = { available: 3, allocated: 2, reprovisioning: 0, preparing: 0, unavailable: 0, total: 5 };
  const states = ['Allocated', 'Allocated', 'Available', 'Available', undefined];
  return {
    machines: members.slice(0, 2).map((host) => runningMachine(host)),
    gone: members.slice(2, 4).map((host) => runningMachine(host)),
    hosts: members.map((name, index) => memberHost(name, { state: states[index] })),
    pool: { namespace: 'demo', name: 'workers', resourceVersion: '1', members, counters },
  };
}

export function goodEvidence(): Evidence {
  const used = { plans: [undefined, 'reprovision'], kubeletRuns: true };
  const released = { plans: [undefined, 'reprovision', 'clean'], kubeletRuns: false };
  const never = { plans: [undefined], kubeletRuns: false };
  const records = [used, used, released, released, never];
  return { view: goodView(), records: new Map(members.map((name, index) => [name, records[index] ?? never])) };
}

export function failedNames(facts: readonly Fact[]): string[] {
  return facts.filter(({ holds }) => !holds).map(({ name }) => name);
}
