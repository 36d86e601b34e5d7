import type { ListEnd, ListOptions } from '../call-options.ts';
import type { InformerCache } from './informer-cache.ts';
import { compareVersions, type StoreItem } from './object-store.ts';

/** Reads a page, and gives its items to `take` as they arrive. */
export type ReadPage = (
  page: Pick<ListOptions, 'limit' | 'continueToken'>,
  take: (items: unknown[]) => void,
) => Promise<ListEnd>;

/** Reads whole lists into a cache. */
export interface PagedLister<T extends StoreItem> {
  /**
   * Answers the list's resourceVersion.
   * @param lastSeen the newest one that was seen before
   * @throws what `readPage` throws, also when the list grew too old midway: begin again
   */
  listInto(cache: InformerCache<T>, lastSeen: string | undefined, readPage: ReadPage): Promise<string>;
}

/**
 * All at once, if it can be had: the API server reads a first page from its memory, and those that follow from etcd once the
 * kind has not changed for some minutes, at several times the cost (ADR 39).
 */
const WHOLE = 100_000;
/** The API server cuts an answer after a minute. One that was cut so late is asked for in pages of half of what came through. */
const SLOW_MS = 30_000;
const MIN_ITEMS = 100;

/** See `PagedLister`; never more than `maxItems` a page. */
export function createPagedLister<T extends StoreItem>(
  maxItems = WHOLE,
  nowMs = () => performance.now(),
): PagedLister<T> {
  let limit = maxItems;

  async function takePages(readPage: ReadPage, take: (items: unknown[]) => void): Promise<string> {
    let continueToken: string | undefined;
    for (;;) {
      let taken = 0;
      const begunAtMs = nowMs();
      const count = (items: unknown[]): void => {
        taken += items.length;
        take(items);
      };
      const end = await readPage({ limit, continueToken }, count).catch((error: unknown) => {
        const isSlow = taken > 0 && nowMs() - begunAtMs > SLOW_MS;
        if (isSlow) limit = Math.min(limit, Math.max(Math.floor(taken / 2), MIN_ITEMS));
        throw error;
      });
      continueToken = end.continueToken;
      if (continueToken === undefined) return end.resourceVersion;
    }
  }

  return {
    async listInto(cache, lastSeen, readPage) {
      for (let force = false; ; force = true) {
        const relist = cache.beginRelist();
        const version = await takePages(readPage, (items) => relist.takePage(items, force));
        // Older than what was seen before: the cluster was restored from a backup, and the cache must follow it back.
        const isOlder = lastSeen !== undefined && compareVersions(version, lastSeen) < 0;
        if (isOlder && !force) continue;
        relist.finish(version, force);
        return version;
      }
    },
  };
}
