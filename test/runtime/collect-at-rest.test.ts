import { describe, expect, it, onTestFinished } from 'vitest';
import { collectAtRest, type CollectableProcess } from '../../runtime/collect-at-rest.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 2 ** 20;

/** A process whose CPU time goes on with the clock, by the share of a core that it is busy with. */
class FakeProcess implements CollectableProcess {
  share = 0;
  held = 0;
  looks = 0;
  collections = 0;
  readonly #beganMs = performance.now();
  #busyMs = 0;
  #seenMs = this.#beganMs;

  cpuMs = (): number => {
    const now = performance.now();
    this.#busyMs += (now - this.#seenMs) * this.share;
    this.#seenMs = now;
    this.looks += 1;
    return this.#busyMs;
  };
  heldBytes = (): number => this.held;
  collect = (): Promise<void> => {
    this.collections += 1;
    this.held = 20 * MIB;
    return Promise.resolve();
  };

  /** Until it was looked at whole times. */
  async untilLookedAt(times: number): Promise<void> {
    const from = this.looks;
    await waitFor(
      'it was looked at',
      () => this.looks >= from + 2 * times + 2,
      () => this.looks,
      { everyMs: 1 },
    );
  }
}

function watch(process: FakeProcess, apartMs = 0): void {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  void collectAtRest({ signal: stop.signal, process, everyMs: 2, apartMs });
}

describe('the garbage of a process', () => {
  it('is freed once when it comes to rest, and again after it has grown', async () => {
    const process = new FakeProcess();
    process.held = 100 * MIB;
    watch(process);
    await process.untilLookedAt(3);
    expect(process.collections).toBe(1);
    process.held = 27 * MIB;
    await process.untilLookedAt(3);
    expect(process.collections).toBe(1);
    process.held = 28 * MIB;
    await process.untilLookedAt(3);
    expect(process.collections).toBe(2);
  });

  it('is freed no more often than it may be', async () => {
    const process = new FakeProcess();
    process.held = 100 * MIB;
    watch(process, 600_000);
    await process.untilLookedAt(3);
    process.held = 100 * MIB;
    await process.untilLookedAt(3);
    expect(process.collections).toBe(1);
  });

  it('is left to V8 while it works', async () => {
    const process = new FakeProcess();
    process.held = 100 * MIB;
    process.share = 0.5;
    watch(process);
    await process.untilLookedAt(3);
    expect(process.collections).toBe(0);
  });
});
