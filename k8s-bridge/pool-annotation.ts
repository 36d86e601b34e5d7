import { annotations } from '../api/constants.ts';
import type { ObjectKey } from '../api/meta.ts';
import { machineInventories } from '../api/resources.ts';
import { type HostView, viewHost } from '../domain/host-view.ts';
import { keyText } from '../domain/pool-indexes.ts';
import { findOwningPool } from '../domain/pool-ownership.ts';
import { forEachLimited } from './for-each-limited.ts';
import { type PoolCaches, poolsNaming } from './pool-facts.ts';
import { isConflict, isNotFound } from '../runtime/kube-client.ts';
import type { Patcher } from './reconciler-ports.ts';

/** Patches in flight at once; a new pool may name thousands of hosts. */
const PARALLEL_PATCHES = 16;

/**
 * Brings the `pool` annotation of the pool's members, and of hosts that it dropped, in line with who owns them. A host
 * in use keeps it until it is released. Answers with the errors, after all hosts were tried; a conflict is none of them,
 * for it means that an event is on its way that brings us back here.
 */
export async function alignPoolAnnotations(
  pool: ObjectKey,
  memberNames: Iterable<string>,
  caches: PoolCaches,
  client: Patcher,
): Promise<unknown[]> {
  const rivals = [...caches.pools.list()].filter((other) => other.namespace === pool.namespace);
  const names = new Set(memberNames);
  for (const host of caches.hosts.byIndex('pool', keyText(pool))) names.add(host.name);
  const pending = [...names].flatMap((name) => {
    const host = caches.hosts.get({ namespace: pool.namespace, name });
    if (host === undefined || host.deleting) return [];
    const owner = findOwningPool(host, poolsNaming(rivals, name));
    const isOurs = owner === pool.name || host.pool === pool.name;
    return isOurs && owner !== host.pool ? [{ host, owner }] : [];
  });
  return forEachLimited(pending, PARALLEL_PATCHES, async ({ host, owner }) => {
    try {
      caches.hosts.upsert(await patchPoolAnnotation(host, owner, client));
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  });
}

async function patchPoolAnnotation(host: HostView, pool: string | undefined, client: Patcher): Promise<HostView> {
  const metadata = { resourceVersion: host.resourceVersion, annotations: { [annotations.pool]: pool ?? null } };
  return viewHost(await client.patch(machineInventories, host, { metadata }, { type: 'merge' }));
}
