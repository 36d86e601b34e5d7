import { z } from 'zod';
import { type ObjectKey } from '../../api/meta.ts';
import { type Resource } from '../../api/resources.ts';
import {
  type CallOptions,
  type DeleteOptions,
  type ListEnd,
  type ListOptions,
  type ListPage,
  type PatchOptions,
  type WatchOptions,
  type WritableObject,
  type WriteOptions,
} from './call-options.ts';
import { isNotFound } from './error.ts';
import type { KubeconfigChoice } from './kubeconfig.ts';
import {
  collectionPathOf,
  keyOf,
  partialMetadata,
  pathOf,
  setParam,
  toQuery,
  toWrite,
  withType,
} from './request-parts.ts';
import { readListStream } from './list-stream.ts';
import { createKubeTransport, type KubeRequest } from './transport.ts';
import { readWatchEvents, type WatchEvent } from './watch.ts';

export {
  isAlreadyExists,
  isConflict,
  isExpired,
  isFailedPatchTest,
  isNotFound,
  isRefusal,
  KubeApiError,
  KubeConnectionError,
} from './error.ts';
export { type Selection } from './call-options.ts';
export { type WatchEvent } from './watch.ts';

/**
 * Typed REST client of the Kubernetes API. Every method throws KubeApiError when the server refuses,
 * KubeConnectionError when it can't be reached or is too slow, the signal's reason when aborted, and ZodError when the
 * answer doesn't fit `resource.schema`. An empty `key.namespace` addresses a cluster-scoped kind.
 */
export interface KubeClient {
  get<T>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T>;
  /** Like `get`, undefined when the object does not exist. */
  find<T>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T | undefined>;
  list(resource: Resource<unknown>, options?: ListOptions): Promise<ListPage>;
  /** As `list`, for many objects: gives some of them at a time to `take`, as they arrive. `timeoutMs` is that of any silence. */
  listInto(resource: Resource<unknown>, options: ListOptions, take: (items: unknown[]) => void): Promise<ListEnd>;
  create<T, B extends WritableObject>(resource: Resource<T>, body: B, options?: WriteOptions): Promise<T>;
  /** PUT. The body must be the whole object: what `get` answered lacks the fields that its schema does not name. */
  replace<T, B extends WritableObject>(resource: Resource<T>, body: B, options?: WriteOptions): Promise<T>;
  patch<T>(resource: Resource<T>, key: ObjectKey, body: unknown, options?: PatchOptions): Promise<T>;
  /** Server-side apply of a whole manifest, forced by default. */
  apply<T, B extends WritableObject>(
    resource: Resource<T>,
    body: B,
    options: PatchOptions & { fieldManager: string },
  ): Promise<T>;
  delete(resource: Resource<unknown>, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** Ends normally when the server ends the watch. @throws also KubeApiError 410 when resourceVersion is too old */
  watch(resource: Resource<unknown>, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Resolves when the API server says that it is ready. */
  checkReady(options?: CallOptions): Promise<void>;
  /** Drops all connections; running calls fail. */
  close(): Promise<void>;
}

export interface KubeClientOptions extends KubeconfigChoice {
  userAgent: string;
  /** Default for `CallOptions.timeoutMs`: 30 s. */
  requestTimeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_IDLE_TIMEOUT_MS = 150_000;
const patchContentTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().default(''), continue: z.string().optional() }),
  items: z
    .array(z.unknown())
    .nullish()
    .transform((items) => items ?? []),
});

function listRequest(resource: Resource<unknown>, options: ListOptions) {
  const query = toQuery(options);
  setParam(query, 'limit', options.limit);
  setParam(query, 'continue', options.continueToken);
  setParam(query, 'resourceVersion', options.notOlderThan ?? options.resourceVersion);
  if (options.notOlderThan !== undefined) query.set('resourceVersionMatch', 'NotOlderThan');
  const accept = options.metadataOnly === true ? partialMetadata('PartialObjectMetadataList') : undefined;
  return { method: 'GET', path: collectionPathOf(resource, options.namespace), query, accept } as const;
}

