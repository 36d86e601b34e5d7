import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { operatorVerbs } from '../../domain/life/machine-life.ts';
import { MACHINE_LIFECYCLE, machineWorkflowId } from '../../domain/life/run-id.ts';
import { activityButtons, type Button } from './activity-buttons.ts';
import { untilEventSince } from './object-events.ts';
import { currentRunId, listResetPoints, readDetails, resetRun, runOf } from './runs.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';

export async function pauseRun(site: Site, machine: MachineRef): Promise<void> {
  const why = { reason: 'tried in a test', requestId: randomUUID() };
  await site.temporal.workflowService.pauseWorkflowExecution({ ...ofRun(site, machine), ...why });
}

export async function unpauseRun(site: Site, machine: MachineRef): Promise<void> {
  const why = { reason: 'tried enough', requestId: randomUUID() };
  await site.temporal.workflowService.unpauseWorkflowExecution({ ...ofRun(site, machine), ...why });
}

/** A paused run hears nobody, and the bridge says so; what it was sent meanwhile it hears then. */
const pauseAndUnpauseRun: Button = async (site, machine) => {
  const told = await untilEventSince(site, machine.name, 'PausedInTemporal', () => pauseRun(site, machine));
  expect(told.message).toContain('a deletion waits');
  await expect(runOf(site, machine).executeUpdate('pause', { args: [{}] })).rejects.toThrow();
  await runOf(site, machine).signal('capacityAvailable');
  await untilEventSince(site, machine.name, 'UnpausedInTemporal', () => unpauseRun(site, machine));
  // The bridge has looked at the run meanwhile, and has not taken it for a missing one.
  expect(await listSignalsOfPause(site, machine)).toEqual(['capacityAvailable']);
};

/** Names of the signals that a run got while it was paused. */
async function listSignalsOfPause(site: Site, machine: MachineRef): Promise<(string | null | undefined)[]> {
  const events = (await runOf(site, machine).fetchHistory()).events ?? [];
  const begin = events.findIndex((event) => Boolean(event.workflowExecutionPausedEventAttributes));
  const end = events.findIndex((event) => Boolean(event.workflowExecutionUnpausedEventAttributes));
  return events
    .slice(begin, end)
    .flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => (signal ? [signal.signalName] : []));
}

const requestCancellation: Button = async (site, machine) => {
  await runOf(site, machine).cancel();
  await waitFor(
    `the run of ${machine.name} says what became of the cancellation`,
    async () => (await readDetails(site, machine)).includes('A cancellation was requested'),
    () => readDetails(site, machine),
  );
};

const unusable = ['please', 42, null, ['retry'], { actor: 7 }, { reason: 'x'.repeat(2_000) }];

const sendSignal: Button = async (site, machine) => {
  const run = runOf(site, machine);
  await run.signal('noSuchSignal', 'x');
  await run.signal('capacityAvailable');
  for (const payload of [...unusable, {}, { deleting: true }]) await run.signal('machineObserved', payload);
  for (const verb of operatorVerbs) {
    for (const payload of unusable.filter((value) => value !== null)) await run.signal(verb, payload);
  }
};

const sendUpdate: Button = async (site, machine) => {
  const run = runOf(site, machine);
  await expect(run.executeUpdate('noSuchUpdate', { args: [{}] })).rejects.toThrow();
  for (const verb of operatorVerbs) {
    await expect(run.executeUpdate(verb, { args: ['please'] }), verb).rejects.toThrow();
  }
};

function resetTo(which: 'first' | 'last', withSignals: boolean): Button {
  return async (site, machine) => {
    const runId = await currentRunId(site, machine);
    const eventId = (await listResetPoints(site, machine, runId)).at(which === 'first' ? 0 : -1);
    if (eventId === undefined) throw new Error(`The run of ${machine.name} cannot be reset`);
    await resetRun(site, machine, { runId, eventId, withSignals });
  };
}

/** The bridge starts a run anew that is missing. */
const terminate: Button = async (site, machine) => {
  const runId = await currentRunId(site, machine);
  await runOf(site, machine).terminate('tried in a test');
  await untilOtherRun(site, machine, runId);
};

const deleteRun: Button = async (site, machine) => {
  const runId = await currentRunId(site, machine);
  await site.temporal.workflowService.deleteWorkflowExecution({
    namespace: site.temporal.options.namespace,
    workflowExecution: { workflowId: machineWorkflowId(machine), runId },
  });
  await untilOtherRun(site, machine, runId);
};

async function untilOtherRun(site: Site, machine: MachineRef, runId: string): Promise<void> {
  const look = () => currentRunId(site, machine).catch(() => runId);
  await waitFor(`${machine.name} has a run again`, async () => (await look()) !== runId);
}

/** A second run of the same machine, of another id. */
const startLikeThisOne: Button = async (site, machine) => {
  const workflowId = `${machineWorkflowId(machine)}-copy`;
  const { namespace: taskQueue } = site;
  const copy = await site.temporal.workflow.start(MACHINE_LIFECYCLE, { workflowId, taskQueue, args: [{ machine }] });
  await waitFor(
    `the copy of the run of ${machine.name} ends`,
    async () => (await copy.describe()).status.name !== 'RUNNING',
  );
};

/** Every button with which the Temporal UI changes a run, by the call of the API that stands behind it. */
export const buttons: Readonly<Record<string, Button>> = {
  ...activityButtons,
  'workflow: pause, unpause': pauseAndUnpauseRun,
  'workflow: request cancellation': requestCancellation,
  'workflow: send signal': sendSignal,
  'workflow: send update': sendUpdate,
  'workflow: reset to the last event': resetTo('last', true),
  'workflow: reset to the first event': resetTo('first', true),
  'workflow: reset to the first event, without later signals': resetTo('first', false),
  'workflow: start one like this': startLikeThisOne,
  'workflow: terminate': terminate,
  'workflow: delete': deleteRun,
};

function ofRun({ temporal }: Site, machine: MachineRef) {
  return { namespace: temporal.options.namespace, workflowId: machineWorkflowId(machine) };
}
