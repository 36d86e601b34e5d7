import { activityInfo } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { operationSignals, operationUpdates } from '../../workflows/messages.ts';
import { host } from '../domain/life/life-fixtures.ts';
import { besideTask } from '../support/beside-task.ts';
import { type ScriptedActivities, scriptActivities } from '../support/scripted-activities.ts';
import { waitFor } from '../support/wait-for.ts';
import { joined, type Life, useTemporal, withLife } from '../support/workflow-life.ts';

// Which steps are done within the task that asks for them (ADR 38).
useTemporal();

const request = { actor: 'ada', reason: 'to see it' };

/** A machine that waits for its Machine, whose statuses say whether they were written within a task. */
function scriptWaiting(): { script: ScriptedActivities; wasLocal: boolean[] } {
  const wasLocal: boolean[] = [];
  const script = scriptActivities({
    publishStatus: async () => {
      wasLocal.push(activityInfo().isLocal);
    },
  });
  return { script, wasLocal };
}

async function untilPaused(script: ScriptedActivities, status: 'True' | 'False'): Promise<void> {
  const isSo = async () =>
    script.published.at(-1)?.conditions.some((it) => it.type === 'Paused' && it.status === status) === true;
  await waitFor(`Paused is ${status}`, isSo, () => script.published.at(-1));
}

test('a look, and the status that comes of a signal, but not what comes of an update', async () => {
  const { script, wasLocal } = scriptWaiting();
  await withLife(script, async (life: Life) => {
    await life.observe({ machine: null });
    await waitFor('it has said that it waits', async () => wasLocal.length === 1);
    await life.handle.executeUpdate(operationUpdates.pause, { args: [request] });
    await untilPaused(script, 'True');
    await life.handle.signal(operationSignals.resume, request);
    await untilPaused(script, 'False');
    await life.handle.terminate();
  });
  expect(wasLocal).toEqual([true, false, true]);
});

test('one that does not succeed at once becomes an activity', async () => {
  const look = besideTask(async () => ({ kind: 'fresh', nodeJoinDeadlineMs: 60_000 }) as const);
  const script = scriptActivities({ beginLife: look });
  await withLife(script, async (life) => {
    await life.observe({});
    await life.until('awaitPlanResult');
    const { events } = await life.handle.fetchHistory();
    const asked = (events ?? []).flatMap(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
    );
    expect(asked[0]).toBe('beginLife');
    expect(script.ran.slice(0, 2)).toEqual(['beginLife', 'beginLife']);
    await life.handle.terminate();
  });
});

test('a second look in the same task does not: between the two the run hears what it is told', async () => {
  const wasLocal: boolean[] = [];
  const found = { kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs: 60_000 } as const;
  const wanted = {
    kind: 'hostWanted',
    inventory: 'h',
    by: 'it has registered anew',
    nodeJoinDeadlineMs: 60_000,
  } as const;
  const script = scriptActivities({
    beginLife: async () => (wasLocal.push(activityInfo().isLocal) === 1 ? found : wanted),
  });
  await withLife(script, async (life) => {
    await life.observe(joined);
    await life.until('publishStatus');
    // What it is told of a missing host and what it finds disagree until it is told otherwise.
    await life.observe({ ...joined, hostMissing: true });
    const looks = async () => wasLocal.length > 4;
    await waitFor('it looks again and again', looks, () => [wasLocal, script.published], { timeoutMs: 20_000 });
    await life.observe(joined);
    let before = -1;
    const rests = async () => before === (before = wasLocal.length);
    await waitFor('it rests', rests, () => script.published, { timeoutMs: 20_000, everyMs: 1_000 });
    const shown = script.published.flatMap(({ conditions }) => conditions.map(({ reason }) => reason));
    expect(shown).not.toContain('Restless');
    expect(wasLocal.slice(0, 5)).toEqual([true, true, false, true, false]);
    await life.handle.terminate();
  });
});
