import type { HostLabels } from '../../domain/inputs/host-labels.ts';
import { annotations } from '../../api/constants.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { machineInventories } from '../../api/resources.ts';
import { noteOnHost } from '../../domain/inputs/host-notes.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { forEachLimited } from '../reconcile/for-each-limited.ts';
import { owningPoolOf, type PoolCaches } from './facts.ts';
import { isConflict, isNotFound } from '../../runtime/kube/client.ts';
import type { WriteRefusals } from './refusals.ts';
import { CONFLICT_REQUEUE_MS, type Patcher } from '../reconcile/ports.ts';

/** Patches in flight at once; a new pool may name thousands of hosts. */
const PARALLEL_PATCHES = 16;

/** How annotations are written. */
interface AnnotationWrites {
  client: Patcher;
  refusals: WriteRefusals;
  /** Which labels of an inventory tell what of its host. */
  hostLabels: HostLabels;
  nowMs: number;
  /** Wall clock. */
  now: () => Date;
}

/**
 * Brings the `pool` annotation of the pool's members, and of hosts that it dropped, in line with who owns them. A host
 * in use keeps it until it is released; one that was never used gets its first `allocation-state` with it, because that
 * is the record of what a host is used for. Answers with the errors, after all hosts were tried, and when to look again; a
 * conflict is no error, but what was written meanwhile may be nothing that brings us back here. Nor is a refusal: it is
 * noted, the pool's status tells it, and the other hosts are served.
 */
export async function alignPoolAnnotations(
  pool: ObjectKey,
  memberNames: Iterable<string>,
  caches: PoolCaches,
  { client, refusals, hostLabels, nowMs, now }: AnnotationWrites,
): Promise<{ lookAgainAfterMs: number; failures: unknown[] }> {
  const pending = hostsInDoubt(pool, memberNames, caches).flatMap((host) => {
    if (host.deleting) return [];
    const owner = owningPoolOf(host, caches.pools);
    const isOurs = owner === pool.name || host.pool === pool.name;
    return isOurs && owner !== host.pool ? [{ host, owner }] : [];
  });
  refusals.keepOnly(keyText(pool), new Set(pending.map(({ host }) => keyText(host))));
  let lookAgainAfterMs = Infinity;
  const lookAgain = (afterMs: number): void => void (lookAgainAfterMs = Math.min(lookAgainAfterMs, afterMs));
  const failures = await forEachLimited(pending, PARALLEL_PATCHES, async ({ host, owner }) => {
    const waitMs = refusals.waitMs(host, nowMs);
    if (waitMs > 0) return lookAgain(waitMs);
    try {
      const isBlank = owner === pool.name && isNeverUsed(host, caches);
      const written = await patchPoolAnnotation(host, owner, isBlank, { client, now });
      caches.hosts.upsert(viewHost(written, hostLabels));
      refusals.forget(host);
    } catch (error) {
      if (isConflict(error)) return lookAgain(CONFLICT_REQUEUE_MS);
      const refusedMs = refusals.note(host, keyText(pool), error, nowMs);
      if (refusedMs !== undefined) return lookAgain(refusedMs);
      if (!isNotFound(error)) throw error;
    }
  });
  return { lookAgainAfterMs, failures };
}

/** Members that are not annotated with the pool, and hosts that are and no members: nearly always none. */
function hostsInDoubt(pool: ObjectKey, memberNames: Iterable<string>, { hosts }: PoolCaches): HostView[] {
  const unseen = new Set(memberNames);
  const annotated = hosts.byIndex('pool', keyText(pool));
  const inDoubt = [...annotated].filter(({ name }) => !unseen.delete(name));
  for (const name of unseen) {
    const host = hosts.get({ namespace: pool.namespace, name });
    if (host !== undefined) inDoubt.push(host);
  }
  return inDoubt;
}

/** Nothing is recorded of it, and no machine's providerID names it: a node may run on a host that registered anew. */
function isNeverUsed({ namespace, name, allocationState, owner, plan }: HostView, { machines }: PoolCaches): boolean {
  const [named] = machines.byIndex('providerHost', keyText({ namespace, name }));
  return allocationState === undefined && owner === undefined && plan === undefined && named === undefined;
}

function patchPoolAnnotation(
  host: HostView,
  pool: string | undefined,
  isBlank: boolean,
  { client, now }: Pick<AnnotationWrites, 'client' | 'now'>,
): Promise<MachineInventory> {
  const step = pool === undefined ? 'leave' : 'join';
  const to = isBlank ? 'Available' : undefined;
  const notes = {
    ...noteOnHost(host, { step, to, pool: pool ?? host.pool, cause: 'Observed' }, now()),
    [annotations.pool]: pool ?? null,
    ...(isBlank && { [annotations.allocationState]: 'Available' }),
  };
  const metadata = { resourceVersion: host.resourceVersion, annotations: notes };
  return client.patch(machineInventories, host, { metadata }, { type: 'merge' });
}
