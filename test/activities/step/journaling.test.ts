import { expect, test, vi } from 'vitest';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createRecordJournal, type JournalSink, journaling } from '../../../activities/step/journaling.ts';
import type { JournalEntry } from '../../../domain/journal/entry.ts';
import { record } from '../../domain/journal/journal-fixtures.ts';

const machine = { namespace: 'ns', name: 'm', uid: 'u' };
const pending = [record({ number: 3 }), record({ number: 4 })];
const own = record({ number: 5, step: 'provision', to: 'Reprovisioning' });

/** A sink that keeps what it is given, or does as told. */
function startSink(write?: JournalSink['write']) {
  const written: JournalEntry[] = [];
  const keep: JournalSink['write'] = async (entries) => void written.push(...entries);
  return { written, sink: { write: write ?? keep } };
}

/** A step with these entries, in an activity. */
function perform<Outcome>(sink: JournalSink, outcome: () => Promise<Outcome>) {
  return new MockActivityEnvironment().run(() => journaling(sink, machine, { pending, own }, outcome));
}

test('a step that did its work writes its own entry after the others', async () => {
  const { sink, written } = startSink();
  expect(await perform(sink, async () => ({ kind: 'written' }))).toEqual({
    outcome: { kind: 'written' },
    journaled: 5,
  });
  expect(written.map(({ number, machine: of }) => [number, of.uid])).toEqual([3, 4, 5].map((number) => [number, 'u']));
});

test('a step that did not do its work writes what it was given', async () => {
  const { sink, written } = startSink();
  expect(await perform(sink, async () => ({ kind: 'stopped' }))).toMatchObject({ journaled: 4 });
  expect(written.map(({ number }) => number)).toEqual([3, 4]);
});

test('a sink that refuses stops nothing', async () => {
  const { sink } = startSink(() => Promise.reject(new Error('away')));
  expect(await perform(sink, async () => ({ kind: 'written' }))).toEqual({
    outcome: { kind: 'written' },
    journaled: null,
  });
});

test('nor does one that never answers', async () => {
  vi.useFakeTimers();
  try {
    const { sink } = startSink(() => new Promise(() => {}));
    const ended = perform(sink, async () => ({ kind: 'written' }));
    await vi.advanceTimersByTimeAsync(250);
    expect(await ended).toMatchObject({ journaled: null });
  } finally {
    vi.useRealTimers();
  }
});

test('a step that breaks writes nothing: it is tried again', async () => {
  const { sink, written } = startSink();
  await expect(perform(sink, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(written).toEqual([]);
});

test('at a rest the last number is confirmed, and a refusal is tried again', async () => {
  const { sink, written } = startSink();
  expect(await createRecordJournal(sink)({ machine, entries: pending })).toBe(4);
  expect(written).toHaveLength(2);
  const refusing = startSink(() => Promise.reject(new Error('away')));
  await expect(createRecordJournal(refusing.sink)({ machine, entries: pending })).rejects.toThrow('away');
});
