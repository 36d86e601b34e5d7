import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { beforeEach, expect, test as base, vi } from 'vitest';
import { MACHINE_LIFECYCLE, machineWorkflowId } from '../../../domain/life/run-id.ts';
import { createOpenRuns, type ListingTrust, type OpenRun } from '../../../k8s-bridge/runs/open-runs.ts';
import { useStack } from '../../support/stack.ts';
import { waitFor } from '../../support/wait-for.ts';

const HOUR_MS = 3_600_000;

/** A task queue of its own, whose runs nobody picks up; what is known of it; and how often all of them were listed. */
const test = base.extend('world', async ({}, { onCleanup }) => {
  const { address, namespace } = useStack().temporal;
  const connection = await Connection.connect({ address });
  onCleanup(() => connection.close());
  const client = new Client({ connection, namespace });
  const namespaceOfMachines = randomUUID();
  const taskQueue = `it's-${namespaceOfMachines}`;
  const clock = { aheadMs: 0 };
  const known = createOpenRuns(client, taskQueue, () => Date.now() + clock.aheadMs);
  const lists = vi.spyOn(connection.workflowService, 'listWorkflowExecutions');
  const wholeLists = (): number =>
    lists.mock.calls.filter(([{ query }]) => query?.includes('CloseTime IS NULL') && !query.includes('Paused')).length;
  const refOf = (name: string) => ({ namespace: namespaceOfMachines, name, uid: `uid-of-${name}` });
  return {
    client,
    clock,
    refOf,
    /** What is listed, by that trust, and how many whole lists it took. */
    async look(trust: ListingTrust = 'lastListing') {
      const before = wholeLists();
      const runs = sorted(await known.list(trust));
      return { runs, wholeLists: wholeLists() - before };
    },
    async start(name: string): Promise<OpenRun> {
      const workflowId = machineWorkflowId(refOf(name));
      const run = await client.workflow.start(MACHINE_LIFECYCLE, { taskQueue, workflowId, args: [] });
      return { ...refOf(name), runId: run.firstExecutionRunId, paused: false };
    },
    terminate: (name: string) => client.workflow.getHandle(machineWorkflowId(refOf(name))).terminate(),
    /** Visibility lags: until others see these runs, and no more. */
    async untilShown(runs: readonly OpenRun[]): Promise<void> {
      const others = createOpenRuns(client, taskQueue, Date.now);
      const shown = async () => expect(sorted(await others.list('nothing'))).toEqual(sorted(runs));
      await waitFor(
        'the runs are shown',
        () =>
          shown().then(
            () => true,
            () => false,
          ),
        () => others.list('nothing'),
      );
    },
  };
});

beforeEach(() => void vi.restoreAllMocks());

test('what started, ended, or is another run since costs no list of all', async ({ world }) => {
  const [a, b, c] = [await world.start('a'), await world.start('b'), await world.start('c')];
  await world.untilShown([a, b, c]);
  expect(await world.look()).toEqual({ runs: [a, b, c], wholeLists: 1 });
  expect(await world.look()).toEqual({ runs: [a, b, c], wholeLists: 0 });
  await world.terminate('a');
  await world.terminate('b');
  const [anotherB, d] = [await world.start('b'), await world.start('d')];
  await world.untilShown([anotherB, c, d]);
  expect(anotherB.runId).not.toBe(b.runId);
  expect(await world.look()).toEqual({ runs: [anotherB, c, d], wholeLists: 0 });
  expect(await world.look('nothing')).toEqual({ runs: [anotherB, c, d], wholeLists: 1 });
});

test('what is missed shows by the number of runs, or within an hour', async ({ world }) => {
  const [a, b] = [await world.start('a'), await world.start('b')];
  await world.untilShown([a, b]);
  await world.look();
  // Whose clock is so far ahead asks for changes that have yet to come.
  world.clock.aheadMs = HOUR_MS / 4;
  await world.look();
  const c = await world.start('c');
  await world.untilShown([a, b, c]);
  expect(await world.look()).toEqual({ runs: [a, b, c], wholeLists: 1 });
  await world.terminate('c');
  const d = await world.start('d');
  await world.untilShown([a, b, d]);
  expect(await world.look()).toEqual({ runs: [a, b, c], wholeLists: 0 });
  world.clock.aheadMs += HOUR_MS;
  expect(await world.look()).toEqual({ runs: [a, b, d], wholeLists: 1 });
});

test('who tells which runs were open is believed if their number is right, and once', async ({ world }) => {
  const atMs = Date.now();
  const [a, b, c] = [await world.start('a'), await world.start('b'), await world.start('c')];
  await world.terminate('c');
  await world.untilShown([a, b]);
  // Neither the one that another has replaced nor the one that has ended since is taken for open.
  const replaced = { ...b, runId: randomUUID() };
  expect(await world.look({ runs: [a, replaced, c], atMs })).toEqual({ runs: [a, b], wholeLists: 0 });
  expect(await world.look()).toEqual({ runs: [a, b], wholeLists: 1 });
  expect(await world.look()).toEqual({ runs: [a, b], wholeLists: 0 });
  const elsewhere = { ...a, name: 'd', uid: 'uid-of-d' };
  expect(await world.look({ runs: [a, b, elsewhere], atMs })).toEqual({ runs: [a, b], wholeLists: 1 });
});

test('a run is paused for as long as it is', async ({ world }) => {
  const [a, b] = [await world.start('a'), await world.start('b')];
  await world.untilShown([a, b]);
  await world.look();
  const { client, refOf } = world;
  const named = { namespace: client.options.namespace, workflowId: machineWorkflowId(refOf('b')), reason: 'tried' };
  await client.workflowService.pauseWorkflowExecution({ ...named, requestId: randomUUID() });
  await world.untilShown([a, { ...b, paused: true }]);
  expect(await world.look()).toEqual({ runs: [a, { ...b, paused: true }], wholeLists: 0 });
  expect((await world.look('nothing')).runs).toEqual([a, { ...b, paused: true }]);
  await client.workflowService.unpauseWorkflowExecution({ ...named, requestId: randomUUID() });
  await world.untilShown([a, b]);
  expect(await world.look()).toEqual({ runs: [a, b], wholeLists: 0 });
});

function sorted(runs: readonly OpenRun[]): OpenRun[] {
  return runs.toSorted((one, other) => one.name.localeCompare(other.name));
}
