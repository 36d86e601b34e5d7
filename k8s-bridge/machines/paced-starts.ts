import type { ObjectKey } from '../../api/meta.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';

/** Runs that have not shown anything yet. A worker keeps 240 in memory; one that it dropped meanwhile is read again and replayed. */
export const MAX_NEW_RUNS = 100;
/** Nobody may work on them: the others are started all the same, slowly. */
export const LONGEST_START_MS = 30_000;

type PacedMachine = Pick<MachineView, 'uid' | 'observedInputs' | 'deleting'> & ObjectKey;

/**
 * Lets so many new machines have a run at the same time as workers can keep in memory until its first status, and the others in
 * the order in which they asked: each of a thousand at once costs as much as one alone.
 */
export class PacedStarts {
  readonly #nowMs: () => number;
  readonly #enqueue: (key: string) => void;
  /** Since when, by uid; the oldest first. */
  readonly #startedMs = new Map<string, number>();
  readonly #waiting = new Map<string, string>();

  constructor(options: { nowMs: () => number; enqueue: (key: string) => void }) {
    this.#nowMs = options.nowMs;
    this.#enqueue = options.enqueue;
  }

  /** Heeds that the machine has shown something, or goes. */
  see(machine: PacedMachine): void {
    if (needsNoPlace(machine)) this.leave(machine.uid);
  }

  /**
   * Asked right before the run is told for the first time: milliseconds after which it may be the machine's turn at the latest,
   * and the key is enqueued before if it is sooner; 0: now.
   */
  waitMs(machine: PacedMachine): number {
    if (needsNoPlace(machine)) return 0;
    const { uid, ...at } = machine;
    this.#dropOverdue();
    if (!this.#startedMs.has(uid)) {
      if (this.#startedMs.size >= MAX_NEW_RUNS) {
        this.#waiting.set(uid, keyText(at));
        const [oldestMs = 0] = this.#startedMs.values();
        return Math.max(oldestMs + LONGEST_START_MS - this.#nowMs(), 1);
      }
      this.#startedMs.set(uid, this.#nowMs());
    }
    this.#waiting.delete(uid);
    return 0;
  }

  /** Its run is begun later. */
  isWaiting(uid: string): boolean {
    return this.#waiting.has(uid);
  }

  /** Machines whose runs are begun later. */
  waitingCount(): number {
    return this.#waiting.size;
  }

  /** It has shown something, or is gone. */
  leave(uid: string): void {
    this.#waiting.delete(uid);
    if (this.#startedMs.delete(uid)) this.#callNext();
  }

  #dropOverdue(): void {
    for (const [uid, sinceMs] of this.#startedMs) {
      if (this.#nowMs() - sinceMs < LONGEST_START_MS) return;
      this.#startedMs.delete(uid);
      this.#callNext();
    }
  }

  /** Its turn is kept for it. */
  #callNext(): void {
    for (const [uid, key] of this.#waiting) {
      this.#waiting.delete(uid);
      this.#startedMs.set(uid, this.#nowMs());
      return this.#enqueue(key);
    }
  }
}

function needsNoPlace({ observedInputs, deleting }: PacedMachine): boolean {
  return observedInputs !== undefined || deleting;
}
