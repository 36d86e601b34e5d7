import { createCapiMachine, createMachine, createPool, hostNames, inParallel, registerHosts } from './bench-objects.ts';
import { startBenchSite } from './bench-site.ts';
import { describeCpu, readUsage } from './process-usage.ts';
import { type Benchmark, distributionOf, formatDistribution } from './measurement.ts';
import { watchPlans } from './plan-watch.ts';

/** As in a worker that has served machines before. */
const WARM_UP = 30;
const MACHINES = 100;
const BUDGET_MS = 4_000;
const TIMEOUT_MS = 120_000;

/** The same as `latency`, with all machines ready at once. */
export const burst: Benchmark = {
  name: 'burst',
  about: `${MACHINES} machines ready at once → the last plan Secret written`,
  async run({ progress }) {
    await using site = await startBenchSite('burst');
    const { client, namespace } = site;
    const hosts = hostNames(WARM_UP + MACHINES);
    await registerHosts(client, namespace, hosts);
    await createPool(client, namespace, hosts);
    await Promise.all([site.start('worker'), site.start('bridge')]);
    await using plans = await watchPlans(client, namespace);
    const machines = hosts.map((_, index) => `machine-${String(index).padStart(3, '0')}`);
    const owners = new Map<string, string>();
    await inParallel(machines, 8, async (name) => {
      owners.set(name, await createCapiMachine(client, namespace, name));
    });
    const createAll = (names: readonly string[], width: number): Promise<void> =>
      inParallel(names, width, async (name) => {
        await createMachine(client, namespace, name, owners.get(name) ?? '');
      });
    progress(`${WARM_UP} machines to warm up, then ${MACHINES} at once`);
    await createAll(machines.slice(0, WARM_UP), 2);
    await plans.untilWritten(WARM_UP, TIMEOUT_MS);
    const before = await readUsage();
    const startedAtMs = performance.now();
    await createAll(machines.slice(WARM_UP), MACHINES);
    const createdMs = performance.now() - startedAtMs;
    await plans.untilWritten(hosts.length, TIMEOUT_MS);
    const after = await readUsage();
    const elapsedMs = [...plans.writtenAtMs.values()].map((atMs) => atMs - startedAtMs).filter((ms) => ms > 0);
    const distribution = distributionOf(elapsedMs);
    return [
      {
        what: `${MACHINES} at once → plan Secret written`,
        budget: 'max ≤ 4 s',
        measured: formatDistribution(distribution, 'ms'),
        ok: distribution.max <= BUDGET_MS && distribution.count === MACHINES,
      },
      { what: `creation of the ${MACHINES} objects by the benchmark`, measured: `${Math.round(createdMs)} ms` },
      { what: 'CPU time until then', measured: describeCpu(before, after) },
    ];
  },
};
