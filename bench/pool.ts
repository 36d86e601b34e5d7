import { setTimeout as sleep } from 'node:timers/promises';
import { annotations } from '../api/constants.ts';
import { machineInventories, machineInventoryPools } from '../api/resources.ts';
import { followObjects } from '../dev/elemental/object-feed.ts';
import { createPool, hostNames, registerHosts } from './bench-objects.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { type Benchmark, distributionOf, formatDistribution } from './measurement.ts';
import { cpuBetween, describeCpu, readUsage } from './process-usage.ts';

const SMALL = 50;
const LARGE = 5_000;
const CHANGES = 20;
/** Longer than the bridge keeps between two writes of a pool's status. */
const PAUSE_MS = 5_500;
const TIMEOUT_MS = 300_000;
const budgets = { countedMs: 1_000, ratio: 2 };

/** How one changed host reaches the counters of its pool, and what that costs the bridge beside hosts that did not change. */
export const pool: Benchmark = {
  name: 'pool',
  about: `a pool of ${LARGE} members: one host changes → its counters are right`,
  async run({ progress }) {
    await using site = await startBenchSite('pool');
    for (const members of [SMALL, LARGE]) {
      progress(`registering ${members} hosts`);
      const hosts = hostNames(members, prefixOf(members));
      await registerHosts(site.client, site.namespace, hosts);
      await createPool(site.client, site.namespace, hosts, poolOf(members));
    }
    await site.start('bridge');
    const small = await changeHosts(site, SMALL, progress);
    const large = await changeHosts(site, LARGE, progress);
    const counted = distributionOf(large.countedMs);
    const ratio = large.cpuMs / small.cpuMs;
    return [
      {
        what: `one host of ${LARGE} changes → the counters are right`,
        budget: `max ≤ ${budgets.countedMs} ms`,
        measured: formatDistribution(counted, 'ms'),
        ok: counted.max <= budgets.countedMs,
      },
      {
        what: `the same in a pool of ${SMALL}`,
        measured: formatDistribution(distributionOf(small.countedMs), 'ms'),
      },
      {
        what: `CPU time of the bridge a change, ${LARGE} members : ${SMALL}`,
        budget: `≤ ${budgets.ratio}`,
        measured: `${ratio.toFixed(2)} (${large.cpuMs.toFixed(1)} ms : ${small.cpuMs.toFixed(1)} ms)`,
        ok: ratio <= budgets.ratio,
      },
      { what: `CPU time of ${CHANGES} changes among ${LARGE}`, measured: large.cpu },
    ];
  },
};

/** One after the other: a host is taken out of use. */
async function changeHosts(site: BenchSite, members: number, progress: (line: string) => void) {
  const { client, namespace } = site;
  await using pools = await watchAvailable(site, poolOf(members));
  await pools.untilAvailable(members);
  progress(`${CHANGES} hosts of ${members} change`);
  const quarantine = { metadata: { annotations: { [annotations.quarantine]: 'bench' } } };
  const countedMs: number[] = [];
  await sleep(PAUSE_MS * 5);
  const before = await readUsage();
  for (const [index, name] of hostNames(CHANGES, prefixOf(members)).entries()) {
    await sleep(PAUSE_MS);
    const startedAtMs = performance.now();
    await client.patch(machineInventories, { namespace, name }, quarantine);
    countedMs.push((await pools.untilAvailable(members - index - 1)) - startedAtMs);
  }
  const after = await readUsage();
  return {
    countedMs,
    cpuMs: (cpuBetween(before, after).get('bridge') ?? Number.NaN) / CHANGES,
    cpu: describeCpu(before, after),
  };
}

/** Follows the pool's status, so that nothing but the bridge costs anything while it waits. */
async function watchAvailable({ client, namespace }: BenchSite, name: string) {
  const seenAtMs = new Map<number, number>();
  let tell: (() => void) | undefined;
  const feed = followObjects({
    client,
    resource: machineInventoryPools,
    namespace,
    onChange: (_key, pool) => {
      if (pool?.metadata.name !== name) return;
      seenAtMs.set(pool.status?.available ?? 0, performance.now());
      tell?.();
    },
  });
  await feed.synced;
  return {
    /** When so many were counted, in milliseconds of `performance.now()`. */
    async untilAvailable(count: number): Promise<number> {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      for (;;) {
        const atMs = seenAtMs.get(count);
        if (atMs !== undefined) return atMs;
        signal.throwIfAborted();
        const { promise, resolve } = Promise.withResolvers<void>();
        tell = resolve;
        signal.addEventListener('abort', () => resolve());
        await promise;
      }
    },
    [Symbol.asyncDispose]: () => feed.stop(),
  };
}

const poolOf = (members: number): string => `pool-of-${members}`;
const prefixOf = (members: number): string => `host-of-${members}`;
