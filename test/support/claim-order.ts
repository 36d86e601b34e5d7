import { baremetalMachines } from '../../api/resources.ts';
import { followObjects } from '../../dev/elemental/object-feed.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import type { OwnerChange } from './ownership-ledger.ts';

/** A machine's status names a host: whoever claims a host says so first. */
export interface Intent {
  revision: bigint;
  host: string;
}

/** Two claims, one after the other, that both passed over a free host which stands before theirs in the pool. */
export interface Overtaking {
  skipped: string;
  first: string;
  second: string;
}

/** Records from now on which hosts the machines of the lab set out to claim. */
export async function recordIntents({
  client,
  namespace,
}: Pick<Lab, 'client' | 'namespace'>): Promise<{ intents: Intent[]; stop(): Promise<void> }> {
  const intents: Intent[] = [];
  const feed = followObjects({
    client,
    resource: baremetalMachines,
    namespace,
    onChange: (_, machine) => {
      const host = machine?.status?.machineInventoryRef?.name;
      if (machine === undefined || host === undefined) return;
      intents.push({ revision: BigInt(machine.metadata.resourceVersion), host });
    },
  });
  await feed.synced;
  return { intents, stop: () => feed.stop() };
}

/**
 * Finds claims out of order that no overlap explains. A claim lasts from the first intent until the owner is written.
 * One claim may pass over a host that another is about to name; two that do not overlap may not: the second had seen
 * that the host was left.
 */
export function findOvertakings(
  pool: readonly string[],
  intents: readonly Intent[],
  claims: readonly OwnerChange[],
): Overtaking[] {
  const begunAt = new Map<string, bigint>();
  for (const { host, revision } of intents) {
    const known = begunAt.get(host);
    if (known === undefined || revision < known) begunAt.set(host, revision);
  }
  const places = new Map(pool.map((host, place) => [host, place]));
  const placeOf = (host: string): number => places.get(host) ?? -1;
  return pool.flatMap((skipped) => {
    const begin = begunAt.get(skipped);
    const passing = claims.filter(
      ({ host, revision }) => placeOf(host) > placeOf(skipped) && (begin === undefined || revision < begin),
    );
    return passing.flatMap((first) =>
      passing
        .filter((second) => (begunAt.get(second.host) ?? second.revision) > first.revision)
        .map((second) => ({ skipped, first: first.host, second: second.host })),
    );
  });
}
