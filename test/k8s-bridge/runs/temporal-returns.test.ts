import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTemporalReturns } from '../../../k8s-bridge/runs/temporal-returns.ts';

/** What Temporal answers now: the id of its data, or an error. */
let answer: string | Error;
let looks: number;
const { signal } = new AbortController();

function create() {
  return createTemporalReturns({
    everyMs: 1_000,
    identify: async () => {
      looks += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  answer = 'one';
  looks = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

describe('temporal returns', () => {
  it('waits for the limit while Temporal is there', async () => {
    const waited = create().waitForNext(5_000, signal);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await waited).toBeUndefined();
    expect(looks).toBe(6);
  });

  it('reports an end of an outage within one period', async () => {
    const waited = create().waitForNext(60_000, signal);
    await vi.advanceTimersByTimeAsync(500);
    answer = new Error('14 UNAVAILABLE');
    await vi.advanceTimersByTimeAsync(10_000);
    answer = 'one';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waited).toBe('sameData');
  });

  it('reports other data, even if the outage fell between two looks', async () => {
    const waited = create().waitForNext(60_000, signal);
    await vi.advanceTimersByTimeAsync(500);
    answer = 'two';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waited).toBe('otherData');
  });

  it('reports other data after an outage once', async () => {
    const returns = create();
    const first = returns.waitForNext(60_000, signal);
    await vi.advanceTimersByTimeAsync(0);
    answer = new Error('14 UNAVAILABLE');
    await vi.advanceTimersByTimeAsync(2_000);
    answer = 'two';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await first).toBe('otherData');
    const second = returns.waitForNext(3_000, signal);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await second).toBeUndefined();
  });

  it('reports what happened between two waits', async () => {
    const returns = create();
    const first = returns.waitForNext(0, signal);
    expect(await first).toBeUndefined();
    answer = 'two';
    expect(await returns.waitForNext(60_000, signal)).toBe('otherData');
  });

  it('ends when the signal aborts', async () => {
    const ending = new AbortController();
    const waited = create().waitForNext(60_000, ending.signal);
    await vi.advanceTimersByTimeAsync(100);
    ending.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(await waited).toBeUndefined();
  });
});
