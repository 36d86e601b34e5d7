import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { machineWorkflowId } from '../../../domain/life/run-id.ts';
import type { TemporalPause } from '../../../domain/report/pause-news.ts';
import { createPauseTeller } from '../../../k8s-bridge/machines/pause-teller.ts';
import { KubeApiError, type KubeClient } from '../../../runtime/kube/client.ts';
import { createMemoryStore } from '../../support/fake-objects.ts';
import { machineView, ManualClock, MemoryRuns } from '../bridge-fixtures.ts';

const HOUR_MS = 3_600_000;
const machine = machineView();
const id = machineWorkflowId(machine);
const eventSchema = z.object({ metadata: z.object({ name: z.string() }), reason: z.string(), message: z.string() });
const wholeRun: TemporalPause = { step: undefined, by: 'ada', reason: 'to think', sinceMs: 0 };

/** A Kubernetes that keeps Events, and takes each name once. */
function createWorld() {
  const machines = createMemoryStore<MachineView>();
  machines.upsert(machine);
  const runs = new MemoryRuns();
  runs.open.set(id, machine);
  const clock = new ManualClock();
  const events = new Map<string, z.infer<typeof eventSchema>>();
  const refusal: { error: Error | undefined } = { error: undefined };
  let writes = 0;
  const create: KubeClient['create'] = async (resource, body) => {
    writes += 1;
    if (refusal.error !== undefined) throw refusal.error;
    const event = eventSchema.parse(body);
    if (events.has(event.metadata.name)) throw new KubeApiError(409, 'AlreadyExists', 'there is one');
    events.set(event.metadata.name, event);
    return resource.schema.parse(body);
  };
  const start = () => createPauseTeller({ machines, runs, client: { create }, nowMs: clock.nowMs });
  let teller = start();
  return {
    machines,
    runs,
    clock,
    refusal,
    writes: () => writes,
    reasons: () => [...events.values()].map(({ reason }) => reason),
    messages: () => [...events.values()].map(({ message }) => message),
    restart: () => void (teller = start()),
    tell: async () => teller.tell(await runs.listOpen()),
  };
}

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});

describe('a pause in Temporal', () => {
  const since = (pause: TemporalPause): TemporalPause => ({ ...pause, sinceMs: world.clock.nowMs() });

  it('is told once while it lasts, and its end once', async () => {
    await world.tell();
    expect(world.reasons()).toEqual([]);
    world.runs.paused.set(id, [since(wholeRun)]);
    await world.tell();
    await world.tell();
    expect(world.reasons()).toEqual(['PausedInTemporal']);
    expect(world.writes()).toBe(1);
    world.runs.paused.delete(id);
    await world.tell();
    await world.tell();
    expect(world.reasons()).toEqual(['PausedInTemporal', 'UnpausedInTemporal']);
    expect(world.writes()).toBe(2);
  });

  it('is told anew by each pause, and each hour: Events are forgotten', async () => {
    world.runs.paused.set(id, [since(wholeRun)]);
    await world.tell();
    world.runs.paused.delete(id);
    await world.tell();
    world.clock.advance(10_000);
    world.runs.paused.set(id, [since(wholeRun)]);
    await world.tell();
    expect(world.reasons()).toEqual(['PausedInTemporal', 'UnpausedInTemporal', 'PausedInTemporal']);
    world.clock.advance(HOUR_MS);
    await world.tell();
    await world.tell();
    expect(world.reasons()).toHaveLength(4);
  });

  it('is not told again by a bridge that starts', async () => {
    world.runs.paused.set(id, [since(wholeRun)]);
    await world.tell();
    world.restart();
    await world.tell();
    expect(world.reasons()).toEqual(['PausedInTemporal']);
  });

  it('names what is paused, by whom, why, and what follows', async () => {
    const wait = { ...wholeRun, step: 'awaitPlanResult', by: '', reason: '' };
    world.runs.paused.set(id, [wholeRun, wait, { ...wholeRun, step: 'claimHost', reason: 'x'.repeat(5_000) }]);
    await world.tell();
    const [message] = world.messages();
    expect(message).toContain('The run of this machine is paused in Temporal by ada ("to think")');
    expect(message).toContain("The wait for the host's answer is paused in Temporal. The answer still counts");
    expect(message).toContain('The step claimHost is paused in Temporal by ada ("xxx');
    expect(message?.length).toBeLessThan(1_000);
  });

  it('that could not be told is told the next time; so is its end', async () => {
    world.runs.paused.set(id, [since(wholeRun)]);
    world.refusal.error = new KubeApiError(500, '', 'ill');
    await expect(world.tell()).rejects.toThrow('1 pauses could not be told');
    world.refusal.error = undefined;
    await world.tell();
    world.runs.paused.delete(id);
    world.refusal.error = new KubeApiError(500, '', 'ill');
    await expect(world.tell()).rejects.toThrow('1 pauses could not be told');
    world.refusal.error = undefined;
    await world.tell();
    expect(world.reasons()).toEqual(['PausedInTemporal', 'UnpausedInTemporal']);
  });

  it('of a run whose object is gone, or another one, is nobody told', async () => {
    world.runs.paused.set(id, [since(wholeRun)]);
    world.machines.upsert({ ...machine, uid: 'uid-2' });
    await world.tell();
    expect(world.reasons()).toEqual([]);
  });
});
