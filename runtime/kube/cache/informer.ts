import { type ChangeHandler, createInformerCache, type ProjectedStore } from './informer-cache.ts';
import type { Indexers, StoreItem } from './object-store.ts';
import { createReflector, type ReflectorOptions, type ReflectorStats } from './reflector.ts';

export { type StoreItem } from './object-store.ts';

export interface InformerOptions<T extends StoreItem> extends ReflectorOptions {
  /** Makes the small item that is kept from what the API server sent; may throw, see `Informer`. */
  project: (raw: unknown) => T;
  indexes?: Indexers<T>;
}

export interface InformerStats extends ReflectorStats {
  items: number;
  /** Objects that `project` refuses. */
  invalid: number;
  handlerErrors: number;
}

/**
 * A cache of one kind that keeps itself up to date for as long as it runs. Whatever fails (the connection, a page, a
 * line, `project`, a handler) is logged and counted and never ends it. An object that `project` refuses is
 * unreadable, which is not absent: see `problemOf`.
 */
export interface Informer<T extends StoreItem> {
  readonly store: ProjectedStore<T>;
  /** Resolves after the first whole list; rejects when stopped before. */
  readonly synced: Promise<void>;
  hasSynced(): boolean;
  /** Calls the handler for each item that is there and then for each change; returns how to end that. */
  onChange(handler: ChangeHandler<T>): () => void;
  /**
   * Waits until the cache holds whatever was written to this kind before that write of an object of it, which is what a list
   * with `resourceVersionMatch=NotOlderThan` says. False: not within `withinMs`; the watch may stand still.
   */
  hasSeen(resourceVersion: string, withinMs: number): Promise<boolean>;
  /** Since the API server sent something of this kind, a list, a change or a bookmark; Infinity: it has not yet. */
  heardMsAgo(): number;
  /** No handler is called any more. */
  removeHandlers(): void;
  /**
   * Trusts nothing that it has heard and lists once more; resolves after a whole list that began after the call, rejects when
   * stopped before. The cache serves what it holds meanwhile.
   */
  listAgain(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
  stats(): InformerStats;
}

/** See `Informer`. */
export function createInformer<T extends StoreItem>({
  project,
  indexes,
  ...reflected
}: InformerOptions<T>): Informer<T> {
  const logger = reflected.logger.child({ informer: reflected.resource.plural });
  const cache = createInformerCache<T>({ project, indexes, logger });
  const synced = Promise.withResolvers<void>();
  synced.promise.catch(() => {});
  let hasSynced = false;
  const reflector = createReflector({ ...reflected, logger }, cache, () => {
    if (hasSynced) return;
    hasSynced = true;
    synced.resolve();
    logger.info({ items: cache.store.size(), invalid: cache.invalidCount() }, 'Listed');
  });

  return {
    store: cache.store,
    synced: synced.promise,
    hasSynced: () => hasSynced,
    onChange: (handler) => cache.onChange(handler),
    heardMsAgo: () => reflector.heardMsAgo(),
    hasSeen: (resourceVersion, withinMs) => reflector.hasSeen(resourceVersion, withinMs),
    removeHandlers: () => cache.removeHandlers(),
    listAgain: () => reflector.listAgain(),
    start: () => reflector.start(),
    async stop() {
      synced.reject(new Error('Informer stopped'));
      await reflector.stop();
    },
    stats: () => ({
      ...reflector.stats(),
      items: cache.store.size(),
      invalid: cache.invalidCount(),
      handlerErrors: cache.handlerErrorCount(),
    }),
  };
}
