import { describe, expect, it } from 'vitest';
import { goneSnapshot } from '../../../domain/inputs/snapshot-builder.ts';
import { rememberStarts, StartMemory } from '../../../k8s-bridge/runs/start-memory.ts';
import { ManualClock, MemoryRuns } from '../bridge-fixtures.ts';

const machine = { namespace: 'demo', name: 'm1', uid: 'uid-1' };
const labels = { cluster: 'c1', pool: 'workers' };

function createWorld() {
  const clock = new ManualClock();
  const memory = new StartMemory(clock.nowMs);
  const runs = new MemoryRuns();
  const remembered = rememberStarts(runs, memory);
  const start = () => remembered.observe(machine, goneSnapshot(undefined), labels).catch(() => {});
  return { clock, memory, runs, remembered, start };
}

describe('the last start', () => {
  it('is no problem where there was none, or it was answered', async () => {
    const { memory, start } = createWorld();
    expect(memory.problem()).toBeUndefined();
    await start();
    expect(memory.problem()).toBeUndefined();
  });

  it('is one when it failed, until one is answered; its error is passed on', async () => {
    const { memory, runs, remembered, start } = createWorld();
    runs.outage = new Error('no mapping');
    await expect(remembered.observe(machine, goneSnapshot(undefined), labels)).rejects.toThrow('no mapping');
    expect(memory.problem()).toBe('no mapping');
    runs.outage = undefined;
    await start();
    expect(memory.problem()).toBeUndefined();
  });

  it('is forgotten when it is not tried again: its machine is gone', async () => {
    const { clock, memory, runs, start } = createWorld();
    runs.outage = new Error('no mapping');
    await start();
    clock.advance(90_000);
    expect(memory.problem()).toBeDefined();
    clock.advance(1);
    expect(memory.problem()).toBeUndefined();
  });
});
