import type { MachineView } from '../../domain/inputs/machine-view.ts';

interface Sent {
  fingerprint: string;
  /** `status.observedInputs` when it was sent. */
  observedBefore: string | undefined;
  /** `status.writtenBy` when it was sent. */
  writtenBefore: string | undefined;
  atMs: number;
  /** A run that has written nothing since is told again after this time. */
  lostAfterMs: number;
}

/** After this time a run that wrote other inputs than were sent is told again. */
const RESEND_AFTER_MS = 60_000;
/** A Temporal that was restored to an older state has lost what was sent; a run at work takes less to write it. */
export const LOST_AFTER_MS = 600_000;

/**
 * Which fingerprint was sent last for each machine, so that nothing is sent twice while the run is about to write
 * `status.observedInputs`. Holds an entry only for machines whose run has something to act on.
 */
export class SentSnapshots {
  readonly #byUid = new Map<string, Sent>();
  readonly #nowMs: () => number;

  /** `nowMs` may have any origin; only differences count. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The machine's run knows this fingerprint already, or is about to. */
  isKnown(view: MachineView, fingerprint: string): boolean {
    const { uid, observedInputs } = view;
    const sent = this.#byUid.get(uid);
    if (sent === undefined) return observedInputs === fingerprint;
    const runWroteSince = observedInputs !== sent.observedBefore;
    // Equal to what the run wrote *before* we sent something else does not count: that is under way.
    if (observedInputs === fingerprint && (runWroteSince || sent.fingerprint === fingerprint)) {
      this.#byUid.delete(uid);
      return true;
    }
    if (sent.fingerprint !== fingerprint) return false;
    return this.#ageMs(sent) <= this.#patienceMs(sent, view);
  }

  /** Milliseconds until what was sent for the machine counts as not heard, if nobody writes meanwhile. undefined: nothing is under way, or it is never told again. */
  leftMs(view: MachineView): number | undefined {
    const sent = this.#byUid.get(view.uid);
    if (sent === undefined) return undefined;
    const leftMs = this.#patienceMs(sent, view) - this.#ageMs(sent);
    return Number.isFinite(leftMs) ? Math.max(leftMs, 0) + 1 : undefined;
  }

  remember(view: MachineView, fingerprint: string, lostAfterMs = LOST_AFTER_MS): void {
    const { uid, observedInputs: observedBefore, statusWrittenBy: writtenBefore } = view;
    this.#byUid.set(uid, { fingerprint, observedBefore, writtenBefore, atMs: this.#nowMs(), lostAfterMs });
  }

  forget(uid: string): void {
    this.#byUid.delete(uid);
  }

  clear(): void {
    this.#byUid.clear();
  }

  /** Something was sent for the machine within the last `withinMs`. */
  wasSentWithin(uid: string, withinMs: number): boolean {
    const sent = this.#byUid.get(uid);
    return sent !== undefined && this.#ageMs(sent) <= withinMs;
  }

  get size(): number {
    return this.#byUid.size;
  }

  #patienceMs(sent: Sent, { observedInputs, statusWrittenBy }: MachineView): number {
    const wroteSince = observedInputs !== sent.observedBefore || statusWrittenBy !== sent.writtenBefore;
    return wroteSince ? RESEND_AFTER_MS : sent.lostAfterMs;
  }

  #ageMs(sent: Sent): number {
    return this.#nowMs() - sent.atMs;
  }
}
