import { expect, test } from 'vitest';
import { countCalls } from '../../../k8s-bridge/runs/counted-runs.ts';
import type { MachineRuns } from '../../../k8s-bridge/runs/machine-runs.ts';

const machine = { namespace: 'demo', name: 'm1', uid: 'u1', runId: 'r1', paused: false };

test('each call is counted by its name and answered as before, also when it fails', async () => {
  const unused = async (): Promise<never> => Promise.reject(new Error('not asked for'));
  const runs: MachineRuns = {
    observe: unused,
    tell: unused,
    wake: async ({ name }) => (name === 'm1' ? 'woken' : 'noRun'),
    completePlan: unused,
    operate: unused,
    end: unused,
    look: unused,
    isAtRest: unused,
    hasOpenRun: unused,
    listOpen: async () => [machine],
    readPauses: unused,
  };
  const calls: string[] = [];
  const counted = countCalls(runs, (call) => calls.push(call));
  expect(await counted.wake(machine)).toBe('woken');
  expect(await counted.listOpen('nothing')).toEqual([machine]);
  await expect(counted.completePlan(machine, ['await-clean-1-h1'], { kind: 'applied' })).rejects.toThrow(
    'not asked for',
  );
  expect(calls).toEqual(['wake', 'listOpen', 'completePlan']);
});