function endOf({ metadata: { resourceVersion, continue: token } }: z.infer<typeof listSchema>): ListEnd {
  return { resourceVersion, continueToken: token === '' ? undefined : token };
}

/** See `KubeClient`. @throws when the kubeconfig can't be read or names no cluster */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const transport = createKubeTransport(options);
  const defaultTimeoutMs = options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS;

  async function read(request: Omit<KubeRequest, 'timeoutMs'>, options: CallOptions = {}): Promise<string> {
    const { signal, timeoutMs = defaultTimeoutMs } = options;
    return transport.send({ ...request, signal, timeoutMs });
  }

  async function call(...request: Parameters<typeof read>): Promise<unknown> {
    return JSON.parse(await read(...request));
  }

  const client: KubeClient = {
    async get(resource, key, options) {
      return resource.schema.parse(await call({ method: 'GET', path: pathOf(resource, key) }, options));
    },

    async find(resource, key, options) {
      try {
        return await client.get(resource, key, options);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    async list(resource, options = {}) {
      const answer = listSchema.parse(await call(listRequest(resource, options), options));
      return { items: answer.items, ...endOf(answer) };
    },

    async listInto(resource, options, take) {
      const request = listRequest(resource, options);
      const { signal, timeoutMs = defaultTimeoutMs } = options;
      const chunks = await transport.stream({ ...request, signal, timeoutMs, idleTimeoutMs: timeoutMs });
      return endOf(listSchema.parse(await readListStream(chunks, `LIST ${request.path}`, take)));
    },

    async create(resource, body, options = {}) {
      const request = { method: 'POST', path: collectionPathOf(resource, body.metadata.namespace) } as const;
      return resource.schema.parse(
        await call({ ...request, ...toWrite(resource, withType(resource, body), options) }, options),
      );
    },

    async replace(resource, body, options = {}) {
      const request = { method: 'PUT', path: pathOf(resource, keyOf(body)) } as const;
      return resource.schema.parse(
        await call({ ...request, ...toWrite(resource, withType(resource, body), options) }, options),
      );
    },

    async patch(resource, key, body, options = {}) {
      const path = pathOf(resource, key) + (options.subresource === undefined ? '' : `/${options.subresource}`);
      const write = toWrite(resource, body, options);
      if (options.force !== undefined) write.query.set('force', String(options.force));
      const contentType = patchContentTypes[options.type ?? 'merge'];
      return resource.schema.parse(await call({ method: 'PATCH', path, contentType, ...write }, options));
    },

    async apply(resource, body, options) {
      const typed = withType(resource, body);
      return client.patch(resource, keyOf(body), typed, { force: true, ...options, type: 'apply' });
    },

    async delete(resource, key, options = {}) {
      const { preconditions, propagationPolicy } = options;
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy };
      await call({ method: 'DELETE', path: pathOf(resource, key), body }, options);
    },

    async *watch(resource, options, signal) {
      const query = toQuery(options);
      query.set('watch', 'true');
      query.set('allowWatchBookmarks', 'true');
      query.set('resourceVersion', options.resourceVersion);
      setParam(query, 'timeoutSeconds', options.timeoutSeconds);
      const accept = options.metadataOnly === true ? partialMetadata('PartialObjectMetadata') : undefined;
      const path = collectionPathOf(resource, options.namespace);
      const idleTimeoutMs = options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS;
      const timeoutMs = defaultTimeoutMs;
      const chunks = await transport.stream({ method: 'GET', path, query, accept, signal, timeoutMs, idleTimeoutMs });
      yield* readWatchEvents(chunks, `WATCH ${path}`);
    },

    async checkReady(options = {}) {
      const { signal, timeoutMs = defaultTimeoutMs } = options;
      await transport.send({ method: 'GET', path: '/readyz', accept: '*/*', signal, timeoutMs });
    },

    close: () => transport.close(),
  };
  return client;
}
