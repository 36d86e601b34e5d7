import { WorkflowNotFoundError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { describe, expect, test } from 'vitest';
import { planActivityId } from '../../domain/plan/attempt.ts';
import { host, plan } from '../domain/life/life-fixtures.ts';
import { besideTask } from '../support/beside-task.ts';
import { type ScriptedActivities, scriptActivities } from '../support/scripted-activities.ts';
import { waitFor } from '../support/wait-for.ts';
import { client, findFailedTasks, type Life, useTemporal, withLife } from '../support/workflow-life.ts';

// The buttons that the Temporal UI shows beside an activity, while a short step is under way.
const namespace = 'default';

useTemporal();

/** A life whose first step hangs in its first attempt beside its task, and the id of that step. */
async function withHangingStep(body: (life: Life, script: ScriptedActivities, step: string) => Promise<void>) {
  const released = Promise.withResolvers<void>();
  let attempts = 0;
  const script = scriptActivities({
    beginLife: besideTask(async () => {
      attempts += 1;
      if (attempts === 1) await released.promise;
      return { kind: 'fresh', nodeJoinDeadlineMs: 60_000 };
    }),
  });
  await withLife(script, async (life) => {
    await life.observe({});
    await life.until('beginLife');
    const step = await waitFor('the step is under way', async () => {
      const { raw } = await life.handle.describe();
      return raw.pendingActivities?.[0]?.activityId ?? undefined;
    });
    try {
      await body(life, script, step);
    } finally {
      released.resolve();
      await life.handle.terminate().catch((error: unknown) => {
        // Some lives have come to their end.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
    }
  });
}

async function untilPlanWait(life: Life): Promise<void> {
  await life.until('awaitPlanResult');
  expect((await life.handle.describe()).status.name).toBe('RUNNING');
  expect(await findFailedTasks(life)).toEqual([]);
}

describe.concurrent('a step that is under way', () => {
  const failures = {
    'as broken': { applicationFailureInfo: { type: 'ByHand' } },
    'for good': { applicationFailureInfo: { type: 'ByHand', nonRetryable: true } },
    'as cancelled': { canceledFailureInfo: {} },
    'as terminated': { terminatedFailureInfo: {} },
    'as timed out': { timeoutFailureInfo: {} },
  };
  test.each(Object.entries(failures))('and is failed by hand %s is done again', async (_, failure) => {
    await withHangingStep(async (life, _script, activityId) => {
      const message = 'failed by hand';
      const step = { namespace, workflowId: life.workflowId, activityId };
      await client.workflowService.respondActivityTaskFailedById({ ...step, failure: { message, ...failure } });
      await untilPlanWait(life);
    });
  });

  test.each([
    [['anything']],
    ['done'],
    [{ kind: 'claimTried', claim: { kind: 'claimed', host: 'mine' } }],
    // Of another step.
    [{ kind: 'released' }],
  ])('and is completed by hand with %j is done again', async (garbage) => {
    await withHangingStep(async (life, _script, activityId) => {
      await client.activity.complete({ workflowId: life.workflowId, activityId }, garbage);
      await untilPlanWait(life);
    });
  });

  test('and is paused goes on when it is unpaused; an event that comes meanwhile is not lost', async () => {
    await withHangingStep(async (life, script, id) => {
      const step = { namespace, execution: { workflowId: life.workflowId }, id };
      await client.workflowService.pauseActivity(step);
      await client.workflowService.respondActivityTaskFailedById({
        namespace,
        workflowId: life.workflowId,
        activityId: id,
        failure: { message: 'its attempt ends', applicationFailureInfo: { type: 'Any' } },
      });
      await life.observe({ deleting: true });
      expect(script.ran).toEqual(['beginLife', 'beginLife']);
      await client.workflowService.unpauseActivity(step);
      await life.until('finishMachine');
    });
  });

  test('and is moved to a task queue where nobody works ends all the same', async () => {
    await withHangingStep(async (life, _script, id) => {
      const step = { namespace, execution: { workflowId: life.workflowId }, id };
      await client.workflowService.updateActivityOptions({
        ...step,
        activityOptions: { taskQueue: { name: 'nobody-works-here' }, startToCloseTimeout: msToTs('100ms') },
        updateMask: { paths: ['task_queue.name', 'start_to_close_timeout'] },
      });
      const pending = await waitFor('it waits for nobody', async () =>
        (await life.handle.describe()).raw.pendingActivities?.find(({ attempt }) => Number(attempt) > 1),
      );
      expect(Number(pending.activityOptions?.scheduleToCloseTimeout?.seconds)).toBeGreaterThan(0);
      // The ten minutes of a step are what the test does not wait for.
      await client.workflowService.updateActivityOptions({
        ...step,
        activityOptions: { scheduleToCloseTimeout: msToTs('1s') },
        updateMask: { paths: ['schedule_to_close_timeout'] },
      });
      await untilPlanWait(life);
    });
  });
});

test('a wait for a host that was paused counts its deadline again when its options are restored', async () => {
  const silent = scriptActivities({
    writeReprovisionPlan: async () => ({ kind: 'written', plan: { ...plan(), deadlineMs: 3_000 } }),
  });
  const saysTimedOut = (): boolean =>
    silent.published.some(({ conditions }) => conditions[0]?.reason === 'PlanTimedOut');
  await withLife(silent, async (life) => {
    await life.observe({});
    await life.until('awaitPlanResult');
    const id = planActivityId('reprovision', 1, host().inventory);
    const wait = { namespace, execution: { workflowId: life.workflowId }, id };
    await client.workflowService.pauseActivity(wait);
    await client.workflowService.unpauseActivity(wait);
    await client.workflowService.resetActivity({ ...wait, restoreOriginalOptions: true });
    await waitFor('the passed deadline is told', saysTimedOut);
    await life.answer('reprovision', { kind: 'applied' });
    await life.until('completeProvisioning');
    await life.handle.terminate();
  });
});
