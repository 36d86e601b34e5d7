import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { machineInventories, machineInventoryPools } from '../../api/resources.ts';
import { planSecrets } from '../../dev/elemental/plan-secret.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { waitFor } from './wait-for.ts';

type Place = Pick<Lab, 'client' | 'namespace'>;

export function findInventory({ client, namespace }: Place, name: string) {
  return client.find(machineInventories, { namespace, name });
}

/** The plan Secret of a host, which has the host's name. */
export function getPlanSecret({ client, namespace }: Place, name: string) {
  return client.get(planSecrets, { namespace, name });
}

/** Value of `allocation-state`. */
export async function allocationState(place: Place, host: string): Promise<string | undefined> {
  return (await findInventory(place, host))?.metadata.annotations[annotations.allocationState];
}

export async function untilAllocationState(place: Place, host: string, state: string): Promise<void> {
  await waitFor(
    `${host} is ${state}`,
    async () => (await allocationState(place, host)) === state,
    async () => (await findInventory(place, host))?.metadata.annotations,
    { timeoutMs: 90_000 },
  );
}

/** The host is back in its pool and nobody's. */
export async function expectReleased(place: Place, host: string): Promise<void> {
  const inventory = await findInventory(place, host);
  const notes = inventory?.metadata.annotations ?? {};
  expect(notes[annotations.allocationState]).toBe('Available');
  expect(Object.keys(notes).filter((name) => name.includes('/owner-'))).toEqual([]);
}

/** Waits until the pool counts as told; counters that are not named may be anything. */
export async function untilPoolCounts(
  { client, namespace }: Place,
  name: string,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const read = async () => (await client.get(machineInventoryPools, { namespace, name })).status;
  await waitFor(
    `pool ${name} counts ${JSON.stringify(counts)}`,
    async () => {
      const status = new Map<string, unknown>(Object.entries((await read()) ?? {}));
      return Object.entries(counts).every(([counter, count]) => status.get(counter) === count);
    },
    read,
    { timeoutMs: 60_000 },
  );
}

/** Of every status that a pool ever showed. */
export function expectCountersAddUp(statuses: readonly unknown[]): void {
  expect(statuses.length).toBeGreaterThan(0);
  for (const recorded of statuses) {
    const { status } = machineInventoryPools.schema.parse(recorded);
    if (status?.total === undefined) continue;
    const { available = 0, allocated = 0, preparing = 0, reprovisioning = 0, unavailable = 0 } = status;
    expect(available + allocated + preparing + reprovisioning + unavailable, JSON.stringify(status)).toBe(status.total);
  }
}
