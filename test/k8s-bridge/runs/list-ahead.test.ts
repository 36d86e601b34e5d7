import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { countCalls } from '../../../k8s-bridge/runs/counted-runs.ts';
import { listAhead } from '../../../k8s-bridge/runs/list-ahead.ts';
import { MemoryRuns } from '../bridge-fixtures.ts';
import { snapshot } from '../../domain/life/life-fixtures.ts';

const machine = { namespace: 'n', name: 'm', uid: 'u' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function world() {
  const calls: string[] = [];
  const memory = new MemoryRuns();
  const start = () => listAhead(countCalls(memory, (call) => calls.push(call)));
  return { calls, memory, start };
}

test('who asks first gets the runs that were listed before, who asks later those that are open then', async () => {
  const { calls, memory, start } = world();
  const runs = start();
  await runs.observe(machine, snapshot(), { cluster: 'c', pool: 'p' });
  expect(await runs.listOpen('nothing')).toEqual([]);
  expect(await runs.listOpen('nothing')).toMatchObject([machine]);
  expect(calls).toEqual(['listOpen', 'observe', 'listOpen']);
  expect(memory.open.size).toBe(1);
});

test('one that stood by, or whose listing failed, lists when it leads', async () => {
  const { calls, memory, start } = world();
  const late = start();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await late.listOpen('nothing')).toEqual([]);
  memory.outage = new Error('away');
  const failed = start();
  await expect(failed.listOpen('nothing')).rejects.toThrow('away');
  memory.outage = undefined;
  expect(await failed.listOpen('nothing')).toEqual([]);
  expect(calls).toHaveLength(5);
});
