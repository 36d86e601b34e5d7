import type { ObjectKey } from '../../api/meta.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { isNews, type Place, tellPlace } from '../../domain/slots/place.ts';

/** A place is told again after this time, if it has moved: each time wakes the machine's run. */
export const TELL_AFTER_MS = 60_000;
/** So many of the last plans of a pool say how long the next one takes. */
const RECENT_PLANS = 5;

interface Told extends ObjectKey {
  place: Place;
  text: string;
  atMs: number;
}

/** What each machine that waits was told of its place. Lost with the bridge: the next one tells all once more. */
export class Places {
  /** By uid. */
  readonly #told = new Map<string, Told>();

  /** undefined: it does not wait, or it is its turn. */
  textOf(uid: string): string | undefined {
    return this.#told.get(uid)?.text;
  }

  /**
   * Takes in where all stand that wait now. Answers the keys of the machines that are to be told, and when others will be.
   */
  update(
    places: ReadonlyMap<MachineView, Place>,
    tookMs: (machine: MachineView) => number | undefined,
    nowMs: number,
  ): { changed: string[]; nextMs: number } {
    const changed: string[] = [];
    let nextMs = Infinity;
    const waiting = new Set(Array.from(places.keys(), ({ uid }) => uid));
    for (const [uid, told] of this.#told) {
      if (waiting.has(uid)) continue;
      this.#told.delete(uid);
      changed.push(keyText(told));
    }
    for (const [machine, place] of places) {
      const { uid, namespace, name } = machine;
      const told = this.#told.get(uid);
      if (told !== undefined && !isNews(told.place, place)) continue;
      const dueMs = told === undefined ? nowMs : told.atMs + TELL_AFTER_MS;
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      this.#told.set(uid, { namespace, name, place, text: tellPlace(place, tookMs(machine)), atMs: nowMs });
      changed.push(keyText(machine));
    }
    return { changed, nextMs };
  }
}

/** How long the last plans took that hosts of the pool applied, by its machines: the median. undefined: none tells. */
export function recentPlanMs(machines: Iterable<MachineView>): number | undefined {
  const recent = [...machines]
    .flatMap(({ lastPlan }) => lastPlan ?? [])
    .toSorted((a, b) => b.appliedAtMs - a.appliedAtMs)
    .slice(0, RECENT_PLANS)
    .map(({ tookMs }) => tookMs)
    .toSorted((a, b) => a - b);
  return recent[Math.floor(recent.length / 2)];
}
