import { describe, expect, it } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { baremetalMachines, machineInventories, machineInventoryPools } from '../../api/resources.ts';
import type { HistoryEntry, ObjectState } from './history.ts';
import { createJudge } from './judge.ts';

let revision = 0n;

function entry(state: ObjectState): HistoryEntry {
  return { ...state, revision: ++revision, gone: false, step: 3, seenAtMs: 0 };
}

function host(name: string, notes: Record<string, string>): HistoryEntry {
  const parsed = machineInventories.schema.parse({
    apiVersion: 'elemental.cattle.io/v1beta1',
    kind: 'MachineInventory',
    metadata: { name, annotations: notes },
  });
  return entry({ kind: 'host', object: parsed });
}

function owned(name: string, uid: string, state = 'Allocated'): HistoryEntry {
  return host(name, {
    [annotations.allocationState]: state,
    [annotations.ownerCluster]: 'demo',
    [annotations.ownerMachine]: uid,
    [annotations.ownerBaremetalMachine]: uid,
    [annotations.ownerUid]: uid,
  });
}

function allocated(uid: string, on: string, providerID?: string): HistoryEntry {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const parsed = baremetalMachines.schema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { name: uid, uid },
    spec: { machineInventoryPoolRef: { name: 'pool' }, ...(providerID !== undefined && { providerID }) },
    status: {
      phase: 'Allocated',
      machineInventoryRef: { name: on },
      conditions: [
        { type: 'Ready', status: 'False', reason: 'PlanPending', message: '', lastTransitionTime },
        { type: 'InventoryAllocated', status: 'True', reason: 'InventoryAllocated', message: '', lastTransitionTime },
      ],
    },
  });
  return entry({ kind: 'machine', object: parsed });
}

function judge(entries: readonly HistoryEntry[], givingUp: readonly string[] = []): string[] {
  const one = createJudge({
    givesUp: (machine) => givingUp.includes(machine),
    isLiedTo: () => false,
    isInTrouble: (name) => name === 'damaged',
    isSame: () => false,
    slotLimit: undefined,
  });
  return entries.flatMap((each) => one.see(each)).map(({ what }) => what);
}

describe('the judge', () => {
  it('accepts a machine on a host of its own', () => {
    expect(judge([owned('h1', 'm1'), allocated('m1', 'h1'), owned('h1', 'm1', 'Reprovisioning')])).toEqual([]);
  });

  it('finds a host that goes from one owner to another, and whose host that was', () => {
    expect(judge([owned('h1', 'm1'), allocated('m1', 'h1'), owned('h1', 'm2')])).toEqual([
      'host h1: h1 went from m1 to m2 without having been released',
      'host h1: m1 is Allocated on h1, which m2 owns',
    ]);
  });

  it('lets the status of a machine lag that was asked to give its host up', () => {
    const released = host('h1', { [annotations.allocationState]: 'Available' });
    const entries = [owned('h1', 'm1'), allocated('m1', 'h1'), released];
    expect(judge(entries)).toEqual(['host h1: m1 is Allocated on h1, which nobody owns']);
    expect(judge(entries, ['m1'])).toEqual([]);
  });

  it('finds two machines with one providerID', () => {
    const entries = [allocated('m1', 'h1', 'baremetal:///h1'), allocated('m2', 'h2', 'baremetal:///h1')];
    expect(judge([owned('h1', 'm1'), owned('h2', 'm2'), ...entries])).toEqual([
      'machine m2: m1 and m2 have the providerID baremetal:///h1',
    ]);
  });

  it('finds a record that contradicts itself', () => {
    expect(judge([owned('h1', 'm1', 'Available')])).toEqual(['host h1: it is Available and has an owner']);
    expect(judge([host('h1', { [annotations.allocationState]: 'Unavailable' })])).toHaveLength(1);
  });

  it('finds a host that goes, unless somebody has damaged its records', () => {
    expect(judge([{ ...owned('h1', 'm1'), gone: true }])).toEqual(['host h1: a host is gone']);
    expect(judge([{ ...owned('damaged', 'm1'), gone: true }])).toEqual([]);
    expect(judge([allocated('m1', 'h1')])).toEqual(['machine m1: m1 is Allocated on h1, which nobody owns']);
    expect(judge([allocated('m1', 'damaged')])).toEqual([]);
  });

  it('finds counters that do not add up', () => {
    const pool = machineInventoryPools.schema.parse({
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
      kind: 'MachineInventoryPool',
      metadata: { name: 'pool', generation: 2 },
      spec: { clusterName: 'demo', machineInventories: [{ name: 'h1' }, { name: 'h2' }] },
      status: { total: 2, available: 1, allocated: 0, preparing: 0, reprovisioning: 0, unavailable: 0 },
    });
    expect(judge([entry({ kind: 'pool', object: pool })])).toEqual(['pool pool: its counters make 1, its total is 2']);
  });
});
