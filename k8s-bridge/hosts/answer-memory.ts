interface Given {
  /** Attempt, resourceVersion of the Secret and kind of the answer. */
  what: string;
  /** When the answer may be given; before that it is only suspected. */
  dueMs: number;
  /** Pause before the same answer is given again. */
  pauseMs: number;
}

/** A given answer is repeated after this time, then ever more rarely. */
export const FIRST_REPEAT_MS = 30_000;
const LONGEST_REPEAT_MS = 300_000;

/** Which answer was given last for each host, so that the same one is not given again and again. */
export class AnswerMemory {
  readonly #byHost = new Map<string, Given>();
  readonly #nowMs: () => number;

  /** `nowMs` may have any origin; only differences count. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * Milliseconds until `what` is to be answered for the host; 0: now.
   * @param settleMs how long a new answer must stand before it is given
   */
  waitMs(host: string, what: string, settleMs: number): number {
    const known = this.#byHost.get(host);
    if (known?.what !== what) {
      this.#byHost.set(host, { what, dueMs: this.#nowMs() + settleMs, pauseMs: FIRST_REPEAT_MS });
      return settleMs;
    }
    return Math.max(0, known.dueMs - this.#nowMs());
  }

  /** The answer was given. Returns after how many milliseconds it is due again. */
  given(host: string): number {
    const known = this.#byHost.get(host);
    if (known === undefined) return FIRST_REPEAT_MS;
    const { pauseMs } = known;
    known.dueMs = this.#nowMs() + pauseMs;
    known.pauseMs = Math.min(pauseMs * 2, LONGEST_REPEAT_MS);
    return pauseMs;
  }

  forget(host: string): void {
    this.#byHost.delete(host);
  }
}
