import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PlanAnswer } from '../../domain/life/machine-life.ts';
import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { planActivityId } from '../../domain/plan/attempt.ts';
import { MACHINE_LIFECYCLE } from '../../domain/life/run-id.ts';
import { lifeQuery, machineObservedSignal, operationUpdates } from '../../workflows/messages.ts';
import { workflowsPath } from '../../workers/worker.ts';
import { host, snapshot } from '../domain/life/life-fixtures.ts';
import { type ScriptedActivities, scriptActivities } from '../support/scripted-activities.ts';
import { waitFor } from '../support/wait-for.ts';

const joined = { machine: { name: 'm', nodeName: 'n' }, provisioning: null };
const deleting = { ...joined, deleting: true };

let connection: Connection;
let native: NativeConnection;
let client: Client;

beforeAll(async () => {
  const { address } = inject('stack').temporal;
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  client = new Client({ connection });
});

afterAll(async () => {
  await native.close();
  await connection.close();
});

interface Life {
  workflowId: string;
  observe(changes: Partial<MachineSnapshot>): Promise<void>;
  /** `inventory`: the host that answers, by default the one of the fixtures. */
  answer(type: 'reprovision' | 'clean', answer: PlanAnswer, inventory?: string): Promise<void>;
  until(activity: string): Promise<unknown>;
  handle: ReturnType<Client['workflow']['getHandle']>;
}

/** Runs a worker with these activities while `body` drives one machine's run. */
async function withLife(script: ScriptedActivities, body: (life: Life) => Promise<void>): Promise<void> {
  const taskQueue = `test-${randomUUID()}`;
  const worker = await Worker.create({ connection: native, taskQueue, workflowsPath, activities: script.activities });
  const workflowId = `machine/ns/m/${randomUUID()}`;
  const machine = { namespace: 'ns', name: 'm', uid: workflowId.split('/')[3] ?? '' };
  const handle = client.workflow.getHandle(workflowId);
  const observe = async (changes: Partial<MachineSnapshot>): Promise<void> => {
    await client.workflow.signalWithStart(MACHINE_LIFECYCLE, {
      workflowId,
      taskQueue,
      args: [{ machine }],
      signal: machineObservedSignal,
      signalArgs: [snapshot(changes)],
    });
  };
  await worker.runUntil(() =>
    body({
      workflowId,
      handle,
      observe,
      until: (activity) =>
        waitFor(
          `${activity} runs`,
          () => script.ran.includes(activity),
          () => script.ran,
          { timeoutMs: 20_000 },
        ),
      answer: async (type, answer, inventory = host().inventory) => {
        const activity = { workflowId, activityId: planActivityId(type, 1, inventory) };
        await waitFor(`the run waits for ${type}`, () =>
          client.activity.complete(activity, answer).then(
            () => true,
            () => false,
          ),
        );
      },
    }),
  );
}

async function liveToRunning(life: Life): Promise<void> {
  await life.observe({});
  await life.answer('reprovision', { kind: 'applied' });
  await life.until('completeProvisioning');
}

/** Why workflow tasks failed: each means that the run is stuck for a while. */
async function findFailedTasks({ handle }: Life): Promise<unknown[]> {
  const { events = [] } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => (failed ? [failed.cause] : []));
}

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
      expect(await life.handle.result()).toBe('released');
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

  test('a deletion does not wait for a running reprovision', async () => {
    const script = scriptActivities();
    await withLife(script, async (life) => {
      await life.observe({});
      await life.until('awaitPlanResult');
      await life.observe({ deleting: true });
      await life.until('writeCleanPlan');
      await life.answer('clean', { kind: 'applied' });
      expect(await life.handle.result()).toBe('released');
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
      const activityId = planActivityId('reprovision', 1, host().inventory);
      for (const garbage of [null, {}, { kind: 'failed' }]) {
        await waitFor('the run waits', () =>
          client.activity.complete({ workflowId: life.workflowId, activityId }, garbage).then(
            () => true,
            () => false,
          ),
        );
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
      expect(await life.handle.result()).toBe('released');
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
