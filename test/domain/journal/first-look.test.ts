import { expect, test } from 'vitest';
import { firstLookOf, noteFirstLook } from '../../../domain/journal/first-look.ts';
import { startJournal } from '../../../domain/journal/journal.ts';
import { noteOperation, noteTransition } from '../../../domain/journal/transitions.ts';
import { onceBegun } from '../../../domain/life/forecast.ts';
import { startLife } from '../../../domain/life/machine-life.ts';
import { host, snapshot } from '../life/life-fixtures.ts';

const moment = { runId: 'r', atMs: 5_000 };
const found = { kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs: 60_000 } as const;
const life = startLife(snapshot({ provisioning: null }));

function lookOnce() {
  const look = firstLookOf(startJournal(4_000), moment);
  if (look === undefined) throw new Error('Nothing is noted yet');
  return look;
}

test('a look that adopts a machine of another run is an entry before all that the run counts', () => {
  const outcome = { ...found, group: 'MachineDeployment/workers', describedAtMs: 1_000 };
  const { entry, journal } = noteFirstLook(lookOnce(), onceBegun(life, outcome), outcome);
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

test('only a run that has noted nothing begins with a look', () => {
  const asked = noteOperation(startJournal(0), 'retry', life, moment);
  expect(firstLookOf(asked, moment)).toBeUndefined();
  const { journal } = noteFirstLook(lookOnce(), onceBegun(life, found), {});
  expect(firstLookOf(journal, moment)).toBeUndefined();
});
