import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
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

test('a run whose worker was lost with its task while it was paused is stuck; one that was not paused is not', async () => {
  const taskQueue = 'a-worker-comes-and-goes';
  const runs = createMachineRuns(client, taskQueue);
  const [paused, other] = [
    { ...machine, uid: 'paused' },
    { ...machine, uid: 'other' },
  ];
  const { workflowService } = connection;
  const takeTask = () =>
    connection.withDeadline(Date.now() + TASK_TIMEOUT_MS + 5_000, () =>
      workflowService.pollWorkflowTaskQueue({ namespace: 'default', taskQueue: { name: taskQueue } }),
    );
  await runs.observe(paused, snapshot(), labels);
  expect((await takeTask()).workflowExecution?.workflowId).toBe(machineWorkflowId(paused));
  const which = { namespace: 'default', workflowId: machineWorkflowId(paused), reason: 'tried' };
  await workflowService.pauseWorkflowExecution({ ...which, requestId: 'pause' });
  await workflowService.unpauseWorkflowExecution({ ...which, requestId: 'unpause' });
  await runs.observe(other, snapshot(), labels);
  expect((await takeTask()).attempt).toBe(1);
  // The server takes a task back, and gives it to the next who asks; the first one never.
  const again = await takeTask();
  expect([again.workflowExecution?.workflowId, again.attempt]).toEqual([machineWorkflowId(other), 2]);
  const aMinuteLater = Date.now() + 60_000;
  expect(await lookAtRun(client, machineWorkflowId(paused), aMinuteLater)).toEqual({ kind: 'stuck' });
  expect(await lookAtRun(client, machineWorkflowId(other))).toEqual({ kind: 'waits', attempt: 2 });

  await runs.end(paused, 'it is stuck');
  expect(await runs.look(paused)).toEqual({ kind: 'rests' });
  await runs.observe(paused, snapshot(), labels);
  expect((await takeTask()).workflowExecution?.workflowId).toBe(machineWorkflowId(paused));
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
