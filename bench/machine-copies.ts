import { createPool, hostNames, inParallel } from './bench-objects.ts';
import type { BenchSite } from './bench-site.ts';
import { createSettledMachine, recordSettledMachine, type SettledModel } from './settled-machines.ts';

const POOL_SIZE = 500;

/** Brings one machine to Running for real, with a worker and a bridge that end then. */
export async function liveModel(site: BenchSite): Promise<SettledModel> {
  const services = await Promise.all([site.start('worker', 'worker-model'), site.start('bridge', 'bridge-model')]);
  const model = await recordSettledMachine(site);
  await Promise.all(services.map((service) => service.stop()));
  return model;
}

/** Makes copies of what the model's life left, from one number to another: `machine-…` on `host-…`, in pools of 500. */
export async function createMachineCopies(
  site: BenchSite,
  model: SettledModel,
  { from, to }: { from: number; to: number },
  progress: (line: string) => void,
): Promise<void> {
  progress(`creating the objects of ${to - from} machines`);
  const hosts = hostNames(to).slice(from);
  const poolOf = (index: number): string => `pool-${String(index - (index % POOL_SIZE) + from).padStart(5, '0')}`;
  for (let first = 0; first < hosts.length; first += POOL_SIZE) {
    await createPool(site.client, site.namespace, hosts.slice(first, first + POOL_SIZE), poolOf(first));
  }
  await inParallel(hosts.entries(), 24, async ([index, host]) => {
    const machine = host.replace('host', 'machine');
    await createSettledMachine(site, model, { machine, host, pool: poolOf(index) });
    if ((index + 1) % 2000 === 0) progress(`${index + 1} of ${hosts.length}`);
  });
}
