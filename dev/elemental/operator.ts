import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { foreign } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { isAlreadyExists, isConflict, isNotFound, type KubeClient } from '../../runtime/kube/client.ts';
import {
  computeElementalStatus,
  elementalAnnotations,
  elementalFinalizer,
  elementalInventories,
  type ElementalInventory,
  mayCreatePlanSecret,
} from './inventory.ts';
import { renderElementalResetPlan, replacedAnnotations } from './reset-plan.ts';
import { followObjects } from './object-feed.ts';
import { type PlanSecret, planSecrets, readText, toValue } from './plan-secret.ts';

/** A new inventory: its key and whatever its spec shall hold. */
export interface NewInventory extends ObjectKey {
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  spec?: Record<string, unknown>;
}

export interface ElementalOperator {
  stop(): Promise<void>;
}

/** Registers a host: creates its MachineInventory with finalizer, plan Secret and first status. */
export async function createInventory(client: KubeClient, inventory: NewInventory): Promise<ElementalInventory> {
  const { namespace, name, annotations = {}, labels = {}, spec = {} } = inventory;
  const notes = { [elementalAnnotations.registrationIp]: '127.0.0.1', ...annotations };
  await client.create(elementalInventories, { metadata: { namespace, name, annotations: notes, labels }, spec });
  await retryConflicts(() => reconcileInventory(client, { namespace, name }));
  return client.get(elementalInventories, { namespace, name });
}

/** The host registers again, as its timer does every half hour: a full update that changes an annotation. */
export async function touchInventory(client: KubeClient, key: ObjectKey): Promise<void> {
  await retryConflicts(async () => {
    const current = await client.get(elementalInventories, key);
    const last = Number(current.metadata.annotations?.[elementalAnnotations.registrationIp]?.split('.').at(-1));
    const address = `127.0.0.${((Number.isNaN(last) ? 0 : last) % 254) + 1}`;
    const annotations = { ...current.metadata.annotations, [elementalAnnotations.registrationIp]: address };
    await client.replace(elementalInventories, { ...current, metadata: { ...current.metadata, annotations } });
  });
}

/** Runs the simulated elemental-operator: one key at a time, again after any error, until stopped. */
export function startElementalOperator(client: KubeClient, namespace?: string): ElementalOperator {
  const dirty = new Set<string>();
  const ending = new AbortController();
  let ring: (() => void) | undefined;
  const mark = (key: string): void => {
    dirty.add(key);
    ring?.();
  };
  ending.signal.addEventListener('abort', () => ring?.());
  const feeds = [
    followObjects({ client, resource: elementalInventories, namespace, onChange: mark }),
    followObjects({ client, resource: planSecrets, namespace, labelSelector: managedSelector, onChange: mark }),
  ];
  const work = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const [key] = dirty;
      if (key === undefined) {
        await new Promise<void>((resolve) => (ring = resolve));
        continue;
      }
      dirty.delete(key);
      const [ofNamespace = '', name = ''] = key.split('/');
      await retryConflicts(() => reconcileInventory(client, { namespace: ofNamespace, name })).catch(async () => {
        dirty.add(key);
        await sleep(100);
      });
    }
  };
  const ended = work();
  return {
    stop: async () => {
      ending.abort();
      await Promise.all([ended, ...feeds.map((feed) => feed.stop())]);
    },
  };
}

const managedSelector = 'elemental.cattle.io/managed=true';

async function reconcileInventory(client: KubeClient, key: ObjectKey): Promise<void> {
  const found = await client.find(elementalInventories, key);
  if (found === undefined) return;
  if (found.metadata.deletionTimestamp !== undefined) return reconcileDeletion(client, key, found);
  const inventory = await ensureFinalizer(client, key, found);
  if (mayCreatePlanSecret(inventory.status)) await createPlanSecret(client, inventory);
  const secret = await client.find(planSecrets, key);
  const status = computeElementalStatus(inventory.status, { ...key, data: secret?.data }, nowIso());
  if (isDeepStrictEqual(status, inventory.status)) return;
  const body = { metadata: { resourceVersion: inventory.metadata.resourceVersion }, status };
  await client.patch(elementalInventories, key, body, { subresource: 'status' });
}

async function ensureFinalizer(
  client: KubeClient,
  key: ObjectKey,
  inventory: ElementalInventory,
): Promise<ElementalInventory> {
  const { finalizers = [], resourceVersion } = inventory.metadata;
  if (finalizers.includes(elementalFinalizer)) return inventory;
  const metadata = { resourceVersion, finalizers: [...finalizers, elementalFinalizer] };
  return client.patch(elementalInventories, key, { metadata });
}

async function createPlanSecret(client: KubeClient, inventory: ElementalInventory): Promise<void> {
  const { namespace, name, uid } = inventory.metadata;
  const owner = { apiVersion: 'elemental.cattle.io/v1beta1', kind: 'MachineInventory', name, uid, controller: true };
  const metadata = {
    namespace,
    name,
    labels: { 'elemental.cattle.io/managed': 'true' },
    annotations: { [elementalAnnotations.planType]: 'empty' },
    ownerReferences: [owner],
  };
  try {
    await client.create(planSecrets, { metadata, type: foreign.planSecretType, data: { plan: toValue('{}') } });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/**
 * Not resettable: gone at once. Else the reset plan goes over whatever stands there, and any answer ends it; without a
 * plan Secret nothing ever does.
 */
async function reconcileDeletion(client: KubeClient, key: ObjectKey, inventory: ElementalInventory): Promise<void> {
  const { annotations = {}, finalizers = [], resourceVersion } = inventory.metadata;
  if (!finalizers.includes(elementalFinalizer)) return;
  const secret = await client.find(planSecrets, key);
  if (annotations[elementalAnnotations.resettable] === 'true') {
    if (secret === undefined) return;
    const isReset = secret.metadata.annotations?.[elementalAnnotations.planType] === 'reset';
    if (!isReset) {
      await client.patch(planSecrets, key, resetPatch(secret, inventory));
      return;
    }
    if (readText(secret.data, 'applied-checksum') === '') return;
  }
  const rest = finalizers.filter((finalizer) => finalizer !== elementalFinalizer);
  await client.patch(elementalInventories, key, { metadata: { resourceVersion, finalizers: rest } });
}

/** A merge patch without a resourceVersion that replaces all annotations. */
function resetPatch(secret: PlanSecret, inventory: ElementalInventory): object {
  const annotations = replacedAnnotations(secret.metadata.annotations, { [elementalAnnotations.planType]: 'reset' });
  const plan = toValue(renderElementalResetPlan(inventory, nowIso()));
  return { metadata: { annotations }, data: { plan, 'applied-checksum': '', 'failed-checksum': '' } };
}

function nowIso(): string {
  return new Date().toISOString();
}

/** Tries again on a 409, and takes an object that vanished meanwhile as done. */
async function retryConflicts(change: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await change();
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error) || attempt === 20) throw error;
    }
  }
}
