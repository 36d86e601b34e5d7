import { machineInventories, machineInventoryPools } from '../api/resources.ts';
import { annotations } from '../api/constants.ts';
import { elementalInventories } from '../dev/elemental/inventory.ts';
import { planSecrets, toValue } from '../dev/elemental/plan-secret.ts';
import { createPool, hostNames, inParallel, POOL_NAME, registerHosts } from './bench-objects.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import type { Benchmark, Measurement } from './measurement.ts';
import { readPeaksMiB } from './process-usage.ts';
import { waitUntil } from './wait-until.ts';

const HOSTS = 200;
const INVENTORY_BYTES = 1_000_000;
/** A Secret holds 1 MiB of values; the rest of it is what an agent wrote. */
const SECRET_BYTES = 1024 * 1024 - 1_000;
const TIMEOUT_MS = 300_000;
/** Limits of config/manager. */
const limitsMiB = { bridge: 512, worker: 1024 };

/**
 * Hosts whose inventories and plan Secrets are as large as the API server lets them be. Bridge and worker list them when
 * they start, and then see each of them change.
 */
export const large: Benchmark = {
  name: 'large',
  about: `memory with ${HOSTS} inventories of 1 MB and ${HOSTS} plan Secrets of 1 MiB`,
  async run({ progress }) {
    await using site = await startBenchSite('large');
    const { client, namespace } = site;
    progress('starting worker and bridge without any host');
    const first = await Promise.all([site.start('worker', 'worker-empty'), site.start('bridge', 'bridge-empty')]);
    const empty = await readPeaksMiB();
    await Promise.all(first.map((service) => service.stop()));
    progress(`creating ${HOSTS} hosts`);
    const hosts = hostNames(HOSTS);
    await registerHosts(client, namespace, hosts);
    await fill(site, hosts);
    await createPool(client, namespace, hosts);
    progress('starting worker and bridge: they list all');
    await Promise.all([site.start('worker'), site.start('bridge')]);
    await untilAvailable(site, HOSTS);
    const listed = await readPeaksMiB();
    progress(`changing each object; bridge ${format(listed, 'bridge')}, worker ${format(listed, 'worker')} until now`);
    await changeAll(site, hosts);
    const [last = ''] = hosts.slice(-1);
    const quarantine = { metadata: { annotations: { [annotations.quarantine]: 'bench' } } };
    await client.patch(machineInventories, { namespace, name: last }, quarantine);
    await untilAvailable(site, HOSTS - 1);
    const changed = await readPeaksMiB();
    return (['bridge', 'worker'] as const).map((label) => toRow(label, [empty, listed, changed]));
  },
};

function toRow(label: 'bridge' | 'worker', peaks: readonly ReadonlyMap<string, number>[]): Measurement {
  const [empty, listed, changed] = peaks.map((peak) => format(peak, label));
  return {
    what: `highest resident memory of the ${label}`,
    budget: `≤ ${limitsMiB[label]} MiB, its limit`,
    measured: `${changed}: empty ${empty}, listed ${listed}, each object changed ${changed}`,
    ok: (peaks.at(-1)?.get(label) ?? Infinity) <= limitsMiB[label],
  };
}

function format(peaks: ReadonlyMap<string, number>, label: string): string {
  const mib = peaks.get(label);
  return mib === undefined ? 'gone' : `${Math.round(mib)} MiB`;
}

async function fill({ client, namespace }: BenchSite, hosts: readonly string[]): Promise<void> {
  const filler = (bytes: number, seed: number): string => String.fromCharCode(97 + (seed % 26)).repeat(bytes);
  await inParallel(hosts.entries(), 4, async ([index, name]) => {
    const key = { namespace, name };
    await client.patch(elementalInventories, key, { spec: { hardware: filler(INVENTORY_BYTES, index) } });
    const data = { 'applied-output': toValue(filler(SECRET_BYTES, index)) };
    await client.patch(planSecrets, key, { data });
  });
}

/** One after the other: an API server that is too busy for the bridge's Lease ends the bridge. */
async function changeAll({ client, namespace }: BenchSite, hosts: readonly string[]): Promise<void> {
  const body = { metadata: { labels: { 'bench.example.com/changed': 'true' } } };
  for (const name of hosts) {
    const key = { namespace, name };
    await client.patch(machineInventories, key, body);
    await client.patch(planSecrets, key, body);
  }
}

async function untilAvailable({ client, namespace }: BenchSite, count: number): Promise<void> {
  const isSeen = async (): Promise<boolean> => {
    const { status } = await client.get(machineInventoryPools, { namespace, name: POOL_NAME });
    return status?.available === count;
  };
  await waitUntil(`${count} hosts are available`, isSeen, { timeoutMs: TIMEOUT_MS });
}
