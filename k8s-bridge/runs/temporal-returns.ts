import { waitMs } from '../queue/wait-ms.ts';

/** How Temporal came back. `otherData`: its database is another one than before, and knows none of the runs. */
export type TemporalReturn = 'sameData' | 'otherData';

export interface TemporalReturnsOptions {
  /** Names the data that Temporal works on, different for each database. Rejects while Temporal does not answer. */
  identify: () => Promise<string>;
  /** Time between two looks. Default 3 s. */
  everyMs?: number | undefined;
}

/** Notices within seconds that Temporal was away, however short, if it came back with other data. */
export interface TemporalReturns {
  /** Waits for a return; undefined: there was none for `limitMs`, or the signal aborted. */
  waitForNext(limitMs: number, signal: AbortSignal): Promise<TemporalReturn | undefined>;
}

const DEFAULT_EVERY_MS = 3_000;

/** See `TemporalReturns`. What is lost and found between two waits is reported by the second. */
export function createTemporalReturns({
  identify,
  everyMs = DEFAULT_EVERY_MS,
}: TemporalReturnsOptions): TemporalReturns {
  let known: string | undefined;
  let isAway = false;

  async function look(): Promise<TemporalReturn | undefined> {
    const before = { known, isAway };
    try {
      known = await identify();
      isAway = false;
    } catch {
      isAway = true;
      return undefined;
    }
    if (before.known !== undefined && before.known !== known) return 'otherData';
    return before.isAway ? 'sameData' : undefined;
  }

  return {
    async waitForNext(limitMs, signal) {
      let leftMs = limitMs;
      while (!signal.aborted) {
        const seen = await look();
        if (seen !== undefined) return seen;
        if (leftMs <= 0) return undefined;
        await waitMs(Math.min(everyMs, leftMs), signal);
        leftMs -= everyMs;
      }
      return undefined;
    },
  };
}
