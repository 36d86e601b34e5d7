import { createHash } from 'node:crypto';
import type { ObjectKey } from '../../../api/meta.ts';
import type { NodeApi } from '../../../dev/host/node/kubelet.ts';
import type { NodeIdentity } from '../../../dev/host/node/identity.ts';
import type { PlanSecret, PlanSecretApi, PlanSecretFeed } from '../../../dev/elemental/plan-secret.ts';
import { readText, toValue } from '../../../dev/elemental/plan-secret.ts';

class MemoryApiError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`HTTP ${code}`);
    this.code = code;
  }
}

export interface MemoryPlanSecrets extends PlanSecretApi, PlanSecretFeed {
  /** Every PUT that was accepted, oldest first. */
  puts: PlanSecret[];
  /** Somebody else's write: texts; null removes a key. Delivers an event. */
  edit(key: ObjectKey, texts: Record<string, string | null>, notes?: Record<string, string>): PlanSecret;
  /** Text of a key as it stands. */
  text(key: ObjectKey, name: string): string;
  recreate(key: ObjectKey, plan: string): void;
}

/** Plan Secrets with resourceVersions, conflicts and events, without a server. */
export function createMemoryPlanSecrets(): MemoryPlanSecrets {
  const standing = new Map<string, PlanSecret>();
  const listeners = new Map<string, Set<(secret: PlanSecret | undefined) => void>>();
  const puts: PlanSecret[] = [];
  let version = 0;
  let uids = 0;
  const idOf = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`;
  const read = (key: ObjectKey): PlanSecret => {
    const secret = standing.get(idOf(key));
    if (secret === undefined) throw new MemoryApiError(404);
    return secret;
  };
  const store = (secret: PlanSecret): PlanSecret => {
    version += 1;
    const stored = { ...secret, metadata: { ...secret.metadata, resourceVersion: String(version) } };
    standing.set(idOf(stored.metadata), stored);
    queueMicrotask(() => listeners.get(idOf(stored.metadata))?.forEach((listener) => listener(stored)));
    return stored;
  };
  return {
    puts,
    get: async (key) => read(key),
    put: async (secret) => {
      if (read(secret.metadata).metadata.resourceVersion !== secret.metadata.resourceVersion)
        throw new MemoryApiError(409);
      const stored = store(secret);
      puts.push(stored);
      return stored;
    },
    edit: (key, texts, notes = {}) => {
      const secret = read(key);
      const data = { ...secret.data };
      for (const [name, text] of Object.entries(texts)) {
        if (text === null) delete data[name];
        else data[name] = toValue(text);
      }
      const annotations = { ...secret.metadata.annotations, ...notes };
      return store({ ...secret, metadata: { ...secret.metadata, annotations }, data });
    },
    text: (key, name) => readText(read(key).data, name),
    recreate: (key, plan) => {
      uids += 1;
      store({ metadata: { ...key, uid: `uid-${uids}`, resourceVersion: '' }, data: { plan: toValue(plan) } });
    },
    subscribe: (key, onChange) => {
      const all = listeners.get(idOf(key)) ?? new Set();
      listeners.set(idOf(key), all.add(onChange));
      const secret = standing.get(idOf(key));
      if (secret !== undefined) onChange(secret);
      return () => all.delete(onChange);
    },
  };
}

/** A workload cluster that only knows Nodes. */
export function createMemoryNodes(): NodeApi & { registered: Map<string, NodeIdentity>; heartbeats: number } {
  const registered = new Map<string, NodeIdentity>();
  const api = {
    registered,
    heartbeats: 0,
    register: async (identity: NodeIdentity) => void registered.set(identity.name, identity),
    heartbeat: async (name: string) => {
      api.heartbeats += 1;
      return registered.has(name);
    },
  };
  return api;
}

/** sha256 hex of a plan's text. */
export function checksumOf(plan: string): string {
  return createHash('sha256').update(plan).digest('hex');
}

/** Keys that every plan of ours resets in its one patch. */
export function freshPlan(plan: string): Record<string, string | null> {
  return {
    plan,
    'applied-checksum': '',
    'failed-checksum': '',
    'failed-output': '',
    'applied-output': '',
    'failure-count': '0',
    'max-failures': '1',
    'plan-state': null,
    'plan-revision': null,
  };
}
