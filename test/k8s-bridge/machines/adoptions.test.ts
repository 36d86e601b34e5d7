import { expect, test } from 'vitest';
import { machineWorkflowId } from '../../../domain/life/run-id.ts';
import { Adoptions, BATCH } from '../../../k8s-bridge/machines/adoptions.ts';
import { waitFor } from '../../support/wait-for.ts';
import { machineView, ManualClock, MemoryRuns, MemoryStore } from '../bridge-fixtures.ts';

const views = Array.from({ length: 200 }, (_, index) => machineView({ name: `m${index}`, uid: `uid-${index}` }));
const keyOf = (name: string) => `demo/${name}`;

/** All machines wait for a run; who is told has one with which a worker is busy. */
function createWorld() {
  const clock = new ManualClock();
  const runs = new MemoryRuns();
  const missingRuns = new Set(views.map(({ uid }) => uid));
  const started: string[] = [];
  const machines = new MemoryStore(views);
  const enqueue = (key: string): void => {
    const view = views.find(({ name }) => keyOf(name) === key);
    if (view === undefined) throw new Error(key);
    started.push(key);
    runs.busy.add(machineWorkflowId(view));
    missingRuns.delete(view.uid);
  };
  const adoptions = new Adoptions({ machines, runs, missingRuns, enqueue, nowMs: clock.nowMs });
  const ending = new AbortController();
  for (const { name } of views) adoptions.add(keyOf(name));
  const running = adoptions.run(ending.signal);
  return {
    clock,
    runs,
    machines,
    missingRuns,
    started,
    adoptions,
    async end() {
      ending.abort();
      await running;
    },
  };
}

const untilStarted = (world: ReturnType<typeof createWorld>, count: number) =>
  waitFor(
    `${count} runs are started`,
    () => world.started.length >= count,
    () => world.started.length,
  );

test('no more runs are started than workers get done', async () => {
  const world = createWorld();
  await untilStarted(world, BATCH);
  expect(world.started).toHaveLength(BATCH);
  const before = world.runs.busy.size;
  world.runs.busy.clear();
  await untilStarted(world, before + 1);
  expect(world.started).toHaveLength(2 * BATCH);
  await world.end();
  expect(world.started).toHaveLength(2 * BATCH);
});

test('all get one in the end, without a worker, and with a Temporal that does not answer', async () => {
  const world = createWorld();
  world.runs.outage = new Error('away');
  for (let count = BATCH; count < 200 + BATCH; count += BATCH) {
    await untilStarted(world, Math.min(count, 200));
    world.clock.advance(10_000);
  }
  expect(new Set(world.started).size).toBe(200);
  await world.end();
});

test('who was told meanwhile, or is gone, is passed over', async () => {
  const world = createWorld();
  for (const { uid } of views.slice(100)) world.missingRuns.delete(uid);
  for (const view of views.slice(50, 100)) world.machines.delete(view);
  await untilStarted(world, BATCH);
  world.runs.busy.clear();
  await waitFor('nobody waits', () => {
    world.runs.busy.clear();
    return world.adoptions.size === 0;
  });
  expect(world.started).toEqual(views.slice(0, 50).map(({ name }) => keyOf(name)));
  await world.end();
});
