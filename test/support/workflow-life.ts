import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, inject } from 'vitest';
import type { PlanAnswer } from '../../domain/life/machine-life.ts';
import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { planActivityId } from '../../domain/plan/attempt.ts';
import { MACHINE_LIFECYCLE } from '../../domain/life/run-id.ts';
import { type MachineLifecycleInput, machineObservedSignal } from '../../workflows/messages.ts';
import { host, snapshot } from '../domain/life/life-fixtures.ts';
import type { ScriptedActivities } from './scripted-activities.ts';
import { waitFor } from './wait-for.ts';
import { lifeSinks } from '../../workers/meters.ts';

export const joined = { machine: { name: 'm', nodeName: 'n' }, provisioning: null };
export const deleting = { ...joined, deleting: true };

let connection: Connection;
let native: NativeConnection;
/** For the tests of the file that called `useTemporal`. */
export let client: Client;

/** Connects the file's tests to the Temporal server of the stack. */
export function useTemporal(): void {
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
}

export interface Life {
  workflowId: string;
  /** Starts the run as one that continued as new. */
  start(input: MachineLifecycleInput): Promise<void>;
  observe(changes: Partial<MachineSnapshot>): Promise<void>;
  /** `inventory`: the host that answers, by default the one of the fixtures. */
  answer(type: 'reprovision' | 'clean', answer: PlanAnswer, inventory?: string): Promise<void>;
  until(activity: string): Promise<unknown>;
  /** Completes the wait for a plan of the fixtures' host by hand; false: nobody waits. */
  complete(type: 'reprovision' | 'clean', answer: unknown): Promise<boolean>;
  handle: ReturnType<Client['workflow']['getHandle']>;
}

/** Runs a worker with these activities while `body` drives one machine's run. */
export async function withLife(script: ScriptedActivities, body: (life: Life) => Promise<void>): Promise<void> {
  const taskQueue = `test-${randomUUID()}`;
  const workflowBundle = { codePath: inject('workflowBundle') };
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle,
    activities: script.activities,
    interceptors: script.interceptors,
    sinks: lifeSinks(),
  });
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
      start: async (input) => {
        await client.workflow.start(MACHINE_LIFECYCLE, { workflowId, taskQueue, args: [input] });
      },
      observe,
      until: (activity) =>
        waitFor(
          `${activity} runs`,
          () => script.ran.includes(activity),
          () => script.ran,
          { timeoutMs: 20_000 },
        ),
      complete: (type, answer) =>
        client.activity.complete({ workflowId, activityId: planActivityId(type, 1, host().inventory) }, answer).then(
          () => true,
          () => false,
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

export async function liveToRunning(life: Life): Promise<void> {
  await life.observe({});
  await life.answer('reprovision', { kind: 'applied' });
  await life.until('completeProvisioning');
}

/** Why workflow tasks failed: each means that the run is stuck for a while. */
export async function findFailedTasks({ handle }: Life): Promise<unknown[]> {
  const { events = [] } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => (failed ? [failed.cause] : []));
}
