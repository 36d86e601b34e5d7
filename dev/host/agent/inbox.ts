import { AgentExit } from './write.ts';

export interface LatestInbox<T> {
  /** A new state arrived; undefined: the object is gone. Several before the next look become one. */
  put(item: T | undefined): void;
  /** Ends the current wait without a new state. */
  wake(): void;
  latest(): T | undefined;
  /** Resolves at the next state, wake or after `timeoutMs`. @throws AgentExit when the process was ended */
  next(timeoutMs: number | undefined): Promise<void>;
}

/** Holds the newest state of one object for a single reader. */
export function createLatestInbox<T>(signal: AbortSignal): LatestInbox<T> {
  let latest: T | undefined;
  let pending = false;
  let ring: (() => void) | undefined;
  const wake = (): void => {
    pending = true;
    ring?.();
  };
  signal.addEventListener('abort', () => ring?.(), { once: true });
  return {
    wake,
    latest: () => latest,
    put: (item) => {
      latest = item;
      wake();
    },
    next: async (timeoutMs) => {
      if (!pending && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        ring = resolve;
        const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
        await promise;
        clearTimeout(timer);
        ring = undefined;
      }
      pending = false;
      if (signal.aborted) throw new AgentExit('killed', { cause: signal.reason });
    },
  };
}
