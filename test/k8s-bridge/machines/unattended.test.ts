import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { machineWorkflowId } from '../../../domain/life/run-id.ts';
import { sweepUnattended, UNATTENDED_AFTER_MS, UnattendedMachines } from '../../../k8s-bridge/machines/unattended.ts';
import type { KubeClient } from '../../../runtime/kube/client.ts';
import { machineView, ManualClock, MemoryRuns, silentLogger } from '../bridge-fixtures.ts';

const eventSchema = z.object({ message: z.string(), metadata: z.object({ name: z.string() }), type: z.string() });
const view = machineView();
const id = machineWorkflowId(view);

/** A bridge that sweeps, over runs in memory, and the Events that it has written. */
function createWorld() {
  const clock = new ManualClock();
  const runs = new MemoryRuns();
  const unattended = new UnattendedMachines(clock.nowMs);
  const events: z.infer<typeof eventSchema>[] = [];
  const state: { nobody?: string } = {};
  const replaced: string[] = [];
  const create: KubeClient['create'] = async (resource, body) => {
    events.push(eventSchema.parse(body));
    return resource.schema.parse(body);
  };
  const sweep = () =>
    sweepUnattended({
      unattended,
      runs,
      async replaceRun({ name }, runId) {
        if (runs.outage !== undefined) throw runs.outage;
        replaced.push(`${name} ${runId}`);
      },
      findNobodyServes: async () => state.nobody,
      client: { create },
      logger: silentLogger,
      nowMs: clock.nowMs,
    });
  return {
    clock,
    runs,
    unattended,
    events,
    state,
    replaced,
    sweep,
    messages: () => events.map(({ message }) => message),
  };
}

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
  world.runs.open.set(id, view);
  world.unattended.note(view);
});

describe('a machine whose run is told something', () => {
  it('is let alone for a minute', async () => {
    world.state.nobody = 'no worker asks for its tasks';
    world.clock.advance(UNATTENDED_AFTER_MS - 1);
    await world.sweep();
    expect([world.messages(), world.unattended.count()]).toEqual([[], 0]);
  });

  it('is said to be unattended when nobody serves, again after ten minutes, and counted meanwhile', async () => {
    world.state.nobody = 'no worker asks for its tasks';
    world.clock.advance(74_000);
    await world.sweep();
    await world.sweep();
    expect(world.messages()).toEqual(['No run has looked at this machine for 74 s: no worker asks for its tasks']);
    expect(world.events[0]?.type).toBe('Warning');
    expect(world.unattended.count()).toBe(1);
    world.clock.advance(601_000);
    await world.sweep();
    expect(world.messages()).toHaveLength(2);
    expect(new Set(world.events.map(({ metadata }) => metadata.name)).size).toBe(2);
  });

  it('is forgotten when its run has taken in all that it was told', async () => {
    world.clock.advance(UNATTENDED_AFTER_MS);
    await world.sweep();
    expect([world.messages(), world.unattended.count()]).toEqual([[], 0]);
    world.state.nobody = 'no worker asks for its tasks';
    await world.sweep();
    expect(world.messages()).toEqual([]);
  });

  it.each([
    [{ kind: 'waits', attempt: 1 } as const, 'no worker takes the task of its run'],
    [{ kind: 'paused' } as const, 'somebody has paused its run in Temporal'],
    [{ kind: 'waits', attempt: 7 } as const, 'workers fail the task of its run (attempt 7)'],
  ])('says what its run waits for: %o', async (sight, words) => {
    world.runs.sights.set(id, sight);
    world.clock.advance(UNATTENDED_AFTER_MS);
    await world.sweep();
    expect(world.messages()).toEqual([expect.stringContaining(words)]);
  });

  it('says why its run could not be told, also where a run is there and rests', async () => {
    world.unattended.noteDelivery(view.uid, 'too many signals');
    world.clock.advance(UNATTENDED_AFTER_MS);
    await world.sweep();
    expect(world.messages()).toEqual([expect.stringContaining('its run cannot be told: too many signals')]);
  });

  it('says that there is no run', async () => {
    world.runs.open.clear();
    world.clock.advance(UNATTENDED_AFTER_MS);
    await world.sweep();
    expect(world.messages()).toEqual([expect.stringContaining('it has no run')]);
  });

  it('counts from the first news that its run did not answer', async () => {
    world.state.nobody = 'nobody';
    world.clock.advance(50_000);
    world.unattended.note({ ...view, resourceVersion: '2' });
    world.clock.advance(10_000);
    await world.sweep();
    expect(world.messages()).toHaveLength(1);
    world.unattended.note({ ...view, observedInputs: 'answered' });
    world.clock.advance(50_000);
    await world.sweep();
    expect([world.messages().length, world.unattended.count()]).toEqual([1, 0]);
  });
});

