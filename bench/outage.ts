import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../dev/lab/services.ts';
import { createCapiMachine, createMachine, createPool, registerHosts } from './bench-objects.ts';
import type { BenchSite } from './bench-site.ts';
import { measurePlan } from './meanwhile.ts';
import { formatSeconds, type Measurement } from './measurement.ts';

const AWAY_MS = 60_000;
const HOST = 'host-after-outage';
const MACHINE = 'machine-after-outage';
const POOL = 'pool-after-outage';
const budgets = { listsEach: 1.5, inSyncMs: 15_000 };

/**
 * The API server is away for a minute, and comes back. The bridge loses its lease meanwhile, and takes it again. In sync: a
 * machine that is created as soon as the API server answers has its plan, for which worker and bridge must both see it.
 * `machines` are at rest meanwhile.
 */
export async function measureOutage(
  site: BenchSite,
  { worker, bridge, machines }: { worker: Service; bridge: Service; machines: number },
): Promise<Measurement[]> {
  const { client, namespace, cluster } = site;
  await registerHosts(client, namespace, [HOST]);
  await createPool(client, namespace, [HOST], POOL);
  const ownerUid = await createCapiMachine(client, namespace, MACHINE);
  const before = { worker: await countLists(worker), bridge: await countLists(bridge) };
  await cluster.killProcess('kube-apiserver');
  await sleep(AWAY_MS);
  await cluster.restartProcess('kube-apiserver');
  const inSyncMs = await measurePlan(site, HOST, 'reprovision', async () => {
    await createMachine(client, namespace, MACHINE, ownerUid, POOL);
  });
  const lists = [subtract(await countLists(worker), before.worker), subtract(await countLists(bridge), before.bridge)];
  const listsEach = sum(lists, ({ lists: count }) => count) / sum(lists, ({ kinds }) => kinds);
  const during = `API server away for ${AWAY_MS / 1_000} s, ${machines} machines at rest`;
  return [
    {
      what: `${during}: lists of each kind afterwards`,
      budget: `≤ ${budgets.listsEach}`,
      measured: listsEach.toFixed(2),
      ok: listsEach <= budgets.listsEach,
    },
    {
      what: 'until a new machine has its plan then',
      budget: `≤ ${budgets.inSyncMs / 1_000} s`,
      measured: formatSeconds(inSyncMs),
      ok: inSyncMs <= budgets.inSyncMs,
    },
  ];
}

interface Lists {
  kinds: number;
  lists: number;
}

/** How often a process has listed the kinds that it follows. */
async function countLists({ url }: Service): Promise<Lists> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = [...text.matchAll(/^ironloom_informer_lists_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return { kinds: counts.length, lists: counts.reduce((total, count) => total + count, 0) };
}

function subtract(after: Lists, before: Lists): Lists {
  return { kinds: after.kinds, lists: after.lists - before.lists };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
