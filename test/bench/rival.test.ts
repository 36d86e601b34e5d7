import { expect, test } from 'vitest';
import { median } from '../../bench/measurement.ts';
import { orderOf } from '../../bench/rival.ts';
import { compareTurns, describeCpuOf, describeWrites } from '../../bench/rival-report.ts';
import type { SideName } from '../../bench/rival-sides.ts';
import type { Scaling, Turn } from '../../bench/rival-turn.ts';
import type { AuditEvent } from '../../dev/stack/audit.ts';

function scaling(elapsedMs: number, cpu: Record<string, number> = {}): Scaling {
  return { elapsedMs, cpu: new Map(Object.entries(cpu)), others: 0, fromMs: 1_000, toMs: 2_000 };
}
const turn = (side: SideName, upMs: number): Turn => ({ side, up: scaling(upMs, { worker: 100 }), down: scaling(1) });

test('pairs begin with either side by turns', () => {
  expect(orderOf(3)).toEqual(['ironloom', 'capim', 'capim', 'ironloom', 'ironloom', 'capim']);
});

test('the median of an even number lies between the two in the middle', () => {
  expect(median([1, 9, 2, 4])).toBe(3);
  expect(median([5, 1, 9])).toBe(5);
});

test('a ratio is of the two turns of one pair, whichever came first', () => {
  const turns = [turn('ironloom', 9_000), turn('capim', 10_000), turn('capim', 20_000), turn('ironloom', 10_000)];
  expect(compareTurns('0 → 9', 'up', turns)).toEqual([
    {
      what: '0 → 9, ironloom : capim',
      budget: 'median ≤ 0.95',
      measured: '0.70 (pairs 0.90, 0.50; medians 9.5 s : 15.0 s)',
      ok: true,
    },
    { what: 'up: CPU time of all, ironloom : capim', measured: '1.00 (pairs 1.00, 1.00; medians 0.1 s : 0.1 s)' },
  ]);
  expect(compareTurns('', 'down', turns)[0]).toMatchObject({ ok: false });
});

test('CPU time is told by process, medians of the turns, and what is hardly anything is left out', () => {
  const runs = [scaling(1, { worker: 2_000, sh: 10 }), scaling(1, { worker: 4_000, temporal: 1_000 })];
  expect(describeCpuOf(runs)).toMatch(/^all 3\.5 s: worker 3\.0 s, temporal 0\.5 s; other programs 0 % of \d+ cores$/);
});

test('writes are those of the time that is measured, and not refused', () => {
  const event = (username: string, atMs: number, code = 200): AuditEvent => ({
    verb: 'patch',
    user: { username },
    userAgent: '',
    requestReceivedTimestamp: new Date(atMs).toISOString(),
    responseStatus: { code },
    annotations: {},
  });
  const events = [event('a', 999), event('a', 1_000), event('a', 1_500), event('b', 1_500), event('b', 1_600, 409)];
  expect(describeWrites([scaling(1)], [...events, event('b', 2_000)], 2)).toBe('all 1.5: a 1.0, b 0.5');
});
