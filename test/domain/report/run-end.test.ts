import { expect, it } from 'vitest';
import { noteStay, type PhaseStay } from '../../../domain/life/phases.ts';
import { tellEnd } from '../../../domain/report/run-end.ts';

const minute = 60_000;

it('a run ends with its hosts, its phases and what failed', () => {
  const phases: PhaseStay[] = [
    { phase: 'Pending', sinceMs: 0 },
    { phase: 'Allocated', sinceMs: 4_000, host: 'h1' },
    { phase: 'Reprovisioning', sinceMs: minute, host: 'h1' },
    { phase: 'Failed', sinceMs: 13 * minute, reason: 'PlanFailed', host: 'h1' },
    { phase: 'Reprovisioning', sinceMs: 20 * minute, host: 'h2' },
    { phase: 'Running', sinceMs: 30 * minute, host: 'h2' },
    { phase: 'Running', sinceMs: 60 * minute },
    { phase: 'Preparing', sinceMs: 26 * 60 * minute, host: 'h2' },
  ];
  expect(tellEnd('released', { phases }, 26 * 60 * minute + 40_500)).toBe(
    'released: host h1, then h2 in 1 d 2 h (Pending 4 s, Allocated 56 s, Reprovisioning 12 min, ' +
      'Failed 7 min: PlanFailed, Reprovisioning 10 min, Running 1 d 1 h, Preparing 40 s)',
  );
});

it('a run without a host says so, and one that knows nothing says how it ended', () => {
  expect(tellEnd('moved', { phases: [{ phase: 'Pending', sinceMs: 5 }] }, 5)).toBe(
    'moved: no host in 0 s (Pending 0 s)',
  );
  expect(tellEnd('orphaned', {}, 9)).toBe('orphaned');
});

it('a phase is noted once, and a life of many keeps its beginning and its end', () => {
  const first: PhaseStay = { phase: 'Pending', sinceMs: 0 };
  expect(noteStay([first], { ...first, sinceMs: 9 })).toEqual([first]);
  let stays: readonly PhaseStay[] = [];
  for (let at = 0; at < 1_000; at += 1)
    stays = noteStay(stays, { phase: at % 2 ? 'Failed' : 'Reprovisioning', sinceMs: at });
  expect(stays.length).toBeLessThanOrEqual(40);
  expect([stays[0]?.sinceMs, stays.at(-1)?.sinceMs]).toEqual([0, 999]);
});
