import { rootMessage } from '../../runtime/temporal/connection.ts';
import type { MachineRuns } from './machine-runs.ts';

/** A start that failed is tried again within half a minute, unless its machine is gone. */
const FORGET_AFTER_MS = 90_000;

/** How the last start of a run, or message to one, went. */
export class StartMemory {
  readonly #nowMs: () => number;
  #failure: { why: string; atMs: number } | undefined;

  /** `nowMs` may have any origin; only differences count. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  noteAnswered(): void {
    this.#failure = undefined;
  }

  noteFailed(why: string): void {
    this.#failure = { why, atMs: this.#nowMs() };
  }

  /** Why the last start failed; undefined: it was answered, or none is of this time. */
  problem(): string | undefined {
    if (this.#failure === undefined || this.#nowMs() - this.#failure.atMs > FORGET_AFTER_MS) return undefined;
    return this.#failure.why;
  }
}

/** Remembers how starts go. `runs` keeps its contract. */
export function rememberStarts(runs: MachineRuns, memory: StartMemory): MachineRuns {
  return {
    ...runs,
    async observe(...args) {
      try {
        await runs.observe(...args);
      } catch (error) {
        memory.noteFailed(rootMessage(error));
        throw error;
      }
      memory.noteAnswered();
    },
  };
}
