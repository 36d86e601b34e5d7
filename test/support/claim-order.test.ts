import { describe, expect, it } from 'vitest';
import { findOvertakings } from './claim-order.ts';

const pool = ['a', 'b', 'c', 'd'];

/** Claims as `host: [begin, end]`. */
function check(times: Record<string, readonly [number, number]>) {
  const entries = Object.entries(times);
  return findOvertakings(
    pool,
    entries.map(([host, [begin]]) => ({ host, revision: BigInt(begin) })),
    entries.map(([host, [, end]]) => ({ host, revision: BigInt(end), from: undefined, to: `owner of ${host}` })),
  );
}

describe('findOvertakings', () => {
  it('accepts the order of the pool', () => {
    expect(check({ a: [1, 2], b: [3, 4], c: [5, 6], d: [7, 8] })).toEqual([]);
  });

  it('accepts overlapping claims that end in any order', () => {
    expect(check({ a: [1, 8], b: [2, 6], c: [3, 5], d: [4, 7] })).toEqual([]);
  });

  it('accepts one claim that passed over a host which was named a moment later', () => {
    expect(check({ b: [1, 2], a: [3, 4], c: [5, 6] })).toEqual([]);
  });

  it('finds two claims, one after the other, that passed over a free host', () => {
    expect(check({ c: [1, 2], d: [3, 4], a: [5, 6], b: [7, 8] })).toEqual([
      { skipped: 'a', first: 'c', second: 'd' },
      { skipped: 'b', first: 'c', second: 'd' },
    ]);
  });

  it('finds a host that nobody ever claimed', () => {
    expect(check({ b: [1, 2], c: [3, 4] })).toEqual([{ skipped: 'a', first: 'b', second: 'c' }]);
  });
});
