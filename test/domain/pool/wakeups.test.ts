import { describe, expect, it } from 'vitest';
import { baremetalMachines } from '../../../api/resources.ts';
import { viewMachine, viewWaitingMachine } from '../../../domain/inputs/machine-view.ts';
import {
  emptyWakeMemory,
  findOlderWaiting,
  LONGEST_REWAKE_AFTER_MS,
  machinesToWake,
  REWAKE_AFTER_MS,
  waitsForHost,
  type WakeMemory,
} from '../../../domain/pool/wakeups.ts';
import { waitingMachine } from '../../support/pool-fixtures.ts';

const [m1, m2, m3] = [waitingMachine('c', 1), waitingMachine('b', 2), waitingMachine('a', 3)];

function look(waiting: readonly (typeof m1)[], eligible: string[], memory: WakeMemory = emptyWakeMemory, nowMs = 0) {
  const hosts = eligible.map((name) => ({ name, failureDomain: undefined }));
  const plan = machinesToWake({ waiting, poolExists: true, eligible: hosts, memory, nowMs });
  return { ...plan, names: plan.wake.map(({ name }) => name) };
}

describe('machinesToWake', () => {
  it('wakes the oldest, as many as there are hosts', () => {
    expect(look([m3, m1, m2], ['x', 'y']).names).toEqual(['c', 'b']);
    expect(look([m1], ['x', 'y']).names).toEqual(['c']);
    expect(look([m1], []).names).toEqual([]);
    expect(look([], ['x']).names).toEqual([]);
  });

  it('wakes nobody for a host that was given up for them: the next one gets it', () => {
    const picky = waitingMachine('c', 1, { avoidedHosts: ['x'] });
    expect(look([picky, m2, m3], ['x']).names).toEqual(['b']);
    expect(look([picky, m2, m3], ['x', 'y']).names).toEqual(['c', 'b']);
    expect(look([picky], ['x'])).toMatchObject({ names: [], lookAgainAfterMs: undefined });
  });

  it('reminds none of many before all have had their turn', () => {
    const many = Array.from({ length: 500 }, (_, age) => waitingMachine(`m${age}`, age));
    const hosts = many.map(({ name }) => `host of ${name}`);
    const first = look(many, hosts);
    expect(first).toMatchObject({ names: { length: 500 }, lookAgainAfterMs: 10_000 });
    expect(look(many, hosts, first.memory, 9_999).names).toEqual([]);
    expect(look(many, hosts, first.memory, 10_000).names).toHaveLength(500);
  });

  it('does not repeat a wake while the host is still there', () => {
    const first = look([m1, m2], ['x']);
    expect(look([m1, m2], ['x'], first.memory, 10).names).toEqual([]);
  });

  it('wakes only the next one when another host comes free', () => {
    const first = look([m1, m2], ['x']);
    expect(look([m1, m2], ['x', 'y'], first.memory, 10).names).toEqual(['b']);
  });

  it('wakes nobody again while a burst of claims goes on', () => {
    const first = look([m1, m2, m3], ['x', 'y', 'z']);
    const second = look([m1, m3], ['x', 'z'], first.memory, 10);
    expect(second.names).toEqual([]);
    expect(look([m3], ['z'], second.memory, 20).names).toEqual([]);
  });

  it('wakes again when the host was taken by somebody else and another comes', () => {
    const first = look([m1], ['x']);
    const second = look([m1], [], first.memory, 10);
    expect(look([m1], ['y'], second.memory, 20).names).toEqual(['c']);
    expect(look([m1], ['y'], first.memory, 20).names).toEqual(['c']);
  });

  it('wakes again after a while, and says when to look', () => {
    const first = look([m1], ['x']);
    expect(first.lookAgainAfterMs).toBe(REWAKE_AFTER_MS);
    const second = look([m1], ['x'], first.memory, 500);
    expect(second.lookAgainAfterMs).toBe(REWAKE_AFTER_MS - 500);
    expect(look([m1], ['x'], second.memory, REWAKE_AFTER_MS).names).toEqual(['c']);
    expect(look([], ['x'], first.memory, 500).lookAgainAfterMs).toBeUndefined();
  });

  it('waits twice as long after each wake for the same host, and begins anew for another', () => {
    let nowMs = 0;
    let last = look([m1], ['x']);
    const pauses: (number | undefined)[] = [];
    for (let round = 0; round < 6; round += 1) {
      pauses.push(last.lookAgainAfterMs);
      nowMs += last.lookAgainAfterMs ?? 0;
      last = look([m1], ['x'], last.memory, nowMs);
      expect(last.names).toEqual(['c']);
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, LONGEST_REWAKE_AFTER_MS, LONGEST_REWAKE_AFTER_MS]);
    expect(look([m1], ['y'], last.memory, nowMs)).toMatchObject({ names: ['c'], lookAgainAfterMs: REWAKE_AFTER_MS });
  });
});

