import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { waitMs } from '../queue/wait-ms.ts';
import type { ReadStore } from '../reconcile/ports.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';

export interface AdoptionDeps {
  machines: Pick<ReadStore<MachineView>, 'get'>;
  runs: Pick<MachineRuns, 'isAtRest'>;
  /** uids of machines that have no run, or an old one: who is told is taken out. */
  missingRuns: ReadonlySet<string>;
  enqueue: (key: string) => void;
  nowMs: () => number;
}

/** Runs that are started side by side: enough for workers to have something to do. */
export const BATCH = 12;
/** The one of a batch that the next batch waits for: those behind it keep the workers busy meanwhile. */
const AWAITED = 8;
const LOOK_EVERY_MS = 50;
/** No worker may be there: the runs are started all the same, slowly. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Settled machines whose runs are lost, all of them with Temporal's database. Their runs are started as fast as workers take
 * them, and not faster: behind ten thousand tasks a new machine, or one that is deleted, would wait for minutes.
 */
export class Adoptions {
  readonly #deps: AdoptionDeps;
  readonly #waiting = new Set<string>();
  #added = Promise.withResolvers<void>();

  constructor(deps: AdoptionDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(key: string): void {
    this.#waiting.add(key);
    this.#added.resolve();
  }

  /** Starts runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    while (!signal.aborted) {
      const batch = this.#takeBatch();
      if (batch.length > 0) await this.#startBatch(batch, signal);
      else {
        this.#added = Promise.withResolvers();
        if (this.#waiting.size === 0) await Promise.race([this.#added.promise, aborted]);
      }
    }
  }

  /** Machines that are there and were not told meanwhile. */
  #takeBatch(): MachineView[] {
    const batch: MachineView[] = [];
    for (const key of this.#waiting) {
      if (batch.length === BATCH) break;
      this.#waiting.delete(key);
      const view = this.#deps.machines.get(parseKey(key));
      if (view !== undefined && this.#isUntold(view)) batch.push(view);
    }
    return batch;
  }

  async #startBatch(batch: readonly MachineView[], signal: AbortSignal): Promise<void> {
    const { enqueue, nowMs } = this.#deps;
    for (const { namespace, name } of batch) enqueue(`${namespace}/${name}`);
    const awaited = batch[Math.min(AWAITED, batch.length) - 1];
    const deadlineMs = nowMs() + LONGEST_WAIT_MS;
    while (awaited !== undefined && !signal.aborted && nowMs() < deadlineMs) {
      await waitMs(LOOK_EVERY_MS, signal);
      if (!this.#isUntold(awaited) && (await this.#isAdopted(awaited))) return;
    }
  }

  #isUntold({ uid }: MachineView): boolean {
    return this.#deps.missingRuns.has(uid);
  }

  /** A Temporal that does not answer now has not done its work. */
  #isAdopted(view: MachineView): Promise<boolean> {
    return this.#deps.runs.isAtRest(view).catch(() => false);
  }
}
