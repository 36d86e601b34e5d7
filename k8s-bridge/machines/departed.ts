import type { ObjectKey } from '../../api/meta.ts';
import type { MachineRef, MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { goneSnapshot } from '../../domain/inputs/snapshot-builder.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';
import type { OpenRun } from '../runs/open-runs.ts';

/**
 * A run that removed the finalizer itself is about to end: given this time, most runs are not told at all that their
 * object is gone.
 */
export const DEPARTURE_GRACE_MS = 5_000;

export interface DepartedMachinesDeps {
  runs: Pick<MachineRuns, 'tell'>;
  /**
   * uid of the object of that key as the API server has it now; undefined: there is none. An object that only left the
   * watched selection, or that cannot be parsed any more, is not gone.
   */
  findUid: (key: ObjectKey) => Promise<string | undefined>;
  nowMs: () => number;
}

interface Departure {
  machine: MachineRef;
  /** undefined: this process never saw the object. */
  lastSeen: MachineSnapshot | undefined;
  /** The run that was listed for it; undefined: none was yet. */
  runId: string | undefined;
  sinceMs: number;
}

/** Objects that vanished from the cache and whose runs may still be open, until they are gone or seen again. */
export class DepartedMachines {
  readonly #byKey = new Map<string, Map<string, Departure>>();
  /** The listed run of each uid that was told. */
  #told = new Map<string, string>();
  readonly #deps: DepartedMachinesDeps;

  constructor(deps: DepartedMachinesDeps) {
    this.#deps = deps;
  }

  /** Notes a vanished object; what is known already is kept. */
  add(machine: MachineRef, lastSeen: MachineSnapshot | undefined, runId?: string): void {
    const key = keyText(machine);
    const departures = this.#byKey.get(key) ?? new Map<string, Departure>();
    this.#byKey.set(key, departures);
    const known = departures.get(machine.uid);
    const { namespace, name, uid } = machine;
    departures.set(uid, {
      machine: { namespace, name, uid },
      lastSeen: lastSeen ?? known?.lastSeen,
      runId: runId ?? known?.runId,
      sinceMs: known?.sinceMs ?? this.#deps.nowMs(),
    });
  }

  /**
   * Notes the open runs whose objects are not in the cache. A run that was told once, and cannot end, is told no more however
   * often it is listed; an object that is there all the same is looked for again. Answers the keys to look at.
   */
  addListed(open: readonly OpenRun[]): string[] {
    const told = this.#told;
    const untold = open.filter(({ uid, runId }) => told.get(uid) !== runId);
    this.#told = new Map(open.flatMap(({ uid, runId }) => (told.get(uid) === runId ? [[uid, runId]] : [])));
    for (const run of untold) this.add(run, undefined, run.runId);
    return untold.map(keyText);
  }

  /** Temporal has lost what the runs were told. */
  forgetTold(): void {
    this.#told.clear();
  }

  /** The object is seen again: what was noted of its departure no longer counts. */
  returned(machine: MachineRef): void {
    const departures = this.#byKey.get(keyText(machine));
    departures?.delete(machine.uid);
    if (departures?.size === 0) this.#byKey.delete(keyText(machine));
  }

  /** Tells the open runs of that key's former objects. Answers when to look again, or undefined. */
  async tellRuns(key: string): Promise<number | undefined> {
    const departures = this.#byKey.get(key);
    if (departures === undefined) return undefined;
    let lookAgainAfterMs: number | undefined;
    for (const departure of departures.values()) {
      const leftMs = departure.sinceMs + DEPARTURE_GRACE_MS - this.#deps.nowMs();
      if (leftMs > 0) lookAgainAfterMs = Math.min(lookAgainAfterMs ?? leftMs, leftMs);
      else await this.#tell(departure, departures);
    }
    if (departures.size === 0) this.#byKey.delete(key);
    return lookAgainAfterMs;
  }

  get size(): number {
    return this.#byKey.size;
  }

  async #tell({ machine, lastSeen, runId }: Departure, departures: Map<string, Departure>): Promise<void> {
    // Still there, only not to be read: when it goes at last, nothing newer will have been seen of it.
    if ((await this.#deps.findUid(machine)) === machine.uid) return;
    await this.#deps.runs.tell(machine, goneSnapshot(lastSeen));
    if (runId !== undefined) this.#told.set(machine.uid, runId);
    departures.delete(machine.uid);
  }
}
