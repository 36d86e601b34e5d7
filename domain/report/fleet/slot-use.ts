import type { PoolView } from '../../inputs/pool-view.ts';

/** How the limit of a pool is used, as its status says; undefined: it has none. */
export function tellSlots({ maxConcurrentReprovisions: limit, slots }: PoolView): string | undefined {
  if (limit === undefined) return undefined;
  const { used = 0, waiting = 0 } = slots ?? {};
  const waits = waiting === 1 ? '1 machine waits' : `${waiting} machines wait`;
  return `${used} of ${limit} slots to reprovision a host are used, ${waits} for one`;
}
