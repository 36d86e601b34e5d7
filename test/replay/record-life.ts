import type { Client } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { type NativeConnection, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { planActivityId } from '../../domain/plan/attempt.ts';
import { createMachineRuns } from '../../k8s-bridge/runs/machine-runs.ts';
import { MACHINE_LIFECYCLE, machineWorkflowId } from '../../domain/life/run-id.ts';
import { operationSignals } from '../../workflows/messages.ts';
import { host, snapshot } from '../domain/life/life-fixtures.ts';
import { type ScriptedActivities, scriptActivities } from '../support/scripted-activities.ts';
import { waitFor } from '../support/wait-for.ts';
import { RECORDER_IDENTITY } from './histories.ts';
import type { LifeDriver, Scenario } from './scenario.ts';
import { lifeSinks } from '../../workers/meters.ts';

export interface Recording {
  client: Client;
  native: NativeConnection;
  workflowBundle: WorkflowBundleWithSourceMap;
  scenario: Scenario;
  /** Tells this recording from others on the same server. */
  runId: string;
}

/** Lives one scenario against a real server and answers its history, taken before an open run is terminated. */
export async function recordLife({ client, native, workflowBundle, scenario, runId }: Recording): Promise<History> {
  const script = scriptActivities(scenario.activities);
  script.journalIsAway = scenario.journalIsAway ?? false;
  const taskQueue = `record-${runId}`;
  const machine = { namespace: 'ns', name: 'm', uid: runId };
  const workflowId = machineWorkflowId(machine);
  const handle = client.workflow.getHandle(workflowId);
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    identity: RECORDER_IDENTITY,
    workflowBundle,
    activities: script.activities,
    interceptors: script.interceptors,
    sinks: lifeSinks(),
  });
  return worker.runUntil(async () => {
    if (scenario.life !== undefined) {
      const args = [{ machine, life: scenario.life }];
      await client.workflow.start(MACHINE_LIFECYCLE, { workflowId, taskQueue, args });
    }
    const isOpen = async (): Promise<boolean> => (await handle.describe()).status.name === 'RUNNING';
    try {
      await scenario.live(driveLife(client, machine, taskQueue, script));
      await waitFor('the run ends or rests', async () => {
        const { raw, status } = await handle.describe();
        // An ended run may still list an activity that it gave up.
        return status.name !== 'RUNNING' || (!raw.pendingWorkflowTask && !raw.pendingActivities?.length);
      });
      return await handle.fetchHistory();
    } finally {
      if (await isOpen()) await handle.terminate('recorded');
    }
  });
}

function driveLife(
  client: Client,
  machine: { namespace: string; name: string; uid: string },
  taskQueue: string,
  { ran, published }: ScriptedActivities,
): LifeDriver {
  const runs = createMachineRuns(client, taskQueue);
  const told = (): unknown => ({ ran, published: published.map(({ conditions }) => conditions.map((c) => c.reason)) });
  const options = { timeoutMs: 20_000, everyMs: 20 };
  return {
    observe: (changes) => runs.observe(machine, snapshot(changes), { cluster: 'c', pool: 'workers' }),
    wake: async () => {
      await runs.wake(machine);
    },
    answer: async (type, answer, inventory = host().inventory) => {
      const ids = [1, 2].map((attempt) => planActivityId(type, attempt, inventory));
      const completed = async (): Promise<boolean> => (await runs.completePlan(machine, ids, answer)) === 'completed';
      await waitFor(`the run takes an answer to ${type}`, completed, told, options);
    },
    operate: async (verb) => {
      const request = { actor: 'ada', reason: 'recorded' };
      await client.workflow.getHandle(machineWorkflowId(machine)).signal(operationSignals[verb], request);
    },
    cancel: async () => {
      await client.workflow.getHandle(machineWorkflowId(machine)).cancel();
    },
    untilRan: async (activity, times = 1) => {
      const enough = (): boolean => ran.filter((name) => name === activity).length >= times;
      await waitFor(`${activity} runs ${times} times`, enough, told, options);
    },
    untilReason: async (reason) => {
      const seen = (): boolean => published.some(({ conditions }) => conditions.some((c) => c.reason === reason));
      await waitFor(`a condition says ${reason}`, seen, told, options);
    },
  };
}
