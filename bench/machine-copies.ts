import { createPool, hostNames, inParallel } from './bench-objects.ts';
import type { BenchSite } from './bench-site.ts';
import { createSettledMachine, recordSettledMachine } from './settled-machines.ts';

const POOL_SIZE = 500;

/** Brings one machine to Running for real, and makes copies of what its life left: `machine-…` on `host-…`, in pools of 500. */
export async function createMachineCopies(
  site: BenchSite,
  machines: number,
  progress: (line: string) => void,
): Promise<void> {
  const services = await Promise.all([site.start('worker', 'worker-model'), site.start('bridge', 'bridge-model')]);
  const model = await recordSettledMachine(site);
  await Promise.all(services.map((service) => service.stop()));
  progress(`creating the objects of ${machines} machines`);
  const hosts = hostNames(machines);
  const poolOf = (index: number): string => `pool-${String(Math.floor(index / POOL_SIZE)).padStart(3, '0')}`;
  for (let first = 0; first < machines; first += POOL_SIZE) {
    await createPool(site.client, site.namespace, hosts.slice(first, first + POOL_SIZE), poolOf(first));
  }
  await inParallel(hosts.entries(), 24, async ([index, host]) => {
    const machine = host.replace('host', 'machine');
    await createSettledMachine(site, model, { machine, host, pool: poolOf(index) });
    if ((index + 1) % 2000 === 0) progress(`${index + 1} of ${machines}`);
  });
}
