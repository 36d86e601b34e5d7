import type { MachineView } from '../../domain/inputs/machine-view.ts';

/**
 * Which run of each machine was told last. A run that was reset without its later signals may know less than it was
 * told, and than the status says: nobody but a listing of the runs shows it.
 */
export class ReplacedRuns {
  /** By uid; undefined: a run that is about to start. */
  readonly #told = new Map<string, string | undefined>();

  /**
   * The machine's open run is not the one that was told last or, while this process told none, the one that wrote the
   * status. A run that carries on another's work, and finds nothing to write, is taken for a replaced one, too.
   */
  isReplaced({ uid, statusWrittenBy }: MachineView, runId: string): boolean {
    const last = this.#told.has(uid) ? this.#told.get(uid) : statusWrittenBy?.split('/')[0];
    return last !== undefined && last !== runId;
  }

  /** That run knows what there is to know. undefined: there is none; the next one is started with what is seen. */
  note(uid: string, runId: string | undefined): void {
    this.#told.set(uid, runId);
  }

  /** Forgets all machines but these. */
  keepOnly(uids: ReadonlySet<string>): void {
    for (const uid of this.#told.keys()) if (!uids.has(uid)) this.#told.delete(uid);
  }
}
