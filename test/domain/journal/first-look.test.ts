import { expect, test } from 'vitest';
import { type FirstLook, firstLookOf, learnPast, lookAt, noteFirstLook } from '../../../domain/journal/first-look.ts';
import { startJournal } from '../../../domain/journal/journal.ts';
import { noteOperation, noteTransition } from '../../../domain/journal/transitions.ts';
import { usesOf } from '../../../domain/journal/uses.ts';
import { onceBegun } from '../../../domain/life/forecast.ts';
import { startLife } from '../../../domain/life/machine-life.ts';
import type { BeginOutcome } from '../../../domain/life/step-outcomes.ts';
import { host, plan, snapshot } from '../life/life-fixtures.ts';

const moment = { runId: 'r', atMs: 5_000 };
const found = { kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs: 60_000 } as const;
const life = startLife(snapshot({ provisioning: null }));

function lookOnce() {
  const look = firstLookOf(startJournal(4_000), moment);
  if (look === undefined) throw new Error('Nothing is noted yet');
  return look;
}

function noteOnce(outcome: Exclude<BeginOutcome, { kind: 'gone' }>) {
  return noteOf(outcome, lookOnce());
}

function noteOf(outcome: Exclude<BeginOutcome, { kind: 'gone' }>, look: FirstLook) {
  const noted = noteFirstLook(look, onceBegun(life, outcome), outcome);
  if (noted === undefined) throw new Error('It is one entry');
  return noted;
}

test('a look that adopts a machine of another run is an entry before all that the run counts', () => {
  const outcome = { ...found, group: 'MachineDeployment/workers', describedAtMs: 1_000 };
  const { entry, journal } = noteOnce(outcome);
  const { group } = outcome;
  expect(entry).toMatchObject({
    number: 0,
    at: 5_000,
    from: null,
    to: 'Running',
    step: 'begin',
    cause: 'Adopted',
    group,
  });
  expect(entry.durationMs).toBe(4_000);
  expect(journal).toMatchObject({ number: 0, pending: [], place: { phase: 'Running', host: host().inventory } });
  expect(journal.unknownSinceMs).toBeUndefined();
  // The run comes to the same place, and goes on from there.
  const step = { kind: 'begin', before: life, after: onceBegun(life, outcome) } as const;
  expect(noteTransition(journal, step, { runId: 'r', atMs: 6_000 })).toBe(journal);
  const deleting = onceBegun(startLife(snapshot({ provisioning: null, deleting: true })), outcome);
  const later = noteTransition(
    journal,
    { kind: 'wait', before: step.after, after: deleting },
    { runId: 'r', atMs: 9_000 },
  );
  expect(later.pending).toMatchObject([{ number: 1, from: 'Running', to: 'Preparing', durationMs: 4_000 }]);
});

test("a host that the look claims was nobody's in the unknown time before", () => {
  const claim = { kind: 'claimed', host: host() } as const;
  const outcome = { kind: 'claimTried', claim, nodeJoinDeadlineMs: 60_000, describedAtMs: 1_000 } as const;
  const after = onceBegun(life, outcome);
  expect(noteFirstLook(lookOnce(), after, outcome)).toBeUndefined();
  const learnt = learnPast(startJournal(4_000), outcome, true);
  const { pending, ...journal } = noteTransition(learnt, { kind: 'begin', before: life, after }, moment);
  expect(pending).toMatchObject([
    { number: 1, from: null, to: 'Pending', host: null, cause: 'Adopted', durationMs: 4_000 },
    { number: 2, from: 'Pending', to: 'Allocated', host: host().inventory, cause: 'Step', durationMs: 0 },
  ]);
  expect(journal).toMatchObject({ number: 2, place: { phase: 'Allocated' } });
  const machine = { namespace: 'n', name: 'm', uid: 'u' };
  expect(usesOf(pending.map((entry) => ({ ...entry, machine })))).toMatchObject([{ fromMs: 5_000, toMs: null }]);
  // A claim without a known past is one entry, as is a host that was ours before.
  const { describedAtMs: _, ...first } = outcome;
  expect(noteOnce(first).entry).toMatchObject({ from: null, to: 'Allocated', cause: 'Step' });
  expect(noteOnce({ ...found, kind: 'holding', describedAtMs: 1_000 }).entry).toMatchObject({ cause: 'Adopted' });
});

test('a look that claimed a host and wrote its plan is one entry, with the image of that plan', () => {
  const claim = { kind: 'claimed', host: host() } as const;
  const planned = { kind: 'written', plan: plan(), image: 'registry.example/os:v1\n' } as const;
  const { entry, journal } = noteOnce({ kind: 'claimTried', claim, planned, nodeJoinDeadlineMs: 60_000 });
  const image = 'registry.example/os:v1 ';
  const seen = { host: host().inventory, cause: 'Step', attempt: 1, image, durationMs: 1_000 };
  expect(entry).toMatchObject({ from: null, to: 'Reprovisioning', step: 'begin', ...seen });
  expect(journal).toMatchObject({ place: { phase: 'Reprovisioning' }, image });
});

test.each([
  ['after the run asked for it', 9_000, 9_000],
  ['by a clock that is behind', 3_000, 5_000],
  ['by a clock that is wrong', 4_000_000, 5_000],
  ['as a worker of before says nothing of', undefined, 5_000],
])('the entry of a look that was done %s', (_when, doneAtMs, atMs) => {
  const { entry, journal } = noteOf(found, lookAt(lookOnce(), doneAtMs));
  expect([entry.at, journal.sinceMs]).toEqual([atMs, atMs]);
});

test('only a run that has noted nothing begins with a look', () => {
  const asked = noteOperation(startJournal(0), 'retry', life, moment);
  expect(firstLookOf(asked, moment)).toBeUndefined();
  const { journal } = noteOnce(found);
  expect(firstLookOf(journal, moment)).toBeUndefined();
});
