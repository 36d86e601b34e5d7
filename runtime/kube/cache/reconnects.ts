import { createBackoff } from '../../backoff.ts';
import { type Logger } from '../../logger.ts';
import { isExpired, KubeConnectionError } from '../client.ts';

/** Pauses between the tries of an informer, and what it says of them. */
export interface Reconnects {
  /** What ended a list or a watch is told, as rarely as it is worth, and waited out. */
  afterFailure(error: unknown, relist: boolean, signal: AbortSignal): Promise<void>;
  /** A watch that ended at once is not begun again at once. */
  afterShortWatch(signal: AbortSignal): Promise<void>;
  /** A watch lasted for long. */
  lasted(): void;
  /** The API server has sent something. */
  heard(): void;
}

const DEFAULT_TIMES = { initialMs: 250, maxMs: 30_000 };
const MAX_AWAY_MS = 5_000;
/** One line of an informer in this time says that the API server cannot be reached. */
const SAY_AWAY_EVERY_MS = 30_000;

/** @param times 250 ms doubling to 30 s, unless they are given; at most 5 s while the API server cannot be reached: a fleet waits for it */
export function createReconnects(logger: Logger, times = DEFAULT_TIMES): Reconnects {
  const backoff = createBackoff(times);
  const whileAway = createBackoff({ ...times, maxMs: Math.min(times.maxMs, MAX_AWAY_MS) });
  let saidAwayAt = -Infinity;
  return {
    async afterFailure(error, relist, signal) {
      const isAway = error instanceof KubeConnectionError;
      const isSaid = isAway && performance.now() - saidAwayAt < SAY_AWAY_EVERY_MS;
      if (isAway && !isSaid) saidAwayAt = performance.now();
      const level = isSaid ? 'debug' : isExpired(error) ? 'info' : 'warn';
      logger[level]({ err: error, relist }, 'Watch or list failed, trying again');
      await (isAway ? whileAway : backoff).wait(signal).catch(() => {});
    },
    afterShortWatch: (signal) => backoff.wait(signal),
    lasted: () => backoff.reset(),
    heard() {
      backoff.reset();
      whileAway.reset();
    },
  };
}