it('a fleet that nobody serves is counted at once, and told of in turns', async () => {
  const machines = Array.from({ length: 450 }, (_, index) => machineView({ name: `m${index}`, uid: `u${index}` }));
  for (const machine of machines) world.unattended.note(machine);
  world.unattended.forget(view.uid);
  world.state.nobody = 'nobody';
  world.clock.advance(UNATTENDED_AFTER_MS);
  await world.sweep();
  expect([world.messages().length, world.unattended.count()]).toEqual([200, 450]);
  world.clock.advance(10_000);
  await world.sweep();
  world.clock.advance(10_000);
  await world.sweep();
  expect(new Set(world.events.map(({ metadata }) => metadata.name.split('.')[0])).size).toBe(450);
});

describe('a run that is stuck', () => {
  const SWEEP_MS = 10_000;
  const stuck = `${view.name} r1`;

  async function sweepTimes(times: number): Promise<void> {
    for (let sweep = 0; sweep < times; sweep += 1) {
      await world.sweep();
      world.clock.advance(SWEEP_MS);
    }
  }

  beforeEach(() => {
    world.runs.sights.set(id, { kind: 'stuck', runId: 'r1' });
    world.unattended.forget(view.uid);
  });

  it('is replaced when it makes nothing of what it was told and is so at two looks, and its machine says so', async () => {
    world.unattended.note(view);
    world.clock.advance(UNATTENDED_AFTER_MS);
    await world.sweep();
    await world.sweep();
    expect([world.replaced, world.unattended.count()]).toEqual([[], 1]);
    world.clock.advance(SWEEP_MS);
    await world.sweep();
    expect(world.replaced).toEqual([stuck]);
    expect(world.messages()).toEqual([expect.stringContaining('no worker gets the task of its run')]);
  });

  it("is replaced when it makes nothing of its host's answer", async () => {
    world.unattended.noteAnswer(view);
    world.clock.advance(UNATTENDED_AFTER_MS - 1);
    await world.sweep();
    await world.sweep();
    expect(world.replaced).toEqual([]);
    world.clock.advance(1);
    await sweepTimes(5);
    expect(world.replaced).toEqual([stuck]);
  });

  it('is none that goes on, or is another one, at the second look', async () => {
    world.unattended.note(view);
    world.clock.advance(UNATTENDED_AFTER_MS);
    await sweepTimes(1);
    world.runs.sights.set(id, { kind: 'stuck', runId: 'r2' });
    await sweepTimes(1);
    world.runs.sights.set(id, { kind: 'rests' });
    await sweepTimes(1);
    expect(world.replaced).toEqual([]);
    expect(world.unattended.count()).toBe(0);
  });

  it('is looked at again when Temporal is back', async () => {
    world.unattended.noteAnswer(view);
    world.clock.advance(UNATTENDED_AFTER_MS);
    await sweepTimes(1);
    world.runs.outage = new Error('away');
    await sweepTimes(1);
    world.runs.outage = undefined;
    await sweepTimes(1);
    expect(world.replaced).toEqual([stuck]);
  });

  it('is not looked for while nobody serves', async () => {
    world.state.nobody = 'no worker asks for its tasks';
    world.unattended.noteAnswer(view);
    world.clock.advance(UNATTENDED_AFTER_MS);
    await sweepTimes(3);
    expect(world.replaced).toEqual([]);
  });

  it('is none that took the answer in', async () => {
    world.runs.sights.delete(id);
    world.unattended.noteAnswer(view);
    world.clock.advance(UNATTENDED_AFTER_MS);
    await world.sweep();
    world.runs.sights.set(id, { kind: 'stuck', runId: 'r1' });
    await sweepTimes(3);
    expect([world.replaced, world.messages()]).toEqual([[], []]);
  });
});
