import { activityInfo } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { operationSignals, operationUpdates } from '../../workflows/messages.ts';
import { besideTask } from '../support/beside-task.ts';
import { type ScriptedActivities, scriptActivities } from '../support/scripted-activities.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Life, useTemporal, withLife } from '../support/workflow-life.ts';

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
