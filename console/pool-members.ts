import { keyText } from '../domain/pool/indexes.ts';

/** The hosts of each pool, found from either side. */
export class PoolMembers {
  /** By `keyText` of the host: its places, by `keyText` of the pool. */
  readonly #places = new Map<string, Map<string, number>>();

  /** Takes in the members of a pool. Answers the names of those that came, went or moved. */
  put(pool: string, namespace: string, before: readonly string[], now: readonly string[]): string[] {
    const places = new Map(now.map((name, place) => [name, place]));
    const moved = new Set(now.filter((name, place) => before[place] !== name));
    for (const name of before) {
      if (places.has(name)) continue;
      moved.add(name);
      const host = keyText({ namespace, name });
      const pools = this.#places.get(host);
      pools?.delete(pool);
      if (pools?.size === 0) this.#places.delete(host);
    }
    for (const [name, place] of places) {
      const host = keyText({ namespace, name });
      const pools = this.#places.get(host);
      if (pools === undefined) this.#places.set(host, new Map([[pool, place]]));
      else pools.set(pool, place);
    }
    return [...moved];
  }

  /** `keyText`s of the pools that name the host. */
  poolsOf(host: string): Iterable<string> {
    return this.#places.get(host)?.keys() ?? [];
  }

  /** -1: the pool does not name it. */
  placeOf(host: string, pool: string): number {
    return this.#places.get(host)?.get(pool) ?? -1;
  }
}
