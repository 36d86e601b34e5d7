import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProcessFolder } from '../../../dev/process/folder.ts';
import { findFreePorts } from '../../../dev/process/ports.ts';
import { createProcessSet, type ProcessSet } from '../../../dev/process/set.ts';
import { startTemporalServer } from '../../../dev/stack/temporal-server.ts';
import { resolveTools } from '../../../dev/tools/resolver.ts';
import { machineWorkflowId } from '../../../domain/life/run-id.ts';
import { createMachineRuns } from '../../../k8s-bridge/runs/machine-runs.ts';
import { lookAtRun } from '../../../k8s-bridge/runs/run-sight.ts';
import { machineObservedSignal } from '../../../workflows/messages.ts';
import { snapshot } from '../../domain/life/life-fixtures.ts';

const machine = { namespace: 'ns', name: 'm', uid: 'u' };
const labels = { cluster: 'c', pool: 'p' };
/** So many signals a run takes here; a real server takes 10,000. */
const LIMIT = 5;
/** The server's default for a task of a workflow. */
const TASK_TIMEOUT_MS = 10_000;

let dir: string;
let processes: ProcessSet;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  dir = await createProcessFolder();
  processes = createProcessSet(join(dir, 'logs'));
  const { temporal: binary } = await resolveTools(['temporal']);
  const [port, uiPort] = await findFreePorts(2);
  const dynamicConfig = [`history.maximumSignalsPerExecution=${LIMIT}`];
  const { address } = await startTemporalServer(processes, { dir, binary, port, uiPort, dynamicConfig });
  connection = await Connection.connect({ address });
  client = new Client({ connection });
});

afterAll(async () => {
  await connection.close();
  await processes.close();
  await rm(dir, { recursive: true, force: true });
});

test('a run that had a task when it was paused is stuck; one that was not paused gets it again', async () => {
  const taskQueue = 'a-worker-comes-and-goes';
  const runs = createMachineRuns(client, taskQueue);
  const start = async (uid: string) => {
    const started = { ...machine, uid };
    await runs.observe(started, snapshot(), labels);
    return started;
  };
  const { workflowService } = connection;
  const scheduleActivityTaskCommandAttributes = {
    activityId: '1',
    activityType: { name: 'beginLife' },
    taskQueue: { name: taskQueue },
    startToCloseTimeout: msToTs('15s'),
    scheduleToCloseTimeout: msToTs('10m'),
  };
  const { COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK: commandType } = proto.temporal.api.enums.v1.CommandType;
  const aStep = { commandType, scheduleActivityTaskCommandAttributes };
  const takeTask = async () => {
    const deadline = Date.now() + TASK_TIMEOUT_MS + 5_000;
    const task = await connection.withDeadline(deadline, () =>
      workflowService.pollWorkflowTaskQueue({ namespace: 'default', taskQueue: { name: taskQueue } }),
    );
    return { of: task.workflowExecution?.workflowId, attempt: task.attempt, token: task.taskToken };
  };
  const nameOf = (of: typeof machine) => ({ namespace: 'default', workflowId: machineWorkflowId(of), reason: 'tried' });
  const pause = async (one: typeof machine) => {
    await workflowService.pauseWorkflowExecution({ ...nameOf(one), requestId: 'pause' });
    expect(await runs.look(one)).toEqual({ kind: 'paused' });
  };
  const pauseAndUnpause = async (one: typeof machine) => {
    await pause(one);
    await workflowService.unpauseWorkflowExecution({ ...nameOf(one), requestId: 'unpause' });
  };
  const withWorker = await start('with-worker');
  expect(await takeTask()).toMatchObject({ of: machineWorkflowId(withWorker), attempt: 1 });
  await pauseAndUnpause(withWorker);
  const working = await start('working');
  const { token } = await takeTask();
  await pause(working);
  // That ends the pause: Unpause is refused from now on.
  await workflowService.respondWorkflowTaskCompleted({ namespace: 'default', taskToken: token, commands: [aStep] });
  const next = await takeTask();
  expect(next.of).toBe(machineWorkflowId(working));
  await workflowService.respondWorkflowTaskCompleted({ namespace: 'default', taskToken: next.token });
  const waiting = await start('waiting');
  await pauseAndUnpause(waiting);
  const other = await start('other');
  expect(await takeTask()).toMatchObject({ of: machineWorkflowId(other), attempt: 1 });
  // The server takes a task back, and gives it to the next who asks: none of those of before.
  expect(await takeTask()).toMatchObject({ of: machineWorkflowId(other), attempt: 2 });
  const aMinuteLater = Date.now() + 60_000;
  for (const stuck of [withWorker, waiting, working]) {
    const { runId } = await client.workflow.getHandle(machineWorkflowId(stuck)).describe();
    expect(await lookAtRun(client, machineWorkflowId(stuck), aMinuteLater), stuck.uid).toEqual({
      kind: 'stuck',
      runId,
    });
  }
  expect(await runs.look(other)).toEqual({ kind: 'waits', attempt: 2 });
  const young = await start('young');
  expect(await lookAtRun(client, machineWorkflowId(young), aMinuteLater)).toEqual({ kind: 'waits', attempt: 1 });

  const runIdOf = async (of: typeof machine) =>
    (await client.workflow.getHandle(machineWorkflowId(of)).describe()).runId;
  await runs.end(young, await runIdOf(young), 'enough');
  const stuckRun = await runIdOf(waiting);
  await runs.end(waiting, stuckRun, 'it is stuck');
  await runs.observe(waiting, snapshot(), labels);
  // The run that took over is not meant.
  await runs.end(waiting, stuckRun, 'it is stuck');
  expect(await takeTask()).toMatchObject({ of: machineWorkflowId(waiting), attempt: 1 });
});

test('a run that takes no signal any more is replaced by one that hears', async () => {
  const runs = createMachineRuns(client, 'nobody-works-here');
  await runs.observe(machine, snapshot(), labels);
  const deaf = client.workflow.getHandle(machineWorkflowId(machine));
  const first = await deaf.describe();
  for (let sent = 1; sent < LIMIT; sent += 1) await deaf.signal('noise');
  expect(await runs.tell(machine, snapshot())).toBe('noRun');
  expect(await runs.wake(machine)).toBe('noRun');
  await runs.observe(machine, snapshot({ deleting: true }), labels);
  const second = await deaf.describe();
  expect(second.runId).not.toBe(first.runId);
  const { events = [] } = await deaf.fetchHistory();
  expect(events?.flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? [])).toEqual([
    machineObservedSignal.name,
  ]);
  expect((await client.workflow.getHandle(deaf.workflowId, first.runId).describe()).status.name).toBe('TERMINATED');
});
