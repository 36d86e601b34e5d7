import { type Resource } from '../../api/resources.ts';
import { type ChangeHandler, createInformerCache, type ProjectedStore } from './informer-cache.ts';
import { createPagedLister } from './list-pages.ts';
import type { Selection } from './call-options.ts';
import { isExpired, type KubeClient } from './client.ts';
import { createReconnects } from './reconnects.ts';
import { WatchProtocolError } from './watch.ts';
import { type Logger } from '../logger.ts';
import { createAwaitedVersions } from './awaited-versions.ts';
import { compareVersions, type Indexers, type StoreItem } from './object-store.ts';

export { type StoreItem } from './object-store.ts';

export interface InformerOptions<T extends StoreItem> extends Selection {
  client: KubeClient;
  resource: Resource<unknown>;
  /** Makes the small item that is kept from what the API server sent; may throw, see `Informer`. */
  project: (raw: unknown) => T;
  indexes?: Indexers<T>;
  logger: Logger;
  /** Most objects a page of a list; see `createPagedLister`. */
  pageSize?: number;
  /** See `createReconnects`. */
  reconnect?: { initialMs: number; maxMs: number };
  /** How long a watch may send nothing, not even a bookmark, and be resumed. Default 140 s. */
  silenceMs?: number;
}

export interface InformerStats {
  items: number;
  /** Objects that `project` refuses. */
  invalid: number;
  /** Begun and answered. */
  lists: number;
  watches: number;
  /** Lists and watches that failed. */
  failures: number;
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

const WATCH_MIN_SECONDS = 300;
const SHORT_WATCH_MS = 1000;
const LONG_WATCH_MS = 60_000;
// A watch of a kind at rest gets its first bookmark after two minutes (measured, Kubernetes 1.36). Below the idle timeout
// of the client, which is what ends a watch that stays silent.
const SILENCE_MS = 140_000;
// After this many in a row, what the watch sends from this resourceVersion is taken for broken.
const MAX_PROTOCOL_ERRORS = 3;

/** See `Informer`. */
export function createInformer<T extends StoreItem>(options: InformerOptions<T>): Informer<T> {
  const { client, resource } = options;
  const logger = options.logger.child({ informer: resource.plural });
  const cache = createInformerCache<T>({ project: options.project, indexes: options.indexes, logger });
  const stop = new AbortController();
  const synced = Promise.withResolvers<void>();
  synced.promise.catch(() => {});
  const counts = { lists: 0, watches: 0, failures: 0 };
  const selection = selectionOf(options);
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  let hasSynced = false;
  let loop: Promise<void> | undefined;
  /** Who waits for a list that has not begun. */
  const asked: PromiseWithResolvers<void>[] = [];
  let watching = new AbortController();
  const position: Position = { version: '', protocolErrors: 0, heard: false };
  const lister = createPagedLister<T>(options.pageSize);
  const awaited = createAwaitedVersions();
  const reconnects = createReconnects(logger, options.reconnect);
  let heardAtMs = -Infinity;

  async function listAll(lastSeen: string | undefined): Promise<string> {
    let isAnswered = false;
    const noteAnswer = (): void => {
      if (!isAnswered) counts.lists++;
      isAnswered = true;
    };
    const version = await lister.listInto(cache, lastSeen, async (page, take) => {
      const end = await client.listInto(resource, { ...selection, ...page, signal: stop.signal }, (items) => {
        noteAnswer();
        take(items);
      });
      noteAnswer();
      return end;
    });
    heardAtMs = performance.now();
    if (!hasSynced) {
      hasSynced = true;
      synced.resolve();
      logger.info({ items: cache.store.size(), invalid: cache.invalidCount() }, 'Listed');
    }
    return version;
  }

  /** Whoever asks while it lists waits for the next one. */
  async function answerAsked(list: () => Promise<string>): Promise<string> {
    const answered = asked.splice(0);
    try {
      const version = await list();
      for (const { resolve } of answered) resolve();
      return version;
    } catch (error) {
      asked.unshift(...answered);
      throw error;
    }
  }

  /** Follows changes until the server ends the watch. @throws whatever ended it otherwise */
  async function follow(): Promise<void> {
    counts.watches++;
    const timeoutSeconds = Math.round(WATCH_MIN_SECONDS * (1 + Math.random()));
    const watch = { ...selection, resourceVersion: position.version, timeoutSeconds };
    position.heard = false;
    awaited.tell(position.version);
    watching = new AbortController();
    const ended = AbortSignal.any([stop.signal, watching.signal]);
    for await (const event of client.watch(resource, watch, ended)) {
      const version = cache.takeEvent(event);
      if (version !== undefined && compareVersions(version, position.version) > 0) position.version = version;
      heardAtMs = performance.now();
      awaited.tell(position.version);
      position.protocolErrors = 0;
      position.heard = true;
      reconnects.heard();
    }
  }

  /** A watch that is silent for long waits for a version that a restored etcd has not reached yet. */
  function isSilent(begunAt: number): boolean {
    return !position.heard && performance.now() - begunAt > silenceMs;
  }

  async function run(): Promise<void> {
    let mustList = true;
    while (!stop.signal.aborted) {
      const begunAt = performance.now();
      try {
        if (mustList || asked.length > 0) {
          mustList = true;
          position.version = await answerAsked(() => listAll(position.version === '' ? undefined : position.version));
          mustList = false;
          if (asked.length > 0) continue;
        }
        await follow();
        if (performance.now() - begunAt < SHORT_WATCH_MS) await reconnects.afterShortWatch(stop.signal);
        mustList = isSilent(begunAt);
      } catch (error) {
        if (stop.signal.aborted) return;
        if (watching.signal.aborted && !mustList) continue;
        counts.failures++;
        if (performance.now() - begunAt > LONG_WATCH_MS) reconnects.lasted();
        mustList ||=
          isExpired(error) ||
          isSilent(begunAt) ||
          (error instanceof WatchProtocolError && ++position.protocolErrors >= MAX_PROTOCOL_ERRORS);
        await reconnects.afterFailure(error, mustList, stop.signal);
      }
    }
  }

  return {
    store: cache.store,
    synced: synced.promise,
    hasSynced: () => hasSynced,
    onChange: (handler) => cache.onChange(handler),
    heardMsAgo: () => performance.now() - heardAtMs,
    hasSeen: (resourceVersion, withinMs) => awaited.wait(resourceVersion, position.version, withinMs),
    removeHandlers: () => cache.removeHandlers(),
    listAgain() {
      const listed = Promise.withResolvers<void>();
      listed.promise.catch(() => {});
      if (stop.signal.aborted) listed.reject(stop.signal.reason);
      asked.push(listed);
      watching.abort(new Error('What it has heard is not trusted'));
      return listed.promise;
    },
    start() {
      loop ??= run().catch((error: unknown) => {
        if (!stop.signal.aborted) logger.error({ err: error }, 'Informer ended');
      });
    },
    async stop() {
      stop.abort(new Error('Informer stopped'));
      synced.reject(stop.signal.reason);
      await loop;
      for (const { reject } of asked) reject(stop.signal.reason);
    },
    stats: () => ({
      ...counts,
      items: cache.store.size(),
      invalid: cache.invalidCount(),
      handlerErrors: cache.handlerErrorCount(),
    }),
  };
}

interface Position {
  version: string;
  protocolErrors: number;
  /** The last watch sent something. */
  heard: boolean;
}

function selectionOf<T extends StoreItem>(options: InformerOptions<T>): Selection {
  const { namespace, labelSelector, fieldSelector, metadataOnly } = options;
  return { namespace, labelSelector, fieldSelector, metadataOnly };
}
