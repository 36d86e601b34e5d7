import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JournalEntry, JournalPhase } from '../../../domain/journal/entry.ts';
import { usesOf, usesWithin } from '../../../domain/journal/uses.ts';
import { entry } from './journal-fixtures.ts';

const brief = (entries: JournalEntry[]) =>
  usesOf(entries).map(({ machine, fromMs, toMs }) => [machine.uid, fromMs, toMs]);

test('a use goes from Allocated to Available', () => {
  const life: [JournalPhase, number][] = [
    ['Allocated', 1],
    ['Reprovisioning', 2],
    ['Running', 5],
    ['Failed', 6],
    ['Preparing', 8],
    ['Available', 9],
  ];
  expect(brief(life.map(([to, at], index) => entry('a', { to, at, number: index + 1 })))).toEqual([['a', 1, 9]]);
});

test('a host that is let go, lost or moved is used no more', () => {
  for (const to of ['Available', 'Unavailable', 'Lost', 'Moved'] as const)
    expect(brief([entry('a', { at: 1 }), entry('a', { at: 7, number: 2, from: 'Running', to })])).toEqual([
      ['a', 1, 7],
    ]);
});

test('a use whose end was lost ends where the next begins, also if the clock went back', () => {
  const next = entry('b', { at: 5 });
  expect(brief([entry('a', { at: 1 }), next])).toEqual([
    ['a', 1, 5],
    ['b', 5, null],
  ]);
  const lateEnd = entry('a', { at: 9, number: 2, from: 'Preparing', to: 'Available' });
  expect(brief([entry('a', { at: 1 }), next, lateEnd])).toEqual([
    ['a', 1, 5],
    ['b', 5, null],
  ]);
});

test('who moved away and is told so only when it is back as another machine does not use its host again', () => {
  const away = [
    entry('a', { at: 1 }),
    entry('a', { at: 5, number: 2, from: 'Allocated', to: 'Running' }),
    entry('a', { at: 30, number: 3, from: 'Running', to: 'Preparing' }),
    entry('a', { at: 31, number: 4, from: 'Preparing', to: 'Moved' }),
  ];
  const back = [
    entry('b', { at: 20, from: 'Pending', to: 'Running' }),
    entry('b', { at: 40, number: 2, from: 'Running', to: 'Preparing' }),
  ];
  expect(brief([...away, ...back])).toEqual([
    ['a', 1, 20],
    ['b', 20, null],
  ]);
  const again = entry('a', { at: 50, number: 5, from: 'Pending', to: 'Allocated' });
  expect(brief([...away, ...back, again]).at(-1)).toEqual(['a', 50, null]);
});

test('what an operator asked for too late does not use the host again', () => {
  const life = [entry('a', { at: 1 }), entry('a', { at: 5, number: 2, from: 'Allocated', to: 'Available' })];
  const asked = { from: 'Allocated', to: 'Allocated', cause: 'Operator', durationMs: null } as const;
  expect(brief([...life, entry('a', { at: 6, number: 3, ...asked })])).toEqual([['a', 1, 5]]);
  const again = { from: 'Allocated', to: 'Lost', durationMs: 5 } as const;
  expect(brief([...life, entry('a', { at: 6, number: 3, ...again })])).toEqual([['a', 1, 5]]);
});

test('a use whose beginning was lost begins with the time that is unknown', () => {
  const adopted = entry('a', { at: 100, from: null, to: 'Running', cause: 'Adopted', durationMs: 60 });
  expect(brief([adopted])).toEqual([['a', 40, null]]);
  expect(brief([entry('a', { at: 100, from: 'Preparing', to: 'Available', durationMs: 30 })])).toEqual([
    ['a', 70, 100],
  ]);
});

test('a time that is unknown does not reach into the use of another', () => {
  const first = [entry('a', { at: 10 }), entry('a', { at: 50, number: 2, from: 'Preparing', to: 'Available' })];
  const adopted = entry('b', { at: 100, from: null, to: 'Running', cause: 'Adopted', durationMs: 95 });
  expect(brief([...first, adopted])).toEqual([
    ['a', 10, 50],
    ['b', 50, null],
  ]);
});

test('what is asked for is cut at its ends', () => {
  const uses = usesOf([
    entry('a', { at: 10 }),
    entry('a', { at: 20, number: 2, to: 'Available' }),
    entry('b', { at: 30 }),
  ]);
  expect(usesWithin(uses, 15, 40).map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [15, 20],
    [30, 40],
  ]);
  expect(usesWithin(uses, 20, 30)).toEqual([]);
});

/** Lives that follow each other on one host: a claim, some phases, an end; then idle time. */
const livesArbitrary = fc.array(
  fc.record({
    stays: fc.array(
      fc.record({ to: fc.constantFrom('Reprovisioning', 'Running', 'Failed', 'Preparing'), ms: fc.nat(1000) }),
      { maxLength: 5 },
    ),
    idleMs: fc.nat(1000),
  }),
  { maxLength: 6 },
);

interface Told {
  entries: JournalEntry[];
  /** Beginning and end of each use. */
  truth: [string, number, number][];
}

function tellLives(lives: { stays: { to: JournalPhase; ms: number }[]; idleMs: number }[]): Told {
  let atMs = 0;
  const told: Told = { entries: [], truth: [] };
  for (const [index, { stays, idleMs }] of lives.entries()) {
    const uid = `m${index}`;
    atMs += idleMs + 1;
    const startMs = atMs;
    let from: JournalPhase = 'Pending';
    const steps: { to: JournalPhase; ms: number }[] = [
      { to: 'Allocated', ms: 1 },
      ...stays,
      { to: 'Available', ms: 0 },
    ];
    let durationMs = 0;
    for (const [count, { to, ms }] of steps.entries()) {
      told.entries.push(entry(uid, { number: count + 1, at: atMs, from, to, durationMs }));
      from = to;
      durationMs = ms;
      if (to !== 'Available') atMs += ms;
    }
    told.truth.push([uid, startMs, atMs]);
  }
  return told;
}

test('of complete lives, uses are disjoint and complete, in whatever order the entries come', () => {
  fc.assert(
    fc.property(livesArbitrary, fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), (lives, order) => {
      const { entries, truth } = tellLives(lives);
      const shuffled = entries.map((one, index) => ({ one, key: order[index] ?? 0 })).toSorted((a, b) => a.key - b.key);
      expect(brief(shuffled.map(({ one }) => one))).toEqual(truth);
    }),
  );
});

test('whatever entries are lost, uses are disjoint and within the truth', () => {
  fc.assert(
    fc.property(livesArbitrary, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (lives, keeps) => {
      const { entries, truth } = tellLives(lives);
      const uses = usesOf(entries.filter((_, index) => keeps[index] === true));
      for (const [index, { fromMs, toMs, machine }] of uses.entries()) {
        const next = uses[index + 1];
        if (next !== undefined) expect(toMs ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(next.fromMs);
        const own = truth.find(([uid]) => uid === machine.uid);
        expect(fromMs).toBeGreaterThanOrEqual(own?.[1] ?? Number.POSITIVE_INFINITY);
      }
    }),
  );
});
