import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';

/** Machines and hosts come over two watches: one may know of a claim or an adoption before the other. */
export const SUSPICION_MS = 2_000;

/**
 * The Node of a host that booted follows soon, mostly: both are told at once then. Each word wakes the run, which would
 * write two statuses.
 */
export const BOOT_GRACE_MS = 30_000;

/** Most waits for somebody else's object are over sooner: what it says is told after this time. */
export const WORDS_GRACE_MS = 5_000;

/** Machines whose host seems lost, which is believed after a moment; and those whose host booted and has no Node yet. */
export class HostSuspicions {
  readonly #sinceMs = new Map<string, number>();
  readonly #bootedMs = new Map<string, number>();
  readonly #waitingMs = new Map<string, number>();
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

  /** Milliseconds until it is told that the host has booted; 0: now. A fallback is told at once. */
  bootWaitMs({ uid, reportsBooted }: Pick<MachineView, 'uid' | 'reportsBooted'>, snapshot: MachineSnapshot): number {
    if (snapshot.boot !== 'active' || snapshot.machine?.nodeName !== null || reportsBooted) {
      this.#bootedMs.delete(uid);
      return 0;
    }
    const sinceMs = this.#bootedMs.get(uid) ?? this.#nowMs();
    this.#bootedMs.set(uid, sinceMs);
    return Math.max(0, sinceMs + BOOT_GRACE_MS - this.#nowMs());
  }

  /** Milliseconds until it is told what the object says that is waited for; 0: now. */
  wordsWaitMs(uid: string, { waitsFor }: MachineSnapshot): number {
    if (waitsFor === undefined) {
      this.#waitingMs.delete(uid);
      return 0;
    }
    const sinceMs = this.#waitingMs.get(uid) ?? this.#nowMs();
    this.#waitingMs.set(uid, sinceMs);
    return Math.max(0, sinceMs + WORDS_GRACE_MS - this.#nowMs());
  }

  forget(uid: string): void {
    this.#waitingMs.delete(uid);
    this.#bootedMs.delete(uid);
    this.#sinceMs.delete(uid);
  }
}
