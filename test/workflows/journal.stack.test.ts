import { expect, test } from 'vitest';
import { startJournal } from '../../domain/journal/journal.ts';
import type { JournalEntry } from '../../domain/journal/entry.ts';
import { MAX_EVENTS_PER_RUN } from '../../domain/life/machine-life.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { record } from '../domain/journal/journal-fixtures.ts';
import { at, host } from '../domain/life/life-fixtures.ts';
import { scriptActivities } from '../support/scripted-activities.ts';
import { waitFor } from '../support/wait-for.ts';
import { deleting, joined, type Life, liveToRunning, useTemporal, withLife } from '../support/workflow-life.ts';

// What a run writes of itself, and what it does when nobody takes it.
useTemporal();

const wholeLife = [
  'begin > Allocated',
  'provision > Reprovisioning',
  'complete > Running',
  'wait > Preparing',
  'clean > Preparing',
  'release > Available',
];

const told = (entries: readonly JournalEntry[]) => entries.map(({ step, to }) => `${step} > ${to}`);

async function die(life: Life): Promise<void> {
  await life.observe(deleting);
  await life.answer('clean', { kind: 'applied' });
}

test('each step writes its entry itself: a life costs no activity more', async () => {
  const script = scriptActivities();
  await withLife(script, async (life) => {
    await liveToRunning(life);
    await life.observe(joined);
    await die(life);
    expect(await life.handle.result()).toMatch(/^released/);
    expect(told(script.journal)).toEqual(wholeLife);
    expect(script.journal.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    const { runId } = await life.handle.describe();
    expect(new Set(script.journal.map((entry) => entry.runId))).toEqual(new Set([runId]));
    expect(script.ran).not.toContain('recordJournal');
  });
});

test.each([
  ['has written its entry, and the run goes on from there', true, [], [1, 2, 3]],
  ['could not write its entry leaves it to the run', undefined, ['begin > Running'], [1, 2, 3, 4]],
] as const)('a look after which the machine rests and that %s', async (_, entryWritten, first, numbers) => {
  const found = { kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs: 60_000 } as const;
  const looked = { ...found, statusWritten: true as const, ...(entryWritten && { entryWritten }) };
  const script = scriptActivities({ beginLife: async () => looked });
  await withLife(script, async (life) => {
    await life.observe(joined);
    await waitFor('the look is over', async () => (await life.handle.query(lifeQuery))?.stage.kind === 'running');
    await die(life);
    expect(await life.handle.result()).toMatch(/^released/);
    expect(told(script.journal)).toEqual([...first, 'wait > Preparing', 'clean > Preparing', 'release > Available']);
    expect(script.journal.map(({ number }) => number)).toEqual(numbers);
    expect(script.ran.includes('recordJournal')).toBe(entryWritten === undefined);
  });
});

test('without a database a life goes on to its end, and nothing is lost', async () => {
  const script = scriptActivities();
  script.journalIsAway = true;
  await withLife(script, async (life) => {
    await liveToRunning(life);
    await life.observe(joined);
    await die(life);
    await life.until('releaseHost');
    expect(script.journal).toEqual([]);
    script.journalIsAway = false;
    expect(await life.handle.result()).toMatch(/^released/);
    expect(told(script.journal)).toEqual(wholeLife);
  });
}, 60_000);

test('what is unwritten goes along when a run starts over, and its numbers go on', async () => {
  const script = scriptActivities();
  script.journalIsAway = true;
  await withLife(script, async (life) => {
    const [, , , uid = ''] = life.workflowId.split('/');
    const machine = { namespace: 'ns', name: 'm', uid };
    const running = at({ kind: 'running', host: host(), applied: null, nodeJoinTimedOut: false }, joined);
    const place = { phase: 'Running', host: 'h', reason: null } as const;
    const journal = { ...startJournal(5), number: 7, place, pending: [record({ number: 7, to: 'Running' })] };
    await life.start({ machine, life: { ...running, revision: MAX_EVENTS_PER_RUN - 1 }, journal });
    const first = (await life.handle.describe()).runId;
    await life.observe({ ...joined, paused: true });
    await waitFor('the run starts over', async () => (await life.handle.describe()).runId !== first);
    script.journalIsAway = false;
    await waitFor(
      'both are written',
      () => script.journal.length >= 2,
      () => told(script.journal),
    );
    expect(script.journal.map(({ number, to, reason }) => [number, to, reason])).toEqual([
      [7, 'Running', null],
      [8, 'Running', 'Paused'],
    ]);
  });
}, 60_000);
