import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { SlotHolder } from '../../domain/slots/holders.ts';
import { type SlotLimits, sum } from '../../domain/slots/queue.ts';
import type { SlotBook, SlotUse } from './book.ts';

/** Who has a slot, who is at a plan without one, and who waits. */
interface Standing {
  held: ReadonlyMap<string, SlotHolder>;
  /** Pool of each machine, by uid. */
  unlisted: ReadonlyMap<string, string>;
  queue: readonly MachineView[];
  limits: SlotLimits;
}

/** How many hosts of each pool are at a reprovision plan, or are about to be. */
export function countUse(
  held: ReadonlyMap<string, SlotHolder>,
  unlisted: ReadonlyMap<string, string>,
): ReadonlyMap<string, number> {
  const used = new Map<string, number>();
  const count = (pool: string): void => void used.set(pool, (used.get(pool) ?? 0) + 1);
  for (const { namespace, pool } of held.values()) count(keyText({ namespace, name: pool }));
  for (const pool of unlisted.values()) count(pool);
  return used;
}

/** Notes it for those who show it, and says which pools show something else now. */
export function noteUse(
  { held, unlisted, queue, limits }: Standing,
  book: SlotBook,
  enqueuePool: (key: string) => void,
): void {
  const used = countUse(held, unlisted);
  const waiting = Map.groupBy(queue, ({ namespace, pool }) => keyText({ namespace, name: pool }));
  const pools = new Map<string, SlotUse>();
  for (const [pool, limit] of limits.pools) {
    pools.set(pool, { limit, used: used.get(pool) ?? 0, waiting: waiting.get(pool)?.length ?? 0 });
  }
  const before = book.pools;
  book.holders = new Set(held.keys());
  book.pools = pools;
  book.installation =
    limits.installation === undefined
      ? undefined
      : { limit: limits.installation, used: sum(used.values()), waiting: queue.length };
  for (const pool of new Set([...before.keys(), ...pools.keys()])) {
    if (!isSameUse(before.get(pool), pools.get(pool))) enqueuePool(pool);
  }
}

function isSameUse(a: SlotUse | undefined, b: SlotUse | undefined): boolean {
  return a?.limit === b?.limit && a?.used === b?.used && a?.waiting === b?.waiting;
}
