import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Resource } from '../../api/resources.ts';
import { type KubeClient } from '../../runtime/kube/client.ts';

export interface ObjectFeedOptions<T> {
  client: KubeClient;
  resource: Resource<T>;
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  /** What stands there now, for each event and each object of a list; undefined: the object is gone. */
  onChange: (key: string, object: T | undefined) => void;
}

export interface ObjectFeed<T> {
  /** What was seen last, by `namespace/name`. */
  objects: ReadonlyMap<string, T>;
  /** Resolves when the first list was delivered. */
  synced: Promise<void>;
  stop(): Promise<void>;
}

const namedSchema = z.looseObject({ metadata: z.looseObject({ namespace: z.string().default(''), name: z.string() }) });
const versionSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) });

/** Lists and watches one kind with whole objects, over any loss of the connection. */
export function followObjects<T>(options: ObjectFeedOptions<T>): ObjectFeed<T> {
  const { client, resource, namespace, labelSelector } = options;
  const objects = new Map<string, T>();
  const ending = new AbortController();
  const { promise: synced, resolve: markSynced } = Promise.withResolvers<void>();
  const keyOf = (raw: unknown): string => {
    const { metadata } = namedSchema.parse(raw);
    return `${metadata.namespace}/${metadata.name}`;
  };
  const upsert = (raw: unknown): void => {
    const object = resource.schema.parse(raw);
    objects.set(keyOf(raw), object);
    options.onChange(keyOf(raw), object);
  };
  const drop = (key: string): void => {
    if (objects.delete(key)) options.onChange(key, undefined);
  };
  const list = async (): Promise<string> => {
    const page = await client.list(resource, { namespace, labelSelector, signal: ending.signal });
    const standing = new Set(page.items.map(keyOf));
    for (const key of objects.keys()) if (!standing.has(key)) drop(key);
    page.items.forEach(upsert);
    markSynced();
    return page.resourceVersion;
  };
  const watch = async (from: string): Promise<void> => {
    let resourceVersion = from;
    while (!ending.signal.aborted) {
      const events = client.watch(resource, { namespace, labelSelector, resourceVersion }, ending.signal);
      for await (const { type, object } of events) {
        resourceVersion = versionSchema.parse(object).metadata.resourceVersion;
        if (type === 'DELETED') drop(keyOf(object));
        else if (type !== 'BOOKMARK') upsert(object);
      }
    }
  };
  const follow = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      // Whatever ended the watch, a new list puts it right.
      await list()
        .then(watch)
        .catch(() => sleep(200, undefined, { signal: ending.signal }))
        .catch(() => undefined);
    }
    markSynced();
  };
  const ended = follow();
  return {
    objects,
    synced,
    stop: async () => {
      ending.abort();
      await ended;
    },
  };
}
