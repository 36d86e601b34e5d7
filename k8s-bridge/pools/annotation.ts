import { annotations } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { machineInventories } from '../../api/resources.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { forEachLimited } from '../reconcile/for-each-limited.ts';
import { owningPoolOf, type PoolCaches } from './facts.ts';
import { isConflict, isNotFound } from '../../runtime/kube/client.ts';
import { CONFLICT_REQUEUE_MS, type Patcher } from '../reconcile/ports.ts';

/** Patches in flight at once; a new pool may name thousands of hosts. */
const PARALLEL_PATCHES = 16;

/**
 * Brings the `pool` annotation of the pool's members, and of hosts that it dropped, in line with who owns them. A host
 * in use keeps it until it is released. Answers with the errors, after all hosts were tried, and when to look again; a
 * conflict is no error, but what was written meanwhile may be nothing that brings us back here.
 */
export async function alignPoolAnnotations(
  pool: ObjectKey,
  memberNames: Iterable<string>,
  caches: PoolCaches,
  client: Patcher,
): Promise<{ lookAgainAfterMs: number; failures: unknown[] }> {
  const pending = hostsInDoubt(pool, memberNames, caches).flatMap((host) => {
    if (host.deleting) return [];
    const owner = owningPoolOf(host, caches.pools);
    const isOurs = owner === pool.name || host.pool === pool.name;
    return isOurs && owner !== host.pool ? [{ host, owner }] : [];
  });
  let lookAgainAfterMs = Infinity;
  const failures = await forEachLimited(pending, PARALLEL_PATCHES, async ({ host, owner }) => {
    try {
      caches.hosts.upsert(await patchPoolAnnotation(host, owner, client));
    } catch (error) {
      if (isConflict(error)) lookAgainAfterMs = CONFLICT_REQUEUE_MS;
      else if (!isNotFound(error)) throw error;
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

async function patchPoolAnnotation(host: HostView, pool: string | undefined, client: Patcher): Promise<HostView> {
  const metadata = { resourceVersion: host.resourceVersion, annotations: { [annotations.pool]: pool ?? null } };
  return viewHost(await client.patch(machineInventories, host, { metadata }, { type: 'merge' }));
}
