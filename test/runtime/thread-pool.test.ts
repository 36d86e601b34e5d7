import { afterEach, describe, expect, it } from 'vitest';
import { createThreadPool, type ThreadPool, type ThreadPoolOptions } from '../../runtime/thread-pool.ts';
import { measureStall } from '../support/event-loop-stall.ts';

const entry = new URL('./hostile-thread.ts', import.meta.url);
const pools: ThreadPool[] = [];

function open(options: Partial<ThreadPoolOptions> = {}): ThreadPool {
  const pool = createThreadPool({ entry, threads: 1, limits: { timeMs: 60_000, heapMb: 32 }, ...options });
  pools.push(pool);
  return pool;
}

const echo = (value: unknown) => ({ kind: 'echo', value });

afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

describe('createThreadPool', { timeout: 60_000 }, () => {
  it('answers each request, however many there are', async () => {
    const pool = open({ threads: 2 });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => pool.run<number>(echo(index))));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => ({ kind: 'done', answer: index })));
  });

  it('ends work that takes too long, without a stall, and goes on with the next', async () => {
    const pool = open({ limits: { timeMs: 300, heapMb: 32 } });
    await pool.run(echo('warm'));
    const began = performance.now();
    const { answer, stallMs } = await measureStall(() =>
      Promise.all([pool.run({ kind: 'spin' }), pool.run(echo('next'))]),
    );
    const [spun, echoed] = answer;
    expect(spun).toEqual({ kind: 'tooMuch', of: 'time' });
    expect(echoed).toEqual({ kind: 'done', answer: 'next' });
    expect(performance.now() - began).toBeGreaterThan(290);
    expect(stallMs).toBeLessThan(100);
  });

  it('lets work go on that only waits for a core, and gives it up when it waits for ever', async () => {
    const pool = open({ limits: { timeMs: 100, heapMb: 32 } });
    await pool.run(echo('warm'));
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const began = performance.now();
    const held = pool.run({ kind: 'hold', flag });
    await expect.poll(() => performance.now() - began, { interval: 20 }).toBeGreaterThan(350);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    expect((await held).kind).toBe('done');
    const never = new Int32Array(new SharedArrayBuffer(4));
    expect(await pool.run({ kind: 'hold', flag: never })).toEqual({ kind: 'tooMuch', of: 'time' });
  });

  it('ends work that takes too much memory, and lives on', async () => {
    const pool = open();
    expect(await pool.run({ kind: 'hoard' })).toEqual({ kind: 'tooMuch', of: 'memory' });
    expect(await pool.run(echo(1))).toEqual({ kind: 'done', answer: 1 });
  });

  it.each([
    ['throw', 'A thread broke: as asked'],
    ['exit', 'A thread broke: it ended'],
  ])('tells a thread that breaks (%s) from work that is too much', async (kind, message) => {
    const pool = open();
    await expect(pool.run({ kind })).rejects.toThrow(message);
    expect(await pool.run(echo(1))).toEqual({ kind: 'done', answer: 1 });
  });

  it('says so when a thread cannot start', async () => {
    const pool = open({ entry: new URL('./no-such-thread.ts', import.meta.url) });
    await expect(pool.run(echo(1))).rejects.toThrow('A thread broke: Cannot find module');
  });

  it('gives up what waited too long for a thread', async () => {
    let nowMs = 0;
    const pool = open({ waitMs: 1_000, nowMs: () => nowMs });
    const flag = new Int32Array(new SharedArrayBuffer(4));
    await pool.run(echo('warm'));
    const held = pool.run({ kind: 'hold', flag });
    const soon = pool.run(echo(1));
    const late = expect(pool.run(echo(2))).rejects.toThrow('No thread was free in time');
    nowMs = 1_001;
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    await late;
    await expect(soon).rejects.toThrow('No thread was free in time');
    expect((await held).kind).toBe('done');
  });

  it('takes the light before the heavy', async () => {
    const pool = open();
    await pool.run(echo('warm'));
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const held = pool.run({ kind: 'hold', flag });
    const order: number[] = [];
    const asked = [3, 1, 2].map(async (weight) => {
      await pool.run(echo(weight), weight);
      order.push(weight);
    });
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    await Promise.all([held, ...asked]);
    expect(order).toEqual([1, 2, 3]);
  });

  it('refuses work once it is closed, also what runs', async () => {
    const pool = open();
    await pool.run(echo(1));
    const spun = pool.run({ kind: 'spin' });
    const waiting = pool.run(echo(2));
    const refused = [expect(spun).rejects.toThrow('it ended'), expect(waiting).rejects.toThrow('closed')];
    await pool.close();
    await Promise.all(refused);
    await expect(pool.run(echo(3))).rejects.toThrow('closed');
  });
});
