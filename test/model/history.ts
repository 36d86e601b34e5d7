import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { baremetalMachines, machineInventoryPools, type Resource, secrets } from '../../api/resources.ts';
import { type PlanSecretView, viewPlanSecret } from '../../domain/plan/secret.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { type Inventory, recordedInventories } from './recorded-inventory.ts';

export type Machine = z.infer<typeof baremetalMachines.schema>;
export type Pool = z.infer<typeof machineInventoryPools.schema>;
export type { Inventory };

/** A state in which an object once was; `gone`: its last one. */
export type ObjectState =
  | { kind: 'machine'; object: Machine }
  | { kind: 'pool'; object: Pool }
  | { kind: 'host'; object: Inventory }
  | { kind: 'plan'; object: PlanSecretView };

export type HistoryEntry = ObjectState & {
  /** Orders the states of all objects of the API server. */
  revision: bigint;
  gone: boolean;
  /** Step of the sequence during which it was seen. */
  step: number;
  seenAtMs: number;
};

/** All that happens to machines, pools, hosts and plan Secrets of a namespace. */
export interface History {
  /** As they are now, by name. */
  machines: ReadonlyMap<string, Machine>;
  pools: ReadonlyMap<string, Pool>;
  hosts: ReadonlyMap<string, Inventory>;
  plans: ReadonlyMap<string, PlanSecretView>;
  /** Entries seen from now on belong to this step. */
  beginStep(step: number): void;
  /** What has not been taken yet, in order, and so old that nothing older can still come. */
  take(): HistoryEntry[];
  /** What is left, in order, however new. */
  takeAll(): HistoryEntry[];
  /** Whether all that was seen has been taken. */
  isTaken(): boolean;
  /** Milliseconds since something was last seen. */
  quietMs(): number;
  stop(): Promise<void>;
}

/** Four watches may bring what belongs together this far apart. */
export const WATCH_LAG_MS = 1_000;

/** Records from now on. @throws when the first list fails */
export async function recordHistory(client: KubeClient, namespace: string): Promise<History> {
  const ending = new AbortController();
  const machines = new Map<string, Machine>();
  const pools = new Map<string, Pool>();
  const hosts = new Map<string, Inventory>();
  const plans = new Map<string, PlanSecretView>();
  let waiting: HistoryEntry[] = [];
  let [step, lastSeenAtMs] = [0, performance.now()];
  const note = (state: ObjectState, gone: boolean): void => {
    const { object } = state;
    const { resourceVersion } = 'metadata' in object ? object.metadata : object;
    lastSeenAtMs = performance.now();
    waiting.push({ ...state, revision: BigInt(resourceVersion), gone, step, seenAtMs: lastSeenAtMs });
  };
  const keep = <T>(known: Map<string, T>, name: string, object: T, gone: boolean): void => {
    if (gone) known.delete(name);
    else known.set(name, object);
  };
  const common = { client, namespace, signal: ending.signal };
  const watches = await Promise.all([
    watchKind({ ...common, resource: baremetalMachines }, (object, gone) => {
      keep(machines, object.metadata.name, object, gone);
      note({ kind: 'machine', object }, gone);
    }),
    watchKind({ ...common, resource: machineInventoryPools }, (object, gone) => {
      keep(pools, object.metadata.name, object, gone);
      note({ kind: 'pool', object }, gone);
    }),
    watchKind({ ...common, resource: recordedInventories }, (object, gone) => {
      keep(hosts, object.metadata.name, object, gone);
      note({ kind: 'host', object }, gone);
    }),
    watchKind({ ...common, resource: secrets, labelSelector: 'elemental.cattle.io/managed=true' }, (secret, gone) => {
      const object = viewPlanSecret(secret);
      keep(plans, object.name, object, gone);
      note({ kind: 'plan', object }, gone);
    }),
  ]);
  return {
    machines,
    pools,
    hosts,
    plans,
    beginStep: (next) => (step = next),
    take() {
      const settledMs = performance.now() - WATCH_LAG_MS;
      const settled = waiting.filter(({ seenAtMs }) => seenAtMs <= settledMs);
      const upTo = settled.reduce((latest, { revision }) => (revision > latest ? revision : latest), 0n);
      const taken = waiting.filter(({ revision }) => revision <= upTo);
      waiting = waiting.filter(({ revision }) => revision > upTo);
      return inOrder(taken);
    },
    takeAll: () => inOrder(waiting.splice(0)),
    isTaken: () => waiting.length === 0,
    quietMs: () => performance.now() - lastSeenAtMs,
    async stop() {
      ending.abort();
      await Promise.all(watches.map(({ ended }) => ended));
    },
  };
}

function inOrder(entries: readonly HistoryEntry[]): HistoryEntry[] {
  return entries.toSorted((one, other) => Number(one.revision - other.revision));
}

interface KindWatch<T> {
  client: KubeClient;
  namespace: string;
  resource: Resource<T>;
  labelSelector?: string;
  signal: AbortSignal;
}

/** Every state from the first list on. The API server does not end a watch within half an hour; if it does, that is an error. */
async function watchKind<T extends { metadata: { resourceVersion: string } }>(
  { client, signal, resource, ...selection }: KindWatch<T>,
  onState: (object: T, gone: boolean) => void,
): Promise<{ ended: Promise<void> }> {
  const { items, resourceVersion } = await client.list(resource, selection);
  for (const item of items) onState(resource.schema.parse(item), false);
  const follow = async (): Promise<void> => {
    let from = resourceVersion;
    while (!signal.aborted) {
      try {
        for await (const { type, object } of client.watch(resource, { ...selection, resourceVersion: from }, signal)) {
          if (type === 'BOOKMARK') continue;
          const state = resource.schema.parse(object);
          from = state.metadata.resourceVersion;
          onState(state, type === 'DELETED');
        }
      } catch (error) {
        if (signal.aborted) return;
        console.warn(`The watch of ${resource.plural} broke and goes on from ${from}`, error);
        await sleep(200);
      }
    }
  };
  return { ended: follow() };
}
