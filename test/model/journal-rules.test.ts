import { describe, expect, it } from 'vitest';
import type { ReadEntry } from '../../journal/rows.ts';
import { judgeJournal, type Tenure } from './journal-rules.ts';

type Told = Partial<ReadEntry> & Pick<ReadEntry, 'from' | 'to' | 'at'>;

/** A life of one machine; numbers, names and times follow from the order. */
function life(name: string, ...told: readonly Told[]): ReadEntry[] {
  return told.map((entry, index) => ({
    runId: `run-${name}`,
    number: index + 1,
    machine: { namespace: 'lives', name, uid: `uid-${name}` },
    host: 'h',
    cluster: 'demo',
    pool: 'pool',
    group: null,
    image: null,
    step: 'wait',
    reason: null,
    cause: 'Step',
    attempt: null,
    actor: null,
    durationMs: entry.at - (told[index - 1]?.at ?? entry.at),
    ...entry,
  }));
}

const first = life('a', { from: null, to: 'Allocated', at: 1_000 }, { from: 'Allocated', to: 'Available', at: 9_000 });
const second = life(
  'b',
  { from: null, to: 'Allocated', at: 9_100 },
  { from: 'Allocated', to: 'Available', at: 20_000 },
);
const ofFirst: Tenure = { host: 'h', uid: 'uid-a', fromMs: 900, toMs: 9_050 };
const ofSecond: Tenure = { host: 'h', uid: 'uid-b', fromMs: 9_080, toMs: 20_100 };
const tenures = [ofFirst, ofSecond];
const sound = {
  entries: [...first, ...second],
  ends: [],
  tenures,
  isEndedByHand: () => false,
  isInTrouble: () => false,
  isSame: () => false,
};

describe('the rules of the journal', () => {
  it('are kept by lives that are told as they were', () => {
    expect(judgeJournal(sound)).toEqual([]);
  });

  it('are kept by a run that was started once more, and found that the machine is gone', () => {
    const echo = life('a', { from: null, to: 'Pending', at: 9_500 }, { from: 'Pending', to: 'Gone', at: 9_900 });
    const ofNoHost = echo.map((entry) => ({ ...entry, runId: 'again', host: null }));
    expect(judgeJournal({ ...sound, entries: [...sound.entries, ...ofNoHost] })).toEqual([]);
    const early = ofNoHost.map((entry) => ({ ...entry, at: entry.at - 8_000 }));
    expect(judgeJournal({ ...sound, entries: [...sound.entries, ...early] })).not.toEqual([]);
  });

  it('are kept by a run that was ended while its step gave the host back, which the next one saw before', () => {
    const told = life(
      'a',
      { from: null, to: 'Preparing', at: 9_030 },
      { from: 'Preparing', to: 'Available', at: 9_040 },
    );
    const next = told.map((entry) => ({ ...entry, runId: 'reset' }));
    const early = first.map((entry) => ({ ...entry, at: Math.min(entry.at, 9_000) }));
    const given = { ...sound, entries: [...early, ...next, ...second] };
    expect(judgeJournal({ ...given, isEndedByHand: (uid) => uid === 'uid-a' })).toEqual([]);
    expect(judgeJournal(given)).not.toEqual([]);
    const late = next.map((entry) => ({ ...entry, at: entry.at + 9_000 }));
    const other = { ...given, entries: [...early, ...late, ...second] };
    expect(judgeJournal({ ...other, isEndedByHand: (uid) => uid === 'uid-a' })).not.toEqual([]);
  });

  it('are kept by a step that died once its entry was written, and then left it to the next step to tell', () => {
    const lost = { from: 'Allocated', to: 'Reprovisioning', step: 'provision', at: 5_000 } as const;
    const next = { from: 'Allocated', to: 'Preparing', step: 'release', at: 6_000, durationMs: 5_000 } as const;
    const told = life('a', { from: null, to: 'Allocated', at: 1_000 }, lost, next, {
      from: 'Preparing',
      to: 'Available',
      at: 9_000,
    });
    expect(judgeJournal({ ...sound, entries: [...told, ...second] })).toEqual([]);
    const other = told.map((entry) => (entry.step === 'release' ? { ...entry, durationMs: 4_000 } : entry));
    expect(judgeJournal({ ...sound, entries: [...other, ...second] })).not.toEqual([]);
  });

  it.each([
    ['an entry is missing', { entries: [...first.slice(1), ...second] }, /#2 Allocated -> Available.*is the first/],
    ['the end is missing', { entries: [...first, ...second.slice(0, 1)] }, /#1 null -> Allocated.*is the last/],
    [
      'an entry is told twice',
      { entries: [...first, ...first.map((entry) => ({ ...entry, runId: 'r' }))] },
      /told twice/,
    ],
    [
      'time is missing',
      { entries: [...first, ...second.map((entry) => ({ ...entry, durationMs: 7 }))] },
      /#2 .*begins 10893 ms after the one before/,
    ],
    ['a use is not told', { entries: first }, /h: nobody tells that uid-b owned it/],
    ['a use was none', { tenures: [ofFirst] }, /b on h: used, and never owned then/],
    ['a use ends too late', { tenures: [{ ...ofFirst, toMs: 3_000 }, ofSecond] }, /a on h: used 6000 ms after/],
    ['a use begins too soon', { tenures: [{ ...ofFirst, fromMs: 8_000 }, ofSecond] }, /a on h: used 7000 ms before/],
  ])('are broken when %s', (_, change, problem) => {
    expect(judgeJournal({ ...sound, ...change })).toContainEqual(expect.stringMatching(problem));
  });

  it('know that a step which was lost after its entry may find something else', () => {
    const [begun, ended] = first;
    if (begun === undefined || ended === undefined) throw new Error('There are two');
    const again = { ...ended, number: 3, to: 'Lost', at: ended.at + 50, durationMs: (ended.durationMs ?? 0) + 50 };
    expect(judgeJournal({ ...sound, entries: [...first, again, ...second] })).toEqual([]);
    const late = judgeJournal({ ...sound, entries: [...first, { ...again, at: ended.at + 70 }, ...second] });
    expect(late).toContainEqual(expect.stringMatching(/#3 Allocated -> Lost.*does not follow Available/));
  });

  it('do not hold for whom somebody ended by hand, or for damaged records', () => {
    const half = { ...sound, entries: first.slice(0, 1), tenures: tenures.slice(0, 1) };
    expect(judgeJournal(half)).not.toEqual([]);
    const byHand = { ...half, isEndedByHand: (uid: string) => uid === 'uid-a' };
    expect(judgeJournal(byHand)).toEqual([]);
    expect(judgeJournal({ ...byHand, entries: [] })).toEqual([]);
    const again = life('a', { from: null, to: 'Running', at: 4_000 }).map((entry) => ({ ...entry, runId: 'next' }));
    expect(judgeJournal({ ...byHand, entries: [...half.entries, ...again] })).toEqual([]);
    expect(judgeJournal({ ...half, entries: second, isInTrouble: (host) => host === 'h' })).toEqual([]);
  });
});
