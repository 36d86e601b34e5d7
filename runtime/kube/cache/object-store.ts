import { type ObjectKey } from '../../../api/meta.ts';
import { formatKey } from '../object-key.ts';

/** What a store must know of an item. */
export interface StoreItem {
  namespace: string;
  name: string;
  resourceVersion: string;
  uid?: string | undefined;
}

/** How an item enters an index; undefined keeps it out. */
export type Indexers<T> = Record<string, (item: T) => string | undefined>;

/** Items by key and by index, never replaced by an older state of themselves. */
export interface ObjectStore<T extends StoreItem> {
  get(key: ObjectKey): T | undefined;
  list(): IterableIterator<T>;
  /** Items whose index function answers `value`, in no order. @throws when there is no such index */
  byIndex(index: string, value: string): T[];
  size(): number;
  /**
   * Takes a state in. False when the store holds the same or a newer one, or saw the object deleted later than that.
   * `force` takes it in any case: the history of the API server went backwards.
   */
  put(item: T, options?: { force?: boolean }): boolean;
  /** Forgets an item that was deleted at `resourceVersion`; undefined when it was not there or is newer than that. */
  remove(key: string, resourceVersion: string): T | undefined;
  /** Forgets when items were deleted: the history of the API server went backwards. */
  forgetDeletions(): void;
  /** The keys of all items, as `namespace/name`. */
  keys(): IterableIterator<string>;
}

/** Most values have one item, and a Set for each of them would be a quarter of what an object costs. */
type Keys = string | Set<string>;

// A late answer to a write of ours arrives within seconds of the deletion; this many deletions are remembered.
const MAX_TOMBSTONES = 2000;

/** See `ObjectStore`. */
export function createObjectStore<T extends StoreItem>(indexers: Indexers<T> = {}): ObjectStore<T> {
  const items = new Map<string, T>();
  const deletedAt = new Map<string, string>();
  const indexes = new Map(Object.entries(indexers).map(([name, of]) => [name, { of, keys: new Map<string, Keys>() }]));

  function index(key: string, item: T): void {
    for (const { of, keys } of indexes.values()) {
      const value = of(item);
      if (value === undefined) continue;
      const found = keys.get(value);
      if (found === undefined) keys.set(value, key);
      else if (typeof found === 'object') found.add(key);
      else if (found !== key) keys.set(value, new Set([found, key]));
    }
  }

  function unindex(key: string, item: T): void {
    for (const { of, keys } of indexes.values()) {
      const value = of(item);
      const found = value === undefined ? undefined : keys.get(value);
      if (value === undefined || found === undefined) continue;
      if (typeof found === 'object') found.delete(key);
      if (found === key || (typeof found === 'object' && found.size === 0)) keys.delete(value);
    }
  }

  function isStale(key: string, resourceVersion: string): boolean {
    const known = items.get(key)?.resourceVersion;
    if (known !== undefined) return compareVersions(resourceVersion, known) <= 0;
    const deleted = deletedAt.get(key);
    return deleted !== undefined && compareVersions(resourceVersion, deleted) <= 0;
  }

  return {
    get: (key) => items.get(formatKey(key)),
    list: () => items.values(),
    keys: () => items.keys(),
    size: () => items.size,
    forgetDeletions: () => deletedAt.clear(),

    byIndex(name, value) {
      const found = indexes.get(name);
      if (found === undefined) throw new Error(`No index '${name}'`);
      const keys = found.keys.get(value) ?? [];
      return (typeof keys === 'string' ? [keys] : [...keys]).flatMap((key) => items.get(key) ?? []);
    },

    put(item, options = {}) {
      const key = formatKey(item);
      if (options.force !== true && isStale(key, item.resourceVersion)) return false;
      const previous = items.get(key);
      if (previous !== undefined) unindex(key, previous);
      items.set(key, item);
      index(key, item);
      deletedAt.delete(key);
      return true;
    },

    remove(key, resourceVersion) {
      const item = items.get(key);
      if (item !== undefined && compareVersions(item.resourceVersion, resourceVersion) > 0) return undefined;
      const deletedBefore = deletedAt.get(key);
      if (deletedBefore === undefined || compareVersions(resourceVersion, deletedBefore) > 0) {
        deletedAt.delete(key);
        deletedAt.set(key, resourceVersion);
      }
      if (deletedAt.size > MAX_TOMBSTONES) {
        const [oldest] = deletedAt.keys();
        if (oldest !== undefined) deletedAt.delete(oldest);
      }
      if (item === undefined) return undefined;
      items.delete(key);
      unindex(key, item);
      return item;
    },
  };
}

/** Order of two resourceVersions (decimal numbers); one that is no number counts as newer than anything. */
export function compareVersions(left: string, right: string): number {
  if (left === right) return 0;
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return 1;
  return BigInt(left) < BigInt(right) ? -1 : 1;
}
