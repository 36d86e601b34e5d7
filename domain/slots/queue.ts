import { compareAge } from '../pool/ownership.ts';

/** A machine that has all that its plan needs, but for a slot. */
export interface SlotDemand {
  uid: string;
  /** `keyText` of its pool. */
  pool: string;
  name: string;
  /** RFC 3339, seconds. */
  creationTimestamp: string;
  isControlPlane: boolean;
}

/** How many hosts may be at a reprovision plan at a time. */
export interface SlotLimits {
  /** Of the whole installation; undefined: as many as there are. */
  installation: number | undefined;
  /** By `keyText` of the pool; those that are not in here have none. */
  pools: ReadonlyMap<string, number>;
}

/** Who is served first: control planes, then the oldest. */
export function compareDemand(a: SlotDemand, b: SlotDemand): number {
  if (a.isControlPlane !== b.isControlPlane) return a.isControlPlane ? -1 : 1;
  return compareAge(a, b) || compareText(a.uid, b.uid);
}

/**
 * Who gets a slot now. Never more than any limit leaves, and never fewer: a pool that is full holds nobody of another pool up.
 * @param used slots that are held now, by pool
 * @param queue first served first
 */
export function grantSlots(
  limits: SlotLimits,
  used: ReadonlyMap<string, number>,
  queue: readonly SlotDemand[],
): SlotDemand[] {
  const inUse = new Map(used);
  let left = (limits.installation ?? Infinity) - sum(used.values());
  const granted: SlotDemand[] = [];
  for (const demand of queue) {
    const ofPool = inUse.get(demand.pool) ?? 0;
    if (left <= 0) break;
    if (ofPool >= (limits.pools.get(demand.pool) ?? Infinity)) continue;
    inUse.set(demand.pool, ofPool + 1);
    left -= 1;
    granted.push(demand);
  }
  return granted;
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
