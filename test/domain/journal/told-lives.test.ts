import { expect, test } from 'vitest';
import { tellLives } from '../../../domain/journal/told-lives.ts';
import { entry } from './journal-fixtures.ts';

const hour = 3_600_000;

test('lives of a host, newest first, each with its own entries', () => {
  const entries = [
    entry('a', { at: 0 }),
    entry('a', {
      number: 2,
      at: hour,
      from: 'Reprovisioning',
      to: 'Failed',
      step: 'awaitPlan',
      cause: 'HostAnswered',
      reason: 'PlanFailed',
      attempt: 1,
      durationMs: 90_000,
    }),
    entry('a', { number: 3, at: 2 * hour, from: 'Preparing', to: 'Available', step: 'release' }),
    entry('b', { at: 3 * hour, cluster: null }),
    entry('b', { number: 2, at: 4 * hour, cluster: null, from: 'Preparing', to: 'Available', step: 'release' }),
    // The first machine comes back, and nothing fails this time.
    entry('a', { number: 4, at: 5 * hour }),
  ];
  const lives = tellLives(entries, [], 8 * hour, 10);
  expect(lives.map(({ words, failed, entries: own }) => [words, failed, own.length])).toEqual([
    ['BaremetalMachine m-a, Cluster c, from 1970-01-01, now for 3h', false, 1],
    ['BaremetalMachine m-b, Cluster unknown, from 1970-01-01, for 1h', false, 2],
    ['BaremetalMachine m-a, Cluster c, from 1970-01-01, for 2h; failed: PlanFailed', true, 3],
  ]);
  expect(lives[2]?.entries[1]).toEqual({
    at: '1970-01-01T01:00:00.000Z',
    to: 'Failed',
    from: 'Reprovisioning',
    after: '1m 30s',
    reason: 'PlanFailed',
    step: 'awaitPlan 1',
    cause: 'HostAnswered',
  });
  expect(tellLives(entries, [], 8 * hour, 1)).toEqual(lives.slice(0, 1));
});

test('what an operator asks of a failed machine is no second failure', () => {
  const [life] = tellLives(
    [
      entry('a', { at: 0 }),
      entry('a', {
        number: 2,
        at: 1,
        from: 'Failed',
        to: 'Failed',
        step: 'retry',
        cause: 'Operator',
        reason: 'Accepted',
        actor: 'ada',
      }),
    ],
    [],
    1,
    1,
  );
  expect([life?.failed, life?.entries[1]?.cause]).toEqual([false, 'Operator: ada']);
});
