import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_PAUSE_MS, UNUSED_AFTER_MS } from '../../../k8s-bridge/slots/patience.ts';
import { TELL_AFTER_MS } from '../../../k8s-bridge/slots/places.ts';
import { createSlotWorld, type SlotWorldOptions } from './slot-world.ts';

type World = ReturnType<typeof createSlotWorld>;

/** All have tried, and the bridge has seen it. */
async function begin(options: SlotWorldOptions) {
  const world = createSlotWorld(options);
  const bridge = world.createBridge();
  for (const index of world.machines.keys()) await world.step(index);
  bridge.sync();
  await bridge.look();
  return { world, bridge };
}

const three = { pools: ['a', 'a', 'a'], limits: { a: 1 }, installation: undefined };
function poolOf({ caches }: ReturnType<World['createBridge']>) {
  const [pool] = caches.pools.list();
  if (pool === undefined) throw new Error('There is a pool');
  return pool;
}

const uses = (world: World) =>
  world.holders().map(({ machine, plan }) => `${machine} ${plan === null ? 'granted' : 'taken'}`);

describe('the slots', () => {
  it('are read and written by nobody where there is no limit', async () => {
    const { world, bridge } = await begin({ ...three, limits: {} });
    expect(world.atWork()).toEqual(['m0', 'm1', 'm2']);
    expect(world.reads).not.toContain('leases');
    expect(world.api.writes.filter(({ resource }) => resource === 'leases')).toEqual([]);
    expect(bridge.book.active).toBe(false);
    expect(world.holders()).toEqual([]);
  });

  it('go to the oldest, whose run is told; the others hear their place', async () => {
    const { world, bridge } = await begin(three);
    expect(world.atWork()).toEqual([]);
    expect(uses(world)).toEqual(['m0 granted']);
    expect(bridge.woken).toEqual(['m0']);
    expect(bridge.told).toEqual(['demo/m1', 'demo/m2']);
    expect(bridge.book.places.textOf('uid-m2')).toBe('2nd of 2');
    expect(bridge.book.useOf(poolOf(bridge))).toEqual({
      limit: 1,
      used: 1,
      waiting: 2,
    });
    await world.step(0);
    await world.step(1);
    expect(world.atWork()).toEqual(['m0']);
    expect(uses(world)).toEqual(['m0 taken']);
  });

  it.each(['applied-checksum', 'failed-checksum'] as const)('pass to the next with %s', async (key) => {
    const { world, bridge } = await begin(three);
    await world.step(0);
    bridge.sync();
    await world.answer('m0', key);
    // What a cache says keeps a slot; only the objects themselves free it.
    await bridge.look();
    expect(uses(world)).toEqual(['m0 taken']);
    bridge.sync();
    await bridge.look();
    expect(uses(world)).toEqual(['m1 granted']);
  });

  it('are granted by one of two bridges that see different machines wait', async () => {
    const { world, bridge } = await begin(three);
    await world.step(0);
    await world.answer('m0', 'applied-checksum');
    bridge.sync();
    world.set(1, { reportsPaused: true });
    const other = world.createBridge();
    other.sync();
    await Promise.all([bridge.look(), other.look()]);
    expect(world.holders()).toHaveLength(1);
  });

  it('are not granted for a plan that a cache believes to be at work still', async () => {
    const { world, bridge } = await begin(three);
    await world.step(0);
    bridge.sync();
    await world.answer('m0', 'failed-checksum');
    const other = world.createBridge();
    other.sync();
    await other.look();
    await world.step(1);
    expect(world.atWork()).toEqual(['m1']);
    world.attempts[0] = 2;
    await world.step(0);
    bridge.syncMachines();
    await bridge.look();
    await world.step(0);
    expect(world.atWork()).toEqual(['m1']);
  });

  it('are freed by no bridge that has not heard of the host yet', async () => {
    const { world } = await begin(three);
    await world.step(0);
    await world.createBridge().look();
    expect(uses(world)).toEqual(['m0 taken']);
  });

  it('are needed again for a retry, but not where the host is at its plan anyway', async () => {
    const { world, bridge } = await begin(three);
    await world.step(0);
    world.attempts[0] = 2;
    expect(await world.step(0)).toBe(true);
    await world.answer('m0', 'failed-checksum');
    world.attempts[0] = 3;
    expect(await world.step(0)).toBe(false);
    bridge.sync();
    await bridge.look();
    // It is the oldest, and comes first again.
    expect(uses(world)).toEqual(['m0 granted']);
  });

  it.each([{ reportsPaused: true }, { deleting: true }, { waitsForSlot: false }])(
    'come back from a machine that is %j',
    async (change) => {
      const { world, bridge } = await begin(three);
      world.set(0, change);
      bridge.sync();
      await bridge.look();
      expect(uses(world)).toEqual(['m1 granted']);
    },
  );

  it('come back from a run that does not stir, which is told meanwhile, and comes last for a while', async () => {
    const { world, bridge } = await begin(three);
    world.clock.nowMs = 2_000;
    await bridge.look();
    expect(bridge.woken).toEqual(['m0', 'm0']);
    world.clock.nowMs = UNUSED_AFTER_MS;
    await bridge.look();
    expect(uses(world)).toEqual(['m1 granted']);
    await world.step(1);
    await world.answer('m1', 'applied-checksum');
    bridge.sync();
    await bridge.look();
    expect(uses(world)).toEqual(['m2 granted']);
    world.clock.nowMs += FIRST_PAUSE_MS;
    await world.step(2);
    await world.answer('m2', 'applied-checksum');
    bridge.sync();
    await bridge.look();
    expect(uses(world)).toEqual(['m0 granted']);
  });

  it('are given back at once by a step whose plan is refused, and its machine comes last for a while', async () => {
    const { world, bridge } = await begin(three);
    world.api.refuse('m0', 422);
    await expect(world.step(0)).rejects.toThrow('422');
    expect(uses(world)).toEqual([]);
    // Somebody else writes at the same moment: the look is repeated, and the pause is not.
    world.api.refuse('ironloom-slots', 409);
    await bridge.look();
    world.api.refuse('ironloom-slots', undefined);
    await bridge.look();
    expect(uses(world)).toEqual(['m1 granted']);
    world.api.refuse('m0', undefined);
    await world.step(1);
    await world.answer('m1', 'applied-checksum');
    world.clock.nowMs = FIRST_PAUSE_MS;
    bridge.sync();
    await bridge.look();
    expect(uses(world)).toEqual(['m0 granted']);
  });

  it('count hosts that are at a plan for which none is written down', async () => {
    const { world, bridge } = await begin(three);
    await world.step(0);
    world.forgetSlots();
    bridge.sync();
    await bridge.look();
    expect(world.holders()).toEqual([]);
    expect(world.atWork()).toEqual(['m0']);
    await world.answer('m0', 'applied-checksum');
    bridge.sync();
    await bridge.look();
    expect(uses(world)).toEqual(['m1 granted']);
  });

  it('tell a place again when it has moved, and a minute has passed', async () => {
    const { world, bridge } = await begin({ ...three, pools: ['a', 'a', 'a', 'a'] });
    await world.step(0);
    await world.answer('m0', 'applied-checksum');
    bridge.sync();
    bridge.told.length = 0;
    await bridge.look();
    expect(bridge.told).toEqual(['demo/m1']);
    expect(bridge.book.places.textOf('uid-m3')).toBe('3rd of 3');
    world.clock.nowMs = TELL_AFTER_MS - 1;
    await bridge.look();
    expect(bridge.book.places.textOf('uid-m3')).toBe('3rd of 3');
    world.clock.nowMs = TELL_AFTER_MS;
    await bridge.look();
    expect(bridge.book.places.textOf('uid-m3')).toBe('2nd of 2');
  });
});

