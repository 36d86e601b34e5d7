import { describe, expect, test } from 'vitest';
import { foresee } from '../../../dev/tools/forecast.ts';

const tools = ['etcd', 'kube-apiserver', 'temporal'] as const;

describe('the forecast of a row of builds', () => {
  test('begins with a guess, and goes by what the tools before took from then on', () => {
    const first = foresee({ tools, done: 0, elapsedMs: 0, toolElapsedMs: 0 });
    expect(first.share).toBe(0);
    expect(first.leftMs).toBeGreaterThan(60_000);
    const quick = foresee({ tools, done: 1, elapsedMs: 10_000, toolElapsedMs: 0 });
    const slow = foresee({ tools, done: 1, elapsedMs: 100_000, toolElapsedMs: 0 });
    expect(slow.leftMs).toBeCloseTo(10 * quick.leftMs);
    expect(slow.share).toBe(quick.share);
  });

  test('never goes back, and is never at the end before the last tool is', () => {
    const shares = Array.from({ length: 200 }, (_, second) => {
      const toolElapsedMs = second * 1_000;
      return foresee({ tools, done: 2, elapsedMs: 100_000 + toolElapsedMs, toolElapsedMs });
    });
    for (const [index, { share, leftMs }] of shares.entries()) {
      expect(share).toBeGreaterThanOrEqual(shares[index - 1]?.share ?? 0);
      expect(share).toBeLessThan(1);
      expect(leftMs).toBeGreaterThan(0);
    }
  });

  test('is long where a tool takes much longer than the ones before', () => {
    const stuck = foresee({ tools, done: 0, elapsedMs: 3_600_000, toolElapsedMs: 3_600_000 });
    expect(stuck.leftMs).toBeGreaterThan(3_600_000);
  });
});
