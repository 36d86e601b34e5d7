import { type Logger } from '../../runtime/logger.ts';

/** What a handler may ask for when it went well. */
interface WorkResult {
  /** Handle the key again after this time, even if nobody adds it. */
  requeueAfterMs?: number | undefined;
}

/** Called as things happen; all are cheap and must not throw. */
export interface WorkqueueMetrics {
  /** Keys that are ready and wait for a worker. */
  setDepth?(depth: number): void;
  /** A handler ended. */
  observeRun?(durationMs: number, outcome: 'success' | 'error'): void;
  /** A key will be tried again after an error. */
  countRetry?(): void;
}

export interface WorkqueueOptions {
  name: string;
  /** Keys that are handled at the same time. */
  workers: number;
  handler: (key: string) => Promise<WorkResult | void>;
  logger: Logger;
  /** Delay after a key's first error; doubles with each further one. Default 5 ms. */
  baseDelayMs?: number | undefined;
  /** Longest delay after an error. Default 16 min. */
  maxDelayMs?: number | undefined;
  metrics?: WorkqueueMetrics | undefined;
}

/**
 * Keys to be looked at. A key waits at most once, is never handled twice at the same time, and a key added while it is
 * handled is handled once more afterwards. An error brings it back with exponential backoff; success forgets its errors.
 */
export interface Workqueue {
  add(key: string): void;
  /** Adds the key after a delay; of several delays of one key the earliest counts. */
  addAfter(key: string, delayMs: number): void;
  /** Keys that are ready, running or delayed. */
  size(): { ready: number; running: number; delayed: number };
  /** Takes nothing more and resolves when the running handlers have ended. */
  stop(): Promise<void>;
}

const DEFAULT_BASE_DELAY_MS = 5;
const DEFAULT_MAX_DELAY_MS = 16 * 60_000;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** See `Workqueue`; it works from the moment it is made. */
export function createWorkqueue(options: WorkqueueOptions): Workqueue {
  const { name, workers, handler, metrics } = options;
  const { baseDelayMs = DEFAULT_BASE_DELAY_MS, maxDelayMs = DEFAULT_MAX_DELAY_MS } = options;
  const logger = options.logger.child({ queue: name });
  const ready = new Set<string>();
  const running = new Set<string>();
  const addedWhileRunning = new Set<string>();
  const delayed = new Map<string, { timer: NodeJS.Timeout; dueAtMs: number }>();
  const errorCounts = new Map<string, number>();
  let stopping = false;
  let onIdle: (() => void) | undefined;

  function add(key: string): void {
    if (stopping) return;
    if (running.has(key)) {
      addedWhileRunning.add(key);
      return;
    }
    ready.add(key);
    metrics?.setDepth?.(ready.size);
    pump();
  }

  function addAfter(key: string, delayMs: number): void {
    if (stopping) return;
    if (!(delayMs > 0)) return add(key);
    const boundedMs = Math.min(delayMs, MAX_TIMER_MS);
    const dueAtMs = performance.now() + boundedMs;
    const pending = delayed.get(key);
    if (pending !== undefined && pending.dueAtMs <= dueAtMs) return;
    clearTimeout(pending?.timer);
    const timer = setTimeout(() => {
      delayed.delete(key);
      add(key);
    }, boundedMs);
    delayed.set(key, { timer, dueAtMs });
  }

  function pump(): void {
    while (!stopping && running.size < workers) {
      const [key] = ready;
      if (key === undefined) return;
      ready.delete(key);
      running.add(key);
      metrics?.setDepth?.(ready.size);
      void run(key);
    }
  }

  async function run(key: string): Promise<void> {
    const begunAtMs = performance.now();
    let outcome: 'success' | 'error' = 'success';
    try {
      const result = await handler(key);
      errorCounts.delete(key);
      if (result?.requeueAfterMs !== undefined) addAfter(key, Math.max(result.requeueAfterMs, 1));
    } catch (error) {
      outcome = 'error';
      retryLater(key, error);
    } finally {
      running.delete(key);
      if (addedWhileRunning.delete(key)) add(key);
      metrics?.observeRun?.(performance.now() - begunAtMs, outcome);
      pump();
      if (running.size === 0) onIdle?.();
    }
  }

  function retryLater(key: string, error: unknown): void {
    const errors = (errorCounts.get(key) ?? 0) + 1;
    errorCounts.set(key, errors);
    const delayMs = Math.min(baseDelayMs * 2 ** (errors - 1), maxDelayMs);
    logger.warn({ err: error, key, errors, retryInMs: delayMs }, 'Reconcile failed');
    metrics?.countRetry?.();
    addAfter(key, delayMs);
  }

  return {
    add,
    addAfter,
    size: () => ({ ready: ready.size, running: running.size, delayed: delayed.size }),
    async stop() {
      stopping = true;
      for (const { timer } of delayed.values()) clearTimeout(timer);
      delayed.clear();
      ready.clear();
      metrics?.setDepth?.(0);
      if (running.size === 0) return;
      const idle = Promise.withResolvers<void>();
      const before = onIdle;
      onIdle = () => {
        before?.();
        idle.resolve();
      };
      await idle.promise;
    },
  };
}
