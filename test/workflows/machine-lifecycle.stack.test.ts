import { describe, expect, test } from 'vitest';
import { lifeQuery, operationUpdates } from '../../workflows/messages.ts';
import { host, plan } from '../domain/life/life-fixtures.ts';
import { scriptActivities } from '../support/scripted-activities.ts';
import { waitFor } from '../support/wait-for.ts';
import { deleting, findFailedTasks, joined, liveToRunning, useTemporal, withLife } from '../support/workflow-life.ts';

useTemporal();

describe('machineLifecycle', () => {
  test('a whole life in at most 90 events and 8 activities to Running', async () => {
    const script = scriptActivities();
    await withLife(script, async (life) => {
      await liveToRunning(life);
      expect(script.ran.length).toBeLessThanOrEqual(8);
      await life.observe(joined);
      await life.until('publishStatus');
      await life.observe(deleting);
      await life.answer('clean', { kind: 'applied' });
      expect(await life.handle.result()).toMatch(/^released: /);
      const { events } = await life.handle.fetchHistory();
      expect(events?.length).toBeLessThanOrEqual(90);
      expect(script.ran.filter((name) => name !== 'publishStatus')).toEqual([
        'beginLife',
        'writeReprovisionPlan',
        'awaitPlanResult',
        'completeProvisioning',
        'writeCleanPlan',
        'awaitPlanResult',
        'releaseHost',
      ]);
    });
  });

  test('the status of a wait, which has one attempt, is written by the step that writes the plan', async () => {
    const told: boolean[] = [];
    const { awaitPlanResult } = scriptActivities().activities;
    const script = scriptActivities({
      async awaitPlanResult(input) {
        told.push(input.status === undefined);
        return awaitPlanResult(input);
      },
    });
    await withLife(script, async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      expect(script.published.at(-1)).toMatchObject({ phase: 'Reprovisioning', inventory: host().inventory });
      await life.answer('reprovision', { kind: 'applied' });
      await life.until('completeProvisioning');
      await life.observe(deleting);
      await life.until('writeCleanPlan');
      expect(script.published.at(-1)).toMatchObject({ phase: 'Preparing' });
      await life.answer('clean', { kind: 'applied' });
      expect(await life.handle.result()).toMatch(/^released: /);
      expect(told).toEqual([true, true]);
    });
  });

  test('a plan that was written by the step that claimed, with its status and its entry, is waited for at once', async () => {
    const planned = { kind: 'written', plan: plan(), image: 'registry.example/os:v1' } as const;
    const entryAtMs = Date.now() + 3_000;
    const script = scriptActivities({
      beginLife: async () => ({
        kind: 'claimTried',
        claim: { kind: 'claimed', host: host() },
        planned,
        nodeJoinDeadlineMs: 60_000,
        statusWritten: true,
        entryWritten: true,
        entryAtMs,
      }),
    });
    await withLife(script, async (life) => {
      await life.observe({});
      await life.answer('reprovision', { kind: 'applied' });
      await life.until('completeProvisioning');
      expect(script.ran).toEqual(['beginLife', 'awaitPlanResult', 'completeProvisioning']);
      const running = { from: 'Reprovisioning', to: 'Running', number: 1, image: planned.image };
      expect(script.journal).toMatchObject([running]);
      const [{ at, durationMs } = { at: 0, durationMs: 0 }] = script.journal;
      expect(at - (durationMs ?? 0)).toBe(entryAtMs);
      await life.handle.terminate();
    });
  });

  test('a run that adopts a plan says so before it waits', async () => {
    const script = scriptActivities({
      beginLife: async () => ({ kind: 'holding', host: host(), plan: plan(), nodeJoinDeadlineMs: 60_000 }),
    });
    await withLife(script, async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      // The journal is written beside the wait: what the task noted is not in the history yet when it writes the status.
      const steps = script.ran.filter((name) => name !== 'recordJournal');
      expect(steps).toEqual(['beginLife', 'publishStatus', 'awaitPlanResult']);
      await life.handle.terminate();
    });
  });

  test('a deletion does not wait for a running reprovision', async () => {
    const script = scriptActivities();
    await withLife(script, async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      await life.observe({ deleting: true });
      await life.until('writeCleanPlan');
      await life.answer('clean', { kind: 'applied' });
      expect(await life.handle.result()).toMatch(/^released: /);
    });
  });

  test('a host given up while it is waited for does not stand in the way of the next one', async () => {
    const second = { ...host(), inventory: 'h2' };
    const script = scriptActivities({ claimHost: async () => ({ kind: 'claimed', host: second }) });
    await withLife(script, async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      await life.handle.executeUpdate(operationUpdates.reallocate, { args: [{ actor: 'ada', reason: 'slow' }] });
      await life.answer('clean', { kind: 'applied' });
      await life.until('claimHost');
      // The first host may still answer: it speaks for itself only.
      await life.answer('reprovision', { kind: 'failed', message: 'late' });
      await life.answer('reprovision', { kind: 'applied' }, 'h2');
      await life.until('completeProvisioning');
      expect(await life.handle.query(lifeQuery)).toMatchObject({ stage: { kind: 'running', host: second } });
      expect(await findFailedTasks(life)).toEqual([]);
      await life.handle.terminate();
    });
  });

  test('a wait that was given up for a move goes on in a new run when the move is off', async () => {
    const script = scriptActivities();
    await withLife(script, async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      const before = await life.handle.describe();
      await life.observe({ deletedForMove: true });
      await waitFor('the run has given the wait up', async () =>
        (await life.handle.fetchHistory()).events?.some((event) => event.activityTaskCancelRequestedEventAttributes),
      );
      await life.observe({});
      await waitFor('a new run waits', async () => (await life.handle.describe()).runId !== before.runId);
      await life.answer('reprovision', { kind: 'applied' });
      await life.until('completeProvisioning');
      expect(await findFailedTasks(life)).toEqual([]);
      await life.handle.terminate();
    });
  });

  test('an answer given by hand that is none is no answer', async () => {
    const script = scriptActivities();
    await withLife(script, async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      for (const garbage of [null, {}, { kind: 'failed' }]) {
        await waitFor('the run waits', () => life.complete('reprovision', garbage));
      }
      await life.answer('reprovision', { kind: 'applied' });
      await life.until('completeProvisioning');
      expect(await findFailedTasks(life)).toEqual([]);
      await life.handle.terminate();
    });
  });

  test('a failed plan parks the run and keeps the host out of the pool', async () => {
    const script = scriptActivities();
    await withLife(script, async (life) => {
      await life.observe({});
      await life.answer('reprovision', { kind: 'failed', message: 'step elemental-upgrade failed with exit code 3' });
      await life.until('markHostUnavailable');
      const status = await waitFor('the failure is published', () =>
        script.published.find(({ phase }) => phase === 'Failed'),
      );
      expect(status.conditions[0]).toMatchObject({ type: 'Ready', status: 'False', reason: 'PlanFailed' });
      await life.handle.terminate();
    });
  });

  test('a passed deadline is told, and a late answer still counts', async () => {
    const late = scriptActivities({
      writeReprovisionPlan: async () => ({
        kind: 'written',
        plan: {
          type: 'reprovision',
          attempt: 1,
          checksum: 'c',
          deadlineMs: 500,
          bootstrapHash: null,
          progress: { kind: 'pending' },
        },
      }),
    });
    await withLife(late, async (life) => {
      await life.observe({});
      await waitFor('PlanTimedOut is published', () =>
        late.published.some(({ conditions }) => conditions[0]?.reason === 'PlanTimedOut'),
      );
      await life.answer('reprovision', { kind: 'applied' });
      await life.until('completeProvisioning');
      await life.handle.terminate();
    });
  });

  test('a requested cancellation changes nothing and is told', async () => {
    await withLife(scriptActivities(), async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      await life.handle.cancel();
      await life.answer('reprovision', { kind: 'applied' });
      await life.until('completeProvisioning');
      expect(await life.handle.query(lifeQuery)).toMatchObject({ stage: { kind: 'running' } });
      await life.observe(deleting);
      await life.answer('clean', { kind: 'applied' });
      expect(await life.handle.result()).toMatch(/^released: /);
    });
  });

  test('bad signals harm nobody', async () => {
    const script = scriptActivities();
    await withLife(script, async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      await life.handle.signal('machineObserved', 'garbage');
      await life.handle.signal('machineObserved', null);
      await life.handle.signal('retyr', { typo: true });
      await life.answer('reprovision', { kind: 'applied' });
      await life.until('completeProvisioning');
      await life.handle.terminate();
    });
  });
});
