import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorkqueue, type Workqueue, type WorkqueueOptions } from '../../../k8s-bridge/queue/workqueue.ts';

const logger = pino({ level: 'silent' });
let queue: Workqueue;

function create(handler: WorkqueueOptions['handler'], options: Partial<WorkqueueOptions> = {}) {
  queue = createWorkqueue({ name: 'test', workers: 2, handler, logger, ...options });
  return queue;
}

/** A handler whose runs the test ends by hand. */
function createGate() {
  const begun: string[] = [];
  const open = new Map<string, () => void>();
  const handler = (key: string) =>
    new Promise<void>((resolve) => {
      begun.push(key);
      open.set(key, resolve);
    });
  const finish = async (key: string) => {
    open.get(key)?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { begun, handler, finish };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('workqueue', () => {
  it('handles a key that was added many times once', async () => {
    const gate = createGate();
    create(gate.handler, { workers: 1 });
    for (const key of ['a', 'b', 'b', 'c', 'b']) queue.add(key);
    expect(queue.size()).toEqual({ ready: 2, running: 1, delayed: 0 });
    for (const key of ['a', 'b', 'c']) await gate.finish(key);
    expect(gate.begun).toEqual(['a', 'b', 'c']);
  });

  it('never handles a key twice at the same time, and once more when it was added meanwhile', async () => {
    const gate = createGate();
    create(gate.handler);
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(gate.begun).toEqual(['a']);
    await gate.finish('a');
    expect(gate.begun).toEqual(['a', 'a']);
    await gate.finish('a');
    expect(gate.begun).toEqual(['a', 'a']);
    expect(queue.size()).toEqual({ ready: 0, running: 0, delayed: 0 });
  });

  it('runs as many keys at once as there are workers', async () => {
    const gate = createGate();
    create(gate.handler, { workers: 3 });
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    expect(gate.begun).toEqual(['a', 'b', 'c']);
    await gate.finish('b');
    expect(gate.begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('backs off from 5 ms, doubling per key, and forgets errors on success', async () => {
    const atMs: number[] = [];
    let failing = true;
    create(
      async () => {
        atMs.push(performance.now());
        if (failing) throw new Error('not yet');
      },
      { maxDelayMs: 30 },
    );
    queue.add('a');
    await vi.advanceTimersByTimeAsync(5 + 10 + 20 + 30 + 30);
    const gaps = () => atMs.slice(1).map((at, index) => Math.round(at - (atMs[index] ?? 0)));
    expect(gaps()).toEqual([5, 10, 20, 30, 30]);
    failing = false;
    await vi.advanceTimersByTimeAsync(30);
    failing = true;
    queue.add('a');
    await vi.advanceTimersByTimeAsync(5);
    expect(gaps().at(-1)).toBe(5);
  });

  it('takes a handler that throws at once for an error, and serves other keys', async () => {
    const seen: string[] = [];
    create((key) => {
      seen.push(key);
      if (key === 'bad') throw new Error('synchronous');
      return Promise.resolve();
    });
    queue.add('bad');
    queue.add('good');
    await vi.advanceTimersByTimeAsync(5);
    expect(seen).toEqual(['bad', 'good', 'bad']);
  });

  it('comes back after requeueAfterMs', async () => {
    let runs = 0;
    create(async () => (++runs < 3 ? { requeueAfterMs: 1000 } : {}));
    queue.add('a');
    await vi.advanceTimersByTimeAsync(999);
    expect(runs).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(runs).toBe(2);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(runs).toBe(3);
  });

  it('keeps the earliest of several delays', async () => {
    const gate = createGate();
    create(gate.handler);
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    expect(queue.size().delayed).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(gate.begun).toEqual(['a']);
    await gate.finish('a');
    await vi.advanceTimersByTimeAsync(1000);
    expect(gate.begun).toEqual(['a']);
  });

  it('does not turn a delay beyond the timer range into a busy loop', async () => {
    let runs = 0;
    create(async () => {
      runs++;
      return { requeueAfterMs: 2 ** 40 };
    });
    queue.add('a');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toBe(1);
  });

  it('stops after what is running and takes nothing more', async () => {
    const gate = createGate();
    create(gate.handler, { workers: 1 });
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    queue.add('d');
    await vi.advanceTimersByTimeAsync(100);
    expect(stopped).toBe(false);
    await gate.finish('a');
    await stopping;
    expect(gate.begun).toEqual(['a']);
    expect(queue.size()).toEqual({ ready: 0, running: 0, delayed: 0 });
    await queue.stop();
  });

  it('tells its metrics', async () => {
    const depths: number[] = [];
    const outcomes: string[] = [];
    let retries = 0;
    const metrics = {
      setDepth: (depth: number) => depths.push(depth),
      observeRun: (durationMs: number, outcome: string) => outcomes.push(`${outcome} ${durationMs >= 0}`),
      countRetry: () => retries++,
    };
    let runs = 0;
    create(async () => (++runs === 1 ? Promise.reject(new Error('once')) : {}), { metrics });
    queue.add('a');
    await vi.advanceTimersByTimeAsync(5);
    expect([depths, outcomes, retries]).toEqual([[1, 0, 1, 0], ['error true', 'success true'], 1]);
  });
});
