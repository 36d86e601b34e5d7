import { expect, test } from 'vitest';
import { pickEvenly } from '../../workers/replay-check.ts';

test('of many runs a few are looked at, spread over all', () => {
  const runs = Array.from({ length: 1_000 }, (_, index) => index);
  const picked = pickEvenly(runs, 4);
  expect(picked).toEqual([0, 250, 500, 750]);
  expect(pickEvenly([1, 2, 3], 4)).toEqual([1, 2, 3]);
});
