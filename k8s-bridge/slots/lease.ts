import type { ObjectKey } from '../../api/meta.ts';
import { slotLeases } from '../../api/slots.ts';
import { readHolders, renderHolder, slotAnnotation, type SlotHolder } from '../../domain/slots/holders.ts';
import { isAlreadyExists, isConflict, isNotFound, type KubeClient } from '../../runtime/kube/client.ts';

/** The one object that all slots stand in, as it was read. */
export interface SlotLease {
  /** undefined: it does not exist. */
  version: { uid: string; resourceVersion: string } | undefined;
  /** By uid of the machine. */
  holders: Map<string, SlotHolder>;
}

type LeaseClient = Pick<KubeClient, 'find' | 'create' | 'patch'>;

export async function readSlotLease(client: LeaseClient, key: ObjectKey): Promise<SlotLease> {
  const lease = await client.find(slotLeases, key);
  if (lease === undefined) return { version: undefined, holders: new Map() };
  const { uid, resourceVersion, annotations } = lease.metadata;
  return { version: { uid, resourceVersion }, holders: readHolders(annotations) };
}

/** Writes what changes, unless somebody has written since it was read: then nothing, and the answer is false. */
export async function writeSlotLease(
  client: LeaseClient,
  key: ObjectKey,
  { version }: SlotLease,
  { granted, freed }: { granted: readonly SlotHolder[]; freed: Iterable<string> },
): Promise<boolean> {
  const grants = Object.fromEntries(granted.map((holder) => [slotAnnotation(holder.uid), renderHolder(holder)]));
  const ends = Object.fromEntries(Array.from(freed, (uid) => [slotAnnotation(uid), null]));
  try {
    if (version === undefined) await client.create(slotLeases, { metadata: { ...key, annotations: grants } });
    else await client.patch(slotLeases, key, { metadata: { ...version, annotations: { ...ends, ...grants } } });
    return true;
  } catch (error) {
    // It was taken away meanwhile. Where it is to be made, its namespace is missing.
    const isGone = version !== undefined && isNotFound(error);
    if (isConflict(error) || isAlreadyExists(error) || isGone) return false;
    throw error;
  }
}
