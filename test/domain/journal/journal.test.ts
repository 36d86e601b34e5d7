import { expect, test } from 'vitest';
import { append, confirm, type Journal, MAX_PENDING, startJournal } from '../../../domain/journal/journal.ts';
import { record } from './journal-fixtures.ts';

function filled(count: number): Journal {
  let journal = startJournal(0);
  for (let number = 1; number <= count; number += 1) {
    journal = append(journal, record({ number, at: number * 10, from: 'Pending', to: 'Allocated', actor: 'ada' }));
  }
  return journal;
}

test('what is written is confirmed up to a number, and the numbers go on', () => {
  const journal = confirm(filled(5), 3);
  expect(journal.pending.map(({ number }) => number)).toEqual([4, 5]);
  expect(append(journal, record({ number: 6 })).number).toBe(6);
});

test('whoever confirms what was never given confirms nothing', () => {
  const journal = filled(5);
  for (const number of [6, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])
    expect(confirm(journal, number).pending).toHaveLength(5);
});

test('an entry whose number was taken earlier stands in its place', () => {
  const journal = append(append(startJournal(0), record({ number: 2 })), record({ number: 1 }));
  expect(journal.pending.map(({ number }) => number)).toEqual([1, 2]);
  expect(journal.number).toBe(2);
});

test('beyond 500 the oldest become one entry that says how many it stands for', () => {
  const { pending, number } = filled(MAX_PENDING + 700);
  expect(number).toBe(1200);
  expect(pending).toHaveLength(MAX_PENDING);
  const [oldest, next] = pending;
  expect(oldest).toMatchObject({ cause: 'Collapsed', collapsed: 701, number: 701, at: 7010, actor: null });
  // From the beginning of the first to the end of the last of them.
  expect(oldest?.durationMs).toBe(7010);
  expect(next).toMatchObject({ number: 702, cause: 'Step' });
  expect(pending.reduce((count, { collapsed = 1 }) => count + collapsed, 0)).toBe(1200);
});
