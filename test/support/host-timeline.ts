import { annotations } from '../../api/constants.ts';
import { machineInventories } from '../../api/resources.ts';
import { followObjects } from '../../dev/elemental/object-feed.ts';
import { planSecrets } from '../../dev/elemental/plan-secret.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { waitFor } from './wait-for.ts';

interface Entry {
  /** Orders the states of all objects of the API server. */
  revision: bigint;
  host: string;
  what: 'state' | 'plan';
  value: string;
}

/** What each host of a lab went through while somebody watched. */
export interface HostTimelines {
  /** `allocation-state` of the host and `plan <plan.type>` of its plan Secret, in order, each when it changed. */
  of(host: string): string[];
  /** Waits until the host's timeline is `expected`. */
  until(host: string, expected: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Records from now on inventories and plan Secrets of the lab's namespace. */
export async function recordHostTimelines({ client, namespace }: Pick<Lab, 'client' | 'namespace'>) {
  const entries: Entry[] = [];
  const note = (what: Entry['what'], name: string, metadata: { resourceVersion: string }, value?: string): void => {
    if (value !== undefined) entries.push({ revision: BigInt(metadata.resourceVersion), host: name, what, value });
  };
  const hosts = followObjects({
    client,
    resource: machineInventories,
    namespace,
    onChange: (_, inventory) => {
      if (inventory === undefined) return;
      const { metadata } = inventory;
      note('state', metadata.name, metadata, metadata.annotations[annotations.allocationState]);
    },
  });
  const plans = followObjects({
    client,
    resource: planSecrets,
    namespace,
    labelSelector: 'elemental.cattle.io/managed=true',
    onChange: (_, secret) => {
      if (secret === undefined) return;
      const { metadata } = secret;
      const type = metadata.annotations?.[annotations.planType];
      note('plan', metadata.name, metadata, type === undefined ? undefined : `plan ${type}`);
    },
  });
  await Promise.all([hosts.synced, plans.synced]);
  const of = (host: string): string[] => {
    const last = new Map<Entry['what'], string>();
    const own = entries.filter((entry) => entry.host === host);
    return own
      .toSorted((a, b) => Number(a.revision - b.revision))
      .flatMap(({ what, value }) => {
        // The pool says so of a host that nobody has used yet, unless a claim is faster.
        if (last.size === 0 && value === 'Available') return [];
        if (last.get(what) === value) return [];
        last.set(what, value);
        return [value];
      });
  };
  const timelines: HostTimelines = {
    of,
    async until(host, expected) {
      const isSo = (): boolean => of(host).join() === expected.join();
      await waitFor(`${host} went through ${expected.join(', ')}`, isSo, () => of(host));
    },
    stop: async () => {
      await Promise.all([hosts.stop(), plans.stop()]);
    },
  };
  return timelines;
}

/** Timeline of a host on which a machine came to run. */
export const attached: readonly string[] = ['Allocated', 'Reprovisioning', 'plan reprovision', 'Allocated'];
/** What follows when the machine goes. */
export const detached: readonly string[] = ['Preparing', 'plan clean', 'Available'];
