import { z } from 'zod';
import { type ObjectKey } from '../../../api/meta.ts';
import { type WatchEvent } from '../client.ts';
import { type Logger } from '../../logger.ts';
import { formatKey, parseKey } from '../object-key.ts';
import { compareVersions, createObjectStore, type Indexers, type ObjectStore, type StoreItem } from './object-store.ts';

/**
 * `current` undefined: deleted, or not readable (see `problemOf`). `previous` undefined: new here, or not readable before.
 * Must not block.
 */
export type ChangeHandler<T> = (key: ObjectKey, current: T | undefined, previous: T | undefined) => void;

/** The face of an informer's store to everybody else. */
export interface ProjectedStore<T extends StoreItem> extends Pick<ObjectStore<T>, 'get' | 'list' | 'byIndex' | 'size'> {
  /** Takes in the answer to a write of ours, and tells the handlers, unless the store knows a newer state. */
  upsert(item: T): void;
  /**
   * Why the object, which exists, cannot be read: the paths of the fields that `project` refuses, never their values.
   * Such an object is in no list; undefined: it can be read, or does not exist.
   */
  problemOf(key: ObjectKey): string | undefined;
  listUnreadable(): Iterable<ObjectKey>;
}

/** One whole list on its way into the cache. */
interface Relist {
  takePage(items: unknown[], force: boolean): void;
  /** After the last page: what was not in any of them is gone. */
  finish(resourceVersion: string, force: boolean): void;
}

export interface InformerCache<T extends StoreItem> {
  readonly store: ProjectedStore<T>;
  onChange(handler: ChangeHandler<T>): () => void;
  removeHandlers(): void;
  beginRelist(): Relist;
  /** Takes in one event; answers the resourceVersion to go on from, undefined when it names none. */
  takeEvent(event: WatchEvent): string | undefined;
  invalidCount(): number;
  handlerErrorCount(): number;
}

/** All that is kept of an object that cannot be read. */
interface Unreadable {
  resourceVersion: string;
  problem: string;
}

interface CacheOptions<T extends StoreItem> {
  project: (raw: unknown) => T;
  indexes: Indexers<T> | undefined;
  logger: Logger;
}

const headSchema = z.object({
  metadata: z.object({ name: z.string().default(''), namespace: z.string().default(''), resourceVersion: z.string() }),
});
type Head = z.infer<typeof headSchema>['metadata'];

/** The part of an informer that has no connection: projecting, storing, telling handlers. Nothing in it throws. */
export function createInformerCache<T extends StoreItem>({
  project,
  indexes,
  logger,
}: CacheOptions<T>): InformerCache<T> {
  const items = createObjectStore<T>(indexes);
  const invalid = new Map<string, Unreadable>();
  const handlers = new Set<ChangeHandler<T>>();
  let handlerErrors = 0;

  function tell(handler: ChangeHandler<T>, key: ObjectKey, current: T | undefined, previous: T | undefined): void {
    try {
      handler(key, current, previous);
    } catch (error) {
      handlerErrors++;
      logger.error({ err: error, object: formatKey(key) }, 'Change handler failed');
    }
  }

  function tellAll(key: ObjectKey, current: T | undefined, previous: T | undefined): void {
    for (const handler of handlers) tell(handler, key, current, previous);
  }

  function put(item: T, force: boolean): void {
    const key = { namespace: item.namespace, name: item.name };
    const previous = items.get(key);
    if (!items.put(item, { force })) return;
    invalid.delete(formatKey(key));
    if (previous?.resourceVersion === item.resourceVersion && previous.uid === item.uid) return;
    tellAll(key, item, previous);
  }

  function remove(key: string, resourceVersion: string): void {
    const wasInvalid = invalid.delete(key);
    const previous = items.remove(key, resourceVersion);
    if (previous !== undefined || wasInvalid) tellAll(parseKey(key), undefined, previous);
  }

  function markInvalid(head: Head, error: unknown): void {
    const key = formatKey(head);
    const known = items.get(head);
    if (known !== undefined && compareVersions(known.resourceVersion, head.resourceVersion) > 0) return;
    const before = invalid.get(key);
    if (before?.resourceVersion === head.resourceVersion) return;
    const problem = describeProblem(error);
    invalid.set(key, { resourceVersion: head.resourceVersion, problem });
    const previous = items.remove(key, head.resourceVersion);
    if (before?.problem === problem) return;
    logger.error({ problem, object: key }, 'Object cannot be read');
    tellAll(parseKey(key), undefined, previous);
  }

  function take(raw: unknown, head: Head, force: boolean): void {
    let item: T;
    try {
      item = project(raw);
    } catch (error) {
      return markInvalid(head, error);
    }
    put(item, force);
  }

  function readHead(raw: unknown): Head | undefined {
    const head = headSchema.safeParse(raw);
    if (head.success) return head.data.metadata;
    logger.error({ problem: describeProblem(head.error) }, 'Something without usable metadata was sent and is ignored');
    return undefined;
  }

  return {
    store: {
      get: (key) => items.get(key),
      list: () => items.list(),
      byIndex: (index, value) => items.byIndex(index, value),
      size: () => items.size(),
      upsert: (item) => put(item, false),
      problemOf: (key) => invalid.get(formatKey(key))?.problem,
      listUnreadable: () => Array.from(invalid.keys(), parseKey),
    },

    onChange(handler) {
      handlers.add(handler);
      for (const item of items.list()) tell(handler, { namespace: item.namespace, name: item.name }, item, undefined);
      return () => handlers.delete(handler);
    },
    removeHandlers: () => handlers.clear(),

    beginRelist() {
      const seen = new Set<string>();
      return {
        takePage(page, force) {
          for (const raw of page) {
            const head = readHead(raw);
            if (head === undefined) continue;
            seen.add(formatKey(head));
            take(raw, head, force);
          }
        },
        finish(resourceVersion, force) {
          for (const key of [...items.keys(), ...invalid.keys()]) {
            const known = items.get(parseKey(key))?.resourceVersion ?? '';
            if (!seen.has(key)) remove(key, force ? known : resourceVersion);
          }
          if (force) items.forgetDeletions();
        },
      };
    },

    takeEvent(event) {
      const head = readHead(event.object);
      if (head === undefined) return undefined;
      switch (event.type) {
        case 'BOOKMARK':
          break;
        case 'ADDED':
        case 'MODIFIED':
          take(event.object, head, false);
          break;
        case 'DELETED':
          remove(formatKey(head), head.resourceVersion);
          break;
      }
      return head.resourceVersion;
    },

    invalidCount: () => invalid.size,
    handlerErrorCount: () => handlerErrors,
  };
}

/** Each may name a place of its own; a message of a thousand characters has no room for more. */
const MAX_ISSUES = 20;

/** What is wrong with an object, without its content. */
function describeProblem(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues
      .slice(0, MAX_ISSUES)
      .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
      .join('; ')
      .slice(0, 1000);
  }
  return error instanceof Error ? error.name : 'unknown';
}
