import type { Resource } from '../../../api/resources.ts';
import type { Logger } from '../../logger.ts';
import type { Selection } from '../call-options.ts';
import { isExpired, type KubeClient } from '../client.ts';
import { WatchProtocolError } from '../watch.ts';
import { createAwaitedVersions } from './awaited-versions.ts';
import type { InformerCache } from './informer-cache.ts';
import { createPagedLister } from './list-pages.ts';
import { compareVersions, type StoreItem } from './object-store.ts';
import { createReconnects } from './reconnects.ts';

export interface ReflectorOptions extends Selection {
  client: KubeClient;
  resource: Resource<unknown>;
  logger: Logger;
  /** Most objects a page of a list; see `createPagedLister`. */
  pageSize?: number;
  /** See `createReconnects`. */
  reconnect?: { initialMs: number; maxMs: number };
  /** How long a watch may send nothing, not even a bookmark, and be resumed. Default 140 s. */
  silenceMs?: number;
}

/** Lists one kind into a cache, then watches it, again and again; client-go's word. Nothing that fails ends it. */
export interface Reflector {
  start(): void;
  stop(): Promise<void>;
  /** See `Informer`. */
  hasSeen(resourceVersion: string, withinMs: number): Promise<boolean>;
  /** See `Informer`. */
  heardMsAgo(): number;
  /** See `Informer`. */
  listAgain(): Promise<void>;
  stats(): ReflectorStats;
}

export interface ReflectorStats {
  /** Begun and answered. */
  lists: number;
  watches: number;
  /** Lists and watches that failed. */
  failures: number;
}

const WATCH_MIN_SECONDS = 300;
const SHORT_WATCH_MS = 1000;
const LONG_WATCH_MS = 60_000;
// A watch of a kind at rest gets its first bookmark after two minutes (measured, Kubernetes 1.36). Below the idle timeout
// of the client, which is what ends a watch that stays silent.
const SILENCE_MS = 140_000;
// After this many in a row, what the watch sends from this resourceVersion is taken for broken.
const MAX_PROTOCOL_ERRORS = 3;

/**
 * See `Reflector`.
 * @param onListed after each whole list
 */
export function createReflector<T extends StoreItem>(
  { client, resource, logger, pageSize, reconnect, silenceMs = SILENCE_MS, ...selection }: ReflectorOptions,
  cache: InformerCache<T>,
  onListed: () => void,
): Reflector {
  const stop = new AbortController();
  const counts = { lists: 0, watches: 0, failures: 0 };
  /** Who waits for a list that has not begun. */
  const asked: PromiseWithResolvers<void>[] = [];
  const position: Position = { version: '', protocolErrors: 0, heard: false };
  const lister = createPagedLister<T>(pageSize);
  const awaited = createAwaitedVersions();
  const reconnects = createReconnects(logger, reconnect);
  let watching = new AbortController();
  let heardAtMs = -Infinity;
  let running: Promise<void> | undefined;

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
    onListed();
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
    start() {
      running ??= run().catch((error: unknown) => {
        if (!stop.signal.aborted) logger.error({ err: error }, 'Informer ended');
      });
    },
    async stop() {
      stop.abort(new Error('Informer stopped'));
      await running;
      for (const { reject } of asked) reject(stop.signal.reason);
    },
    heardMsAgo: () => performance.now() - heardAtMs,
    hasSeen: (resourceVersion, withinMs) => awaited.wait(resourceVersion, position.version, withinMs),
    listAgain() {
      const listed = Promise.withResolvers<void>();
      listed.promise.catch(() => {});
      if (stop.signal.aborted) listed.reject(stop.signal.reason);
      asked.push(listed);
      watching.abort(new Error('What it has heard is not trusted'));
      return listed.promise;
    },
    stats: () => ({ ...counts }),
  };
}

interface Position {
  version: string;
  protocolErrors: number;
  /** The last watch sent something. */
  heard: boolean;
}
