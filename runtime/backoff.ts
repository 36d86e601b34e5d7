import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  initialMs: number;
  maxMs: number;
}

/** Delays that double from `initialMs` to `maxMs`, each with up to 50 % jitter taken off. */
export interface Backoff {
  /** The delay before the next try. */
  nextDelayMs(): number;
  /** Begin again at `initialMs`: the last try went well. */
  reset(): void;
  /** Waits for the next delay. @throws AbortError when the signal aborts */
  wait(signal: AbortSignal): Promise<void>;
}

/** See `Backoff`. */
export function createBackoff({ initialMs, maxMs }: BackoffOptions): Backoff {
  let baseMs = initialMs;
  const backoff: Backoff = {
    nextDelayMs() {
      const delayMs = baseMs * (1 - Math.random() / 2);
      baseMs = Math.min(baseMs * 2, maxMs);
      return delayMs;
    },
    reset() {
      baseMs = initialMs;
    },
    wait: (signal) => sleep(backoff.nextDelayMs(), undefined, { signal }),
  };
  return backoff;
}
