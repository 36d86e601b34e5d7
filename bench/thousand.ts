import {
  createCapiMachine,
  createMachine,
  createPool,
  hostNames,
  inParallel,
  POOL_NAME,
  registerHosts,
} from './bench-objects.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { type Benchmark, distributionOf, formatDistribution, type Measurement } from './measurement.ts';
import { watchPlans } from './plan-watch.ts';
import { describeCpu, readUsage } from './process-usage.ts';

const MACHINES = 1_000;
/** Each pool has twice as many hosts as machines that want one. */
const HOSTS_EACH = 2;
const SAMPLE = 100;
const WARM_UP = 30;
const TIMEOUT_MS = 600_000;
/** The slowest of the medians. */
const MOST_UNFAIR = 5;

/** As `burst`, with a thousand: in one pool, and in ten. Nothing may grow faster than their number, and nobody be left behind. */
export const thousand: Benchmark = {
  name: 'thousand',
  about: `${MACHINES} machines ready at once, in one pool of ${MACHINES * HOSTS_EACH} and in ten`,
  async run({ machines = MACHINES, progress }) {
    return [...(await measure(machines, 1, progress)), ...(await measure(machines, 10, progress))];
  },
};

async function measure(machines: number, pools: number, progress: (line: string) => void): Promise<Measurement[]> {
  await using site = await startBenchSite(`thousand-${pools}`);
  const { client, namespace } = site;
  const sample = Math.min(SAMPLE, machines);
  const poolOf = (index: number): string => `${POOL_NAME}-${index % pools}`;
  progress(`${machines * HOSTS_EACH} hosts in ${pools === 1 ? 'one pool' : `${pools} pools`}`);
  const hosts = hostNames(machines * HOSTS_EACH + WARM_UP + sample);
  await registerHosts(client, namespace, hosts);
  for (let nth = 0; nth < pools; nth += 1) {
    const members = hosts.filter((_, index) => poolOf(index) === poolOf(nth));
    await createPool(client, namespace, members, poolOf(nth));
  }
  await Promise.all([site.start('worker'), site.start('bridge')]);
  const burst = async (label: string, count: number) => burstOf(site, hostNames(count, label), poolOf);
  await burst('warm', WARM_UP);
  const hundred = await burst('sample', sample);
  progress(`${sample} took ${Math.round(hundred.elapsed.max)} ms; now ${machines}`);
  const { elapsed, cpu } = await burst('machine', machines);
  const longer = elapsed.max / hundred.elapsed.max;
  const unfair = elapsed.max / elapsed.p50;
  const where = pools === 1 ? `one pool of ${hosts.length}` : `${pools} pools`;
  return [
    {
      what: `${machines} at once in ${where} → plan Secret written`,
      budget: `≤ ${machines / sample} × ${sample} at once`,
      measured: `${longer.toFixed(1)} ×; ${formatDistribution(elapsed, 'ms')}`,
      ok: longer <= machines / sample && elapsed.count === machines,
    },
    {
      what: 'the slowest of them : the median',
      budget: `≤ ${MOST_UNFAIR}`,
      measured: unfair.toFixed(1),
      ok: unfair <= MOST_UNFAIR,
    },
    { what: `${sample} at once there`, measured: formatDistribution(hundred.elapsed, 'ms') },
    { what: 'CPU time until the last plan', measured: cpu },
  ];
}

/** Creates the machines as fast as the API server takes them, each in its pool, and waits for their plans. */
async function burstOf({ client, namespace }: BenchSite, names: readonly string[], poolOf: (index: number) => string) {
  const owners = new Map<string, string>();
  await inParallel(names, 8, async (name) => {
    owners.set(name, await createCapiMachine(client, namespace, name));
  });
  await using plans = await watchPlans(client, namespace);
  const known = plans.writtenAtMs.size;
  const before = await readUsage();
  const startedAtMs = performance.now();
  await inParallel(names.entries(), 100, async ([index, name]) => {
    await createMachine(client, namespace, name, owners.get(name) ?? '', poolOf(index));
  });
  await plans.untilWritten(known + names.length, TIMEOUT_MS);
  const cpu = describeCpu(before, await readUsage());
  const elapsed = [...plans.writtenAtMs.values()].map((atMs) => atMs - startedAtMs).filter((ms) => ms > 0);
  return { elapsed: distributionOf(elapsed), cpu };
}
