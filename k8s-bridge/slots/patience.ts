/** A run that was told that it is its turn takes its slot within a second or two. It is told again after this time, then after twice as long. */
const REWAKE_AFTER_MS = 2_000;
/** Longer than a step that took a slot may live, see `workflows/activity-proxies.ts`. */
export const UNUSED_AFTER_MS = 60_000;
/** A slot that came back unused is not granted to the same machine again for so long, then for twice as long. */
export const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 30 * 60_000;

interface Unused {
  sinceMs: number;
  wokenAtMs: number;
  wakes: number;
}

/**
 * How long holders have had their slots without a plan, and who gave one back unused. Lost with the bridge: the next one
 * waits anew. All times are milliseconds of any origin.
 */
export class Patience {
  /** By uid and what the slot is held for. */
  #unused = new Map<string, Unused>();
  readonly #pauses = new Map<string, { untilMs: number; pauseMs: number }>();

  /** The slot is held, and there is no plan for it so far. Answers until when that may last. */
  untilUnusedMs(key: string, nowMs: number): number {
    const known = this.#unused.get(key) ?? { sinceMs: nowMs, wokenAtMs: -Infinity, wakes: 0 };
    this.#unused.set(key, known);
    return known.sinceMs + UNUSED_AFTER_MS;
  }

  /** When the run that holds the slot is to be told that it is its turn; -Infinity: nobody has told it. */
  wakeAtMs(key: string): number {
    const { wokenAtMs, wakes } = this.#unused.get(key) ?? { wokenAtMs: -Infinity, wakes: 1 };
    return wokenAtMs + REWAKE_AFTER_MS * 2 ** Math.max(wakes - 1, 0);
  }

  noteWake(key: string, nowMs: number): void {
    const known = this.#unused.get(key);
    if (known !== undefined) Object.assign(known, { wokenAtMs: nowMs, wakes: known.wakes + 1 });
  }

  /** The machine gave its slot back, or lost it, without a plan. */
  pause(uid: string, nowMs: number): void {
    const before = this.#pauses.get(uid);
    const pauseMs = before === undefined ? FIRST_PAUSE_MS : Math.min(before.pauseMs * 2, LONGEST_PAUSE_MS);
    this.#pauses.set(uid, { pauseMs, untilMs: nowMs + pauseMs });
  }

  /** The machine has used its slot. */
  settle(uid: string): void {
    this.#pauses.delete(uid);
  }

  /** Until when the machine is granted nothing. */
  pausedUntilMs(uid: string): number {
    return this.#pauses.get(uid)?.untilMs ?? -Infinity;
  }

  /** Forgets all others, and pauses that are long over. */
  keepOnly(unused: ReadonlySet<string>, nowMs: number): void {
    this.#unused = new Map([...this.#unused].filter(([key]) => unused.has(key)));
    for (const [uid, { untilMs }] of this.#pauses) if (untilMs + LONGEST_PAUSE_MS < nowMs) this.#pauses.delete(uid);
  }
}
