import type { ObjectKey } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { Patcher, WritableStore } from '../../k8s-bridge/reconcile/ports.ts';
import { KubeApiError } from '../../runtime/kube/client.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';

interface RawObject {
  metadata: { namespace: string; name: string; resourceVersion?: string; [field: string]: unknown };
  [field: string]: unknown;
}
type Json = Record<string, unknown>;

/** One write that a fake API server took, or refused with `code`. */
export interface FakeWrite {
  resource: string;
  name: string;
  body: unknown;
  subresource: 'status' | undefined;
  code: number;
}

export interface FakeObjects extends Patcher {
  put<T>(resource: Resource<T>, object: RawObject): T;
  read<T>(resource: Resource<T>, key: ObjectKey): T;
  /** undefined: it is not there. */
  find<T>(resource: Resource<T>, key: ObjectKey): T | undefined;
  delete(resource: Resource<unknown>, key: ObjectKey): void;
  readonly writes: FakeWrite[];
  /** Refuses each patch of the named object with this code; undefined: no more. */
  refuse(name: string, code: number | undefined): void;
}

/** The part of an API server that merge patches need: resourceVersions, conflicts, a separate status. */
export function createFakeObjects(): FakeObjects {
  const objects = new Map<string, RawObject>();
  const refusals = new Map<string, number>();
  const writes: FakeWrite[] = [];
  let version = 100;

  const idOf = (resource: Resource<unknown>, { namespace, name }: ObjectKey): string =>
    `${resource.plural}/${namespace}/${name}`;
  const store = (id: string, object: RawObject): RawObject => {
    version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    objects.set(id, stored);
    return stored;
  };
  const check = (resource: Resource<unknown>, key: ObjectKey, body: unknown): number => {
    const current = objects.get(idOf(resource, key));
    if (current === undefined) return 404;
    const expected = asRecord(asRecord(body).metadata).resourceVersion;
    if (expected !== undefined && expected !== current.metadata.resourceVersion) return 409;
    return refusals.get(key.name) ?? 200;
  };

  return {
    writes,
    put: (resource, object) => {
      const typed = { apiVersion: `${resource.group}/${resource.version}`, kind: resource.kind, ...object };
      return resource.schema.parse(store(idOf(resource, object.metadata), typed));
    },
    read: (resource, key) => resource.schema.parse(objects.get(idOf(resource, key))),
    find: (resource, key) => {
      const found = objects.get(idOf(resource, key));
      return found && resource.schema.parse(found);
    },
    delete: (resource, key) => objects.delete(idOf(resource, key)),
    refuse: (name, code) => (code === undefined ? refusals.delete(name) : refusals.set(name, code)),
    patch: async (resource, key, body, options) => {
      const code = check(resource, key, body);
      const { subresource } = options ?? {};
      writes.push({ resource: resource.plural, name: key.name, body, subresource, code });
      const current = objects.get(idOf(resource, key));
      if (current === undefined || code !== 200) throw new KubeApiError(code, '', `refused with ${code}`);
      if (Array.isArray(body)) return resource.schema.parse(store(idOf(resource, key), jsonPatch(current, body)));
      const { status, ...rest } = asRecord(body);
      const applied = subresource === 'status' ? { status } : rest;
      const merged = { ...current, ...asRecord(mergePatch(current, applied)), metadata: current.metadata };
      const metadata = { ...current.metadata, ...asRecord(mergePatch(current.metadata, asRecord(rest.metadata))) };
      return resource.schema.parse(store(idOf(resource, key), { ...merged, metadata }));
    },
  };
}

/** RFC 6902, as far as annotations and metadata need it. */
function jsonPatch(object: RawObject, operations: readonly unknown[]): RawObject {
  let patched: Json = object;
  for (const operation of operations) {
    const { op, path, value } = asRecord(operation);
    const steps = String(path)
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    patched = changeAt(patched, steps, (place, key) => {
      if (op === 'add') place[key] = value;
      else if (op === 'test' ? place[key] !== value : !(key in place)) throw failedTest();
      else if (op === 'remove') delete place[key];
    });
  }
  return { ...object, ...patched };
}

function changeAt(object: Json, [step = '', ...deeper]: string[], change: (place: Json, key: string) => void): Json {
  const copy = { ...object };
  if (deeper.length === 0) change(copy, step);
  else copy[step] = changeAt(asRecord(copy[step]), deeper, change);
  return copy;
}

function failedTest(): KubeApiError {
  return new KubeApiError(422, '', 'the server rejected our request due to an error in our request');
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Json = { ...asRecord(target) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = mergePatch(result[key], value);
  }
  return result;
}

function asRecord(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** A store without an informer. */
export function createMemoryStore<T extends ObjectKey>(
  indexes: Record<string, (item: T) => string | undefined> = {},
): WritableStore<T> & { remove(key: ObjectKey): void; spoil(key: ObjectKey, problem: string): void } {
  const items = new Map<string, T>();
  const problems = new Map<string, string>();
  const idOf = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`;
  return {
    get: (key) => items.get(idOf(key)),
    list: () => items.values(),
    byIndex: (index, value) => [...items.values()].filter((item) => indexes[index]?.(item) === value),
    problemOf: (key) => problems.get(idOf(key)),
    listUnreadable: () => Array.from(problems.keys(), parseKey),
    upsert: (item) => {
      problems.delete(idOf(item));
      items.set(idOf(item), item);
    },
    remove: (key) => items.delete(idOf(key)),
    spoil: (key, problem) => {
      items.delete(idOf(key));
      problems.set(idOf(key), problem);
    },
  };
}
