import type { ObjectKey } from '../../api/meta.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';

/** Read side of an informer's store. */
export interface ReadStore<T> {
  get(key: ObjectKey): T | undefined;
  list(): Iterable<T>;
  byIndex(index: string, value: string): Iterable<T>;
  /** Why an object that exists cannot be read; undefined: it can, or there is none. */
  problemOf(key: ObjectKey): string | undefined;
  /** The objects that exist and cannot be read. */
  listUnreadable(): Iterable<ObjectKey>;
}

/** A store that takes the answers to own writes, so that the next look does not see the state before them. */
export interface WritableStore<T> extends ReadStore<T> {
  upsert(item: T): void;
}

/** The one verb of the Kubernetes API that the pool and cluster reconcilers need. */
export type Patcher = Pick<KubeClient, 'patch'>;

export interface ReconcileResult {
  /** Look at the object again after this time, even if nothing changes. */
  requeueAfterMs?: number;
}

/** After a conflict the cache needs a moment to catch up. */
export const CONFLICT_REQUEUE_MS = 100;

/** The part of a logger that reconcilers use. */
export interface ReconcilerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