describe('machinesToWake of a pool that some do not know of', () => {
  const missing = { hostReason: 'PoolMissing' } as const;
  const [n1, n2, n3] = [
    waitingMachine('c', 1, missing),
    waitingMachine('b', 2, missing),
    waitingMachine('a', 3, missing),
  ];

  it('tells them, oldest first and ever more rarely, though no host is free', () => {
    const first = look([n3, m2, n1], []);
    expect(first).toMatchObject({ names: ['c', 'a'], lookAgainAfterMs: REWAKE_AFTER_MS });
    expect(look([n3, m2, n1], [], first.memory, 1_000).names).toEqual([]);
    expect(look([n3, m2, n1], [], first.memory, 2_000)).toMatchObject({ names: ['c', 'a'], lookAgainAfterMs: 4_000 });
  });

  it('wakes each once, for a host or for the news', () => {
    expect(look([n3, n2, n1], ['x']).names).toEqual(['c', 'b', 'a']);
  });

  it('does not let the news count as a wake for a host', () => {
    const first = look([m1, n2], ['x']);
    expect(first.names).toEqual(['c', 'b']);
    expect(look([n2], ['x'], first.memory, 10).names).toEqual(['b']);
  });
});

describe('machinesToWake of a pool that is gone', () => {
  const lookForIt = (waiting: readonly (typeof m1)[], memory: WakeMemory = emptyWakeMemory, nowMs = 0) => {
    const plan = machinesToWake({ waiting, poolExists: false, eligible: [], memory, nowMs });
    return { ...plan, names: plan.wake.map(({ name }) => name) };
  };

  it('tells all who still say that it is exhausted, oldest first', () => {
    const knowing = waitingMachine('d', 0, { hostReason: 'PoolMissing' });
    expect(lookForIt([m3, m1, knowing, m2])).toMatchObject({ names: ['c', 'b', 'a'], lookAgainAfterMs: 2_000 });
    expect(lookForIt([knowing])).toMatchObject({ names: [], lookAgainAfterMs: undefined });
  });

  it('waits twice as long after each time, and forgets who knows', () => {
    let nowMs = 0;
    let last = lookForIt([m1, m2]);
    const pauses: (number | undefined)[] = [];
    for (let round = 0; round < 6; round += 1) {
      pauses.push(last.lookAgainAfterMs);
      expect(lookForIt([m1, m2], last.memory, nowMs + 1).names).toEqual([]);
      nowMs += last.lookAgainAfterMs ?? 0;
      last = lookForIt([m1, m2], last.memory, nowMs);
      expect(last.names).toEqual(['c', 'b']);
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, LONGEST_REWAKE_AFTER_MS, LONGEST_REWAKE_AFTER_MS]);
    expect(lookForIt([], last.memory, nowMs).memory.told.size).toBe(0);
  });
});

describe('findOlderWaiting', () => {
  const nobody = () => false;

  it('finds who waits and is older, not oneself', () => {
    const deleted = waitingMachine('d', 0, { deleting: true });
    const served = waitingMachine('e', 0, { waitsForHost: false });
    expect(findOlderWaiting(m3, [m3, m2, m1, deleted, served], nobody)).toEqual([m2, m1]);
    expect(findOlderWaiting(m1, [m3, m2, m1], nobody)).toEqual([]);
  });

  it('leaves out who has a host already, or is claiming one, though its status still waits', () => {
    expect(findOlderWaiting(m3, [m3, m2, m1], (uid) => uid === m1.uid)).toEqual([m2]);
  });
});

describe('waitsForHost', () => {
  const condition = (type: string, status: string, reason = 'Paused') => ({
    type,
    status,
    reason,
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });

  it('leaves out paused machines, which would hold a host back from others', () => {
    expect(waitsForHost(waitingMachine('p', 0))).toBe(true);
    expect(waitsForHost(waitingMachine('p', 0, { pausedByAnnotation: true }))).toBe(false);
    expect(waitsForHost(waitingMachine('p', 0, { reportsPaused: true }))).toBe(false);
    expect(waitsForHost(waitingMachine('p', 0, { deletedForMove: true }))).toBe(false);
  });

  it.each([
    ['True', false],
    ['False', true],
  ])('reads from the status of a machine that Paused is %s', (paused, waits) => {
    const machine = baremetalMachines.schema.parse({
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
      kind: 'BaremetalMachine',
      metadata: {
        namespace: 'demo',
        name: 'm',
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: '',
        ownerReferences: [{ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name: 'capi-m', uid: 'o' }],
      },
      spec: { machineInventoryPoolRef: { name: 'workers' } },
      status: { conditions: [condition('InventoryAllocated', 'False', 'PoolExhausted'), condition('Paused', paused)] },
    });
    expect(waitsForHost(viewMachine(machine))).toBe(waits);
    expect(waitsForHost({ ...viewMachine(machine), ownerMachine: undefined })).toBe(false);
    expect(waitsForHost(viewWaitingMachine(machine, undefined))).toBe(waits);
    expect(waitsForHost(viewWaitingMachine(machine, 'of-another-installation'))).toBe(false);
  });
});
