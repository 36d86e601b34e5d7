import { expect } from 'vitest';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { operatorVerbs } from '../../domain/life/machine-life.ts';
import { activityButtons, type Button } from './activity-buttons.ts';
import { untilEventSince } from './object-events.ts';
import { currentRunId, readDetails, runOf } from './runs.ts';
import type { Site } from './site.ts';
import { deleteRun, pauseRun, resetTo, startCopy, unpauseRun } from './ui-calls.ts';
import { waitFor } from './wait-for.ts';

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

/** The bridge starts a run anew that is missing. */
const terminate: Button = async (site, machine) => {
  const runId = await currentRunId(site, machine);
  await runOf(site, machine).terminate('tried in a test');
  await untilOtherRun(site, machine, runId);
};

const deleteAway: Button = async (site, machine) => {
  const runId = await currentRunId(site, machine);
  await deleteRun(site, machine);
  await untilOtherRun(site, machine, runId);
};

/** The bridge takes a run that it told something within a minute for one that is not visible yet. */
const UNSEEN_MS = 60_000;

async function untilOtherRun(site: Site, machine: MachineRef, runId: string): Promise<void> {
  const look = () => currentRunId(site, machine).catch(() => runId);
  const isOther = async () => (await look()) !== runId;
  await waitFor(`${machine.name} has a run again`, isOther, look, { timeoutMs: UNSEEN_MS + 60_000 });
}

const startLikeThisOne: Button = async (site, machine) => {
  const copy = await startCopy(site, machine);
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
  'workflow: reset to the last event': (site, machine) => resetTo(site, machine, 'last'),
  'workflow: reset to the first event': (site, machine) => resetTo(site, machine, 'first'),
  'workflow: reset to the first event, without later signals': (site, machine) =>
    resetTo(site, machine, 'first', false),
  'workflow: start one like this': startLikeThisOne,
  'workflow: terminate': terminate,
  'workflow: delete': deleteAway,
};
