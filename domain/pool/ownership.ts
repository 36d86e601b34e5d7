import type { HostView } from '../inputs/host-view.ts';

/** What is needed of a pool to settle who owns a host that two pools name. */
export interface PoolAge {
  name: string;
  /** RFC 3339. */
  creationTimestamp: string;
}

/**
 * The pool that owns a host: the one in the host's annotation as long as it names the host or the host is in use,
 * else the oldest pool that names it. undefined: no pool.
 */
export function findOwningPool(host: HostView, poolsNamingHost: readonly PoolAge[]): string | undefined {
  const annotated = host.pool;
  if (annotated !== undefined && (isInUse(host) || poolsNamingHost.some(({ name }) => name === annotated))) {
    return annotated;
  }
  return poolsNamingHost.toSorted(compareAge)[0]?.name;
}

/** A machine uses the host, or its plan is not done: its `pool` annotation must stay. */
export function isInUse({ owner, allocationState }: HostView): boolean {
  if (owner !== undefined) return true;
  return allocationState === 'Allocated' || allocationState === 'Reprovisioning' || allocationState === 'Preparing';
}

/** Oldest first; the name decides between two of the same second. */
export function compareAge(a: PoolAge, b: PoolAge): number {
  return compareText(a.creationTimestamp, b.creationTimestamp) || compareText(a.name, b.name);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
