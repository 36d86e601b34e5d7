import { setTimeout as sleep } from 'node:timers/promises';
import { baremetalMachines } from '../api/resources.ts';
import { createCapiMachine, createMachine, createPool, hostNames, registerHosts } from './bench-objects.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { type Benchmark, distributionOf, formatDistribution } from './measurement.ts';
import { describeCpu, readUsage } from './process-usage.ts';
import { type PlanWatch, watchPlans } from './plan-watch.ts';

const WARM_UP = 10;
const SAMPLES = 60;
const TIMEOUT_MS = 30_000;

/** From a BaremetalMachine that is ready to go to the plan in the host's plan Secret, one machine at a time. */
export const latency: Benchmark = {
  name: 'latency',
  about: 'BaremetalMachine ready to go → plan Secret written, one at a time',
  async run({ progress }) {
    await using site = await startBenchSite('latency');
    const { client, namespace } = site;
    const names = hostNames(WARM_UP + SAMPLES);
    await registerHosts(client, namespace, names);
    await createPool(client, namespace, names);
    await Promise.all([site.start('worker'), site.start('bridge')]);
    await using plans = await watchPlans(client, namespace);
    progress(`${WARM_UP} machines to warm up, then ${SAMPLES} samples`);
    const samples: number[] = [];
    const before = await readUsage();
    for (const [index] of names.entries()) {
      const elapsedMs = await measureOne(site, plans, index);
      if (index >= WARM_UP) samples.push(elapsedMs);
    }
    const after = await readUsage();
    const distribution = distributionOf(samples);
    return [
      {
        what: 'ready to go → plan Secret written',
        budget: 'p50 ≤ 60 ms, p99 ≤ 120 ms',
        measured: formatDistribution(distribution, 'ms'),
        ok: distribution.p50 <= 60 && distribution.p99 <= 120,
      },
      { what: 'CPU time meanwhile', measured: describeCpu(before, after) },
    ];
  },
};

/** Counts from before the call that creates the object to the event of the Secret on a watch, which is a little more. */
async function measureOne({ client, namespace }: BenchSite, plans: PlanWatch, index: number): Promise<number> {
  const name = `machine-${String(index).padStart(3, '0')}`;
  const ownerUid = await createCapiMachine(client, namespace, name);
  // Not in step with anybody's timers.
  await sleep(100 + Math.random() * 100);
  const startedAtMs = performance.now();
  await createMachine(client, namespace, name, ownerUid);
  await plans.untilWritten(index + 1, TIMEOUT_MS);
  const elapsedMs = performance.now() - startedAtMs;
  const deadlineMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    const { status } = await client.get(baremetalMachines, { namespace, name });
    if (status?.phase === 'Reprovisioning') return elapsedMs;
    if (performance.now() > deadlineMs) throw new Error(`${name} is ${status?.phase}, not Reprovisioning`);
    await sleep(20);
  }
}