describe('whatever comes in whatever order', () => {
  const op = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('step' as const), index: fc.nat({ max: 5 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('look' as const), index: fc.nat({ max: 1 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('hear' as const), index: fc.nat({ max: 1 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('sync' as const), index: fc.nat({ max: 1 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constantFrom('apply' as const, 'fail' as const), index: fc.nat({ max: 5 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'pause' as const,
          'pause' as const,
          'minute' as const,
          'restart' as const,
          'retry' as const,
        ),
        index: fc.nat({ max: 5 }),
      }),
    },
  );

  it('no limit is exceeded by two bridges with caches of their own and steps that overlap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(op, { minLength: 20, maxLength: 80 }), async (scheduler, ops) => {
        const limits = { a: 2, b: 1 };
        const delay = <T>(answer: Promise<T>): Promise<T> => scheduler.schedule(answer);
        const world = createSlotWorld({ pools: ['a', 'a', 'a', 'b', 'b', 'b'], limits, installation: 2, delay });
        // All wait, and both bridges know it, or half of it.
        for (const index of world.machines.keys()) world.set(index, { waitsForSlot: true });
        const bridges = [world.createBridge(), world.createBridge()];
        for (const bridge of bridges) bridge.sync();
        const looking = [false, false];
        const stepping = new Set<number>();
        const running: Promise<unknown>[] = [];
        const check = (): void => {
          const busy = world.atWork();
          expect(busy.length).toBeLessThanOrEqual(2);
          expect(busy.filter((name) => ['m3', 'm4', 'm5'].includes(name)).length).toBeLessThanOrEqual(1);
        };
        for (const { kind, index } of ops) {
          const bridge = bridges[index % 2];
          const name = `m${index}`;
          if (kind === 'step' && !stepping.has(index)) {
            stepping.add(index);
            running.push(
              world
                .step(index)
                .catch(() => false)
                .finally(() => stepping.delete(index)),
            );
          } else if (kind === 'look' && looking[index % 2] === false) {
            looking[index % 2] = true;
            running.push(bridge?.look().finally(() => (looking[index % 2] = false)) ?? Promise.resolve());
          } else if (kind === 'sync') bridge?.sync();
          else if (kind === 'hear') bridge?.syncMachines();
          else if (kind === 'apply') await world.answer(name, 'applied-checksum');
          else if (kind === 'fail') await world.answer(name, 'failed-checksum');
          else if (kind === 'pause')
            world.set(index, { reportsPaused: world.machines[index]?.reportsPaused === false });
          else if (kind === 'minute') world.clock.nowMs += UNUSED_AFTER_MS;
          else if (kind === 'retry') world.attempts[index] = (world.attempts[index] ?? 1) + 1;
          else if (kind === 'restart') bridges[index % 2] = world.createBridge();
          check();
          if (scheduler.count() > 0) await scheduler.waitOne();
          check();
        }
        await scheduler.waitFor(Promise.all(running));
        check();
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
