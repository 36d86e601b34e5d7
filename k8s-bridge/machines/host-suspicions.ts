import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';

/** Machines and hosts come over two watches: one may know of a claim or an adoption before the other. */
export const SUSPICION_MS = 2_000;

/** Machines whose host seems lost, which is believed after a moment. */
export class HostSuspicions {
  readonly #sinceMs = new Map<string, number>();
  readonly #nowMs: () => number;

  /** `nowMs` may have any origin; only differences count. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Milliseconds until what the snapshot says of the host is to be believed; 0: now. */
  waitMs(uid: string, { hostTrouble }: MachineSnapshot): number {
    if (hostTrouble !== 'lost') {
      this.#sinceMs.delete(uid);
      return 0;
    }
    const sinceMs = this.#sinceMs.get(uid) ?? this.#nowMs();
    this.#sinceMs.set(uid, sinceMs);
    return Math.max(0, sinceMs + SUSPICION_MS - this.#nowMs());
  }

  forget(uid: string): void {
    this.#sinceMs.delete(uid);
  }
}
