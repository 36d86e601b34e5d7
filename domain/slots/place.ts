import type { SlotDemand, SlotLimits } from './queue.ts';

/** Where a machine stands in the queue that it waits longest in, its pool's or the installation's. */
export interface Place {
  /** From 1. */
  place: number;
  total: number;
  /** Slots that this queue is served with. */
  slots: number;
}

/** The places of all that wait, first served first; by uid. */
export function findPlaces(queue: readonly SlotDemand[], { installation, pools }: SlotLimits): Map<string, Place> {
  const totals = new Map<string, number>();
  for (const { pool } of queue) totals.set(pool, (totals.get(pool) ?? 0) + 1);
  const reached = new Map<string, number>();
  const places = new Map<string, Place>();
  for (const [index, { uid, pool }] of queue.entries()) {
    const inPool = (reached.get(pool) ?? 0) + 1;
    reached.set(pool, inPool);
    const slots = pools.get(pool);
    const ofPool = slots === undefined ? undefined : { place: inPool, total: totals.get(pool) ?? 0, slots };
    const ofAll =
      installation === undefined ? undefined : { place: index + 1, total: queue.length, slots: installation };
    const place = longer(ofPool, ofAll);
    if (place !== undefined) places.set(uid, place);
  }
  return places;
}

function longer(a: Place | undefined, b: Place | undefined): Place | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.place / b.slots > a.place / a.slots ? b : a;
}

/**
 * A place for people, `7th of 40, about 25 min`.
 * @param tookMs how long a plan takes of late; undefined: nobody knows, and nothing is guessed
 */
export function tellPlace({ place, total, slots }: Place, tookMs: number | undefined): string {
  const where = `${ordinal(place)} of ${total}`;
  return tookMs === undefined ? where : `${where}, about ${roundTime((place / slots) * tookMs)}`;
}

const MINUTE_MS = 60_000;

/** As exact as such a guess can be: a text that changed with each second would be written again with each second. */
function roundTime(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / MINUTE_MS));
  if (minutes <= 10) return `${minutes} min`;
  if (minutes <= 90) return `${Math.ceil(minutes / 5) * 5} min`;
  return `${Math.ceil(minutes / 60)} h`;
}

function ordinal(place: number): string {
  const teen = place % 100 >= 11 && place % 100 <= 13;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place}${ending}`;
}

/**
 * Whether a place that was told is worth another word: each one wakes the machine's run, and a queue of thousands moves with
 * each host that is done.
 */
export function isNews(told: Place, now: Place): boolean {
  return Math.abs(told.place - now.place) >= Math.max(1, Math.ceil(told.place / 10));
}
