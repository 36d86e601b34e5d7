import type { FailureDomain } from '../../../api/cluster.ts';
import type { HostView } from '../../inputs/host-view.ts';
import type { PoolView } from '../../inputs/pool-view.ts';

/** What Cluster API takes of a Cluster at most. */
const MAX_FAILURE_DOMAINS = 100;

/**
 * The failure domains in which a cluster's pools have hosts, by name. One in which no host is left that anybody may claim
 * (quarantined, being deleted, not registered) is none: machines that were sent there would wait for ever.
 * @param ofControlPlanes names of the pools that control planes take their hosts from
 */
export function findFailureDomains(
  pools: Iterable<Pick<PoolView, 'name' | 'members'>>,
  findHost: (inventoryName: string) => HostView | undefined,
  ofControlPlanes: ReadonlySet<string>,
): FailureDomain[] {
  const found = new Map<string, boolean>();
  for (const { name: pool, members } of pools) {
    for (const { name } of members) {
      const host = findHost(name);
      if (host?.failureDomain === undefined || host.quarantined || host.deleting) continue;
      found.set(host.failureDomain, found.get(host.failureDomain) === true || ofControlPlanes.has(pool));
    }
  }
  const domains = [...found].map(([name, controlPlane]) => ({ name, controlPlane }));
  return domains.toSorted(byImportance).slice(0, MAX_FAILURE_DOMAINS).toSorted(byName);
}

function byName(a: FailureDomain, b: FailureDomain): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

function byImportance(a: FailureDomain, b: FailureDomain): number {
  return Number(b.controlPlane) - Number(a.controlPlane) || byName(a, b);
}
