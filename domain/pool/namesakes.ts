import type { PoolMember } from '../../api/pool.ts';
import type { PoolView } from '../inputs/pool-view.ts';

type NamedPool = Pick<PoolView, 'namespace' | 'name' | 'clusterName' | 'members'>;

interface Holder {
  inventory: string;
  pool: string;
}

/** Name of the host, and of the node that a machine makes of it. */
function hostnameOf({ name, hostname }: PoolMember): string {
  return hostname ?? name;
}

/**
 * The members of a pool whose host name another host of the cluster's pools has as well, by the name of the inventory,
 * with that other one: two machines on them would be one node.
 */
export function findNamesakes(pool: NamedPool, pools: Iterable<NamedPool>): ReadonlyMap<string, string> {
  const first = new Map<string, Holder>();
  const second = new Map<string, Holder>();
  for (const { namespace, name, clusterName, members } of pools) {
    if (namespace !== pool.namespace || clusterName !== pool.clusterName) continue;
    for (const member of members) {
      const hostname = hostnameOf(member);
      const known = first.get(hostname);
      if (known === undefined) first.set(hostname, { inventory: member.name, pool: name });
      else if (known.inventory !== member.name) second.set(hostname, { inventory: member.name, pool: name });
    }
  }
  const namesakes = new Map<string, string>();
  for (const member of pool.members) {
    const hostname = hostnameOf(member);
    const known = first.get(hostname);
    const other = known?.inventory === member.name ? second.get(hostname) : known;
    if (other === undefined) continue;
    const place = other.pool === pool.name ? '' : ` of pool ${other.pool}`;
    namesakes.set(member.name, `${hostname} is also the host name of ${other.inventory}${place}`);
  }
  return namesakes;
}
