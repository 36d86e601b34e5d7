import { annotations } from '../api/constants.ts';
import { baremetalMachines } from '../api/resources.ts';
import { planSecrets } from '../dev/elemental/plan-secret.ts';
import { createCapiMachine, createMachine, createPool, hostNames, registerHosts } from './bench-objects.ts';
import type { BenchSite } from './bench-site.ts';
import { formatSeconds, type Measurement } from './measurement.ts';
import { waitUntil } from './wait-until.ts';

/** While the runs adopt the machines from one number to another: one more machine, and one that is deleted. */
export async function measureMeanwhile(
  site: BenchSite,
  { from, to }: { from: number; to: number },
): Promise<Measurement[]> {
  const { client, namespace, temporal } = site;
  const host = 'host-of-newcomer';
  await registerHosts(client, namespace, [host]);
  await createPool(client, namespace, [host], 'newcomers');
  const ownerUid = await createCapiMachine(client, namespace, 'newcomer');
  const begun = async (): Promise<boolean> =>
    (await temporal.workflow.count("ExecutionStatus='Running'")).count > from + 0.2 * (to - from);
  await waitUntil('a part of the runs is started', begun, { timeoutMs: 300_000, everyMs: 100 });
  const newcomer = await measurePlan(site, host, 'reprovision', async () => {
    await createMachine(client, namespace, 'newcomer', ownerUid, 'newcomers');
  });
  // The last one that is adopted, if anybody keeps to an order.
  const last = hostNames(to).at(-1) ?? '';
  const deleted = await measurePlan(site, last, 'clean', async () => {
    await client.delete(baremetalMachines, { namespace, name: last.replace('host', 'machine') });
  });
  return [
    {
      what: 'a new machine meanwhile: until its plan',
      budget: '≤ 2 s',
      measured: formatSeconds(newcomer),
      ok: newcomer <= 2_000,
    },
    {
      what: 'a deletion meanwhile: until the clean plan',
      budget: '≤ 2 s',
      measured: formatSeconds(deleted),
      ok: deleted <= 2_000,
    },
  ];
}

/** Milliseconds from before `cause` until a plan of that type stands in the host's Secret. */
export async function measurePlan(
  site: BenchSite,
  name: string,
  type: string,
  cause: () => Promise<void>,
): Promise<number> {
  const key = { namespace: site.namespace, name };
  const startedAtMs = performance.now();
  await cause();
  const written = async (): Promise<boolean> =>
    (await site.client.get(planSecrets, key)).metadata.annotations?.[annotations.planType] === type;
  await waitUntil(`${name} has a ${type} plan`, written, { timeoutMs: 600_000, everyMs: 20 });
  return performance.now() - startedAtMs;
}
