import { expect } from 'vitest';
import { foreign } from '../../api/constants.ts';
import { baremetalMachines, machineInventoryPools } from '../../api/resources.ts';
import type { Service } from '../../dev/lab/services.ts';
import { letAnswer, untilPlanned } from '../support/host-answers.ts';
import {
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  untilGone,
  untilProvisioned,
} from '../support/machines.ts';
import { type Site, summarise } from '../support/site.ts';
import { beside, siteTest } from '../support/site-test.ts';
import { watchSlots } from '../support/slot-watch.ts';
import { waitFor } from '../support/wait-for.ts';

const POOL_LIMIT = 3;
const INSTALLATION_LIMIT = 4;
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
/** Hosts of the pool with a limit, and of one without; a machine bears the name of its pool and a number. */
const narrow = numbered('sl-n', 12);
const wide = numbered('sl-w', 4);
const hosts = [...narrow, ...wide];
/** All of them work at the same time: no Lease keeps one of two bridges quiet. */
const noLease = { IRONLOOM_LEADER_ELECT: 'false' };
const env = { IRONLOOM_MAX_CONCURRENT_REPROVISIONS: String(INSTALLATION_LIMIT) };

const test = siteTest('slots', { hosts, env }).extend('watch', { scope: 'file', auto: true }, beside(watchSlots));

const ofPool = (pool: string, count: number) => numbered(`${pool}-`, count);
const names = [...ofPool('narrow', narrow.length), ...ofPool('wide', wide.length)];

async function findMachines(site: Site, is: (reason: string | undefined, phase: string | undefined) => boolean) {
  const machines = await site.machines();
  return machines.filter((machine) => is(conditionOf(machine, 'PlanApplied')?.reason, machine.status?.phase));
}

const waiting = (site: Site) => findMachines(site, (reason) => reason === 'WaitingForSlot');
const atWork = (site: Site) => findMachines(site, (_, phase) => phase === 'Reprovisioning');

async function hostOf(site: Site, name: string): Promise<string> {
  const machine = await site.client.get(baremetalMachines, { namespace: site.namespace, name });
  return machine.status?.machineInventoryRef?.name ?? '';
}

test('as many begin as may; the others say their place', async ({ site }) => {
  for (const host of hosts) site.host(host).neverAnswer();
  await createPool(site, 'narrow', narrow, 'demo', { maxConcurrentReprovisions: POOL_LIMIT });
  await createPool(site, 'wide', wide);
  for (const name of ofPool('narrow', narrow.length)) await createMachine(site, { name, pool: 'narrow' });
  // Else those that need not struggle for the first host of a pool would take more than one of the slots.
  const isFull = async (): Promise<boolean> => (await atWork(site)).length === POOL_LIMIT;
  await waitFor('the pool is at its limit', isFull, () => summarise(site), { timeoutMs: 120_000 });
  for (const name of ofPool('wide', wide.length)) await createMachine(site, { name, pool: 'wide' });
  await waitFor(
    'four are at work, and twelve know their place',
    async () => {
      const [working, queued] = await Promise.all([atWork(site), waiting(site)]);
      const told = queued.filter((machine) => /^\d+(st|nd|rd|th) of \d+/.test(messageOf(machine)));
      return working.length === INSTALLATION_LIMIT && told.length === names.length - INSTALLATION_LIMIT;
    },
    () => summarise(site),
    { timeoutMs: 120_000 },
  );
  for (const { status } of await waiting(site)) expect(status?.phase).toBe('Allocated');
  const pool = await waitFor('the pool counts its slots', async () => {
    const { status } = await site.client.get(machineInventoryPools, { namespace: site.namespace, name: 'narrow' });
    return status?.slots?.used === POOL_LIMIT && status;
  });
  expect(pool.slots).toEqual({ limit: POOL_LIMIT, used: POOL_LIMIT, waiting: narrow.length - POOL_LIMIT });
  const { status } = await site.client.get(machineInventoryPools, { namespace: site.namespace, name: 'wide' });
  expect(status?.slots).toBeUndefined();
});

function messageOf(machine: Awaited<ReturnType<Site['machines']>>[number]): string {
  return conditionOf(machine, 'PlanApplied')?.message ?? '';
}

test('a control plane comes before older machines', async ({ site, watch }) => {
  const { client, namespace } = site;
  const youngest = await waitFor('one waits', async () => (await waiting(site)).findLast(isNarrow));
  const { name } = youngest.metadata;
  await client.patch(
    baremetalMachines,
    { namespace, name },
    { metadata: { labels: { [foreign.controlPlaneLabel]: '' } } },
  );
  await waitFor(
    'it is the first of its queue',
    async () => {
      const machine = await client.get(baremetalMachines, { namespace, name });
      return messageOf(machine).startsWith('1st of');
    },
    () => summarise(site),
    { timeoutMs: 120_000 },
  );
  const [done] = (await atWork(site)).filter(isNarrow);
  const before = watch.begun().length;
  await letAnswer(site, [done?.status?.machineInventoryRef?.name ?? '']);
  await waitFor('another one begins', async () => watch.begun().length > before);
  expect(watch.begun()[before]).toBe(await hostOf(site, name));
});

function isNarrow({ metadata }: { metadata: { name: string } }): boolean {
  return metadata.name.startsWith('narrow');
}

test('deletions do not wait: of one that has a node, of one that waits, and of one that is at it', async ({
  site,
  watch,
}) => {
  const running = await waitFor(
    'one runs',
    async () => (await findMachines(site, (_, phase) => phase === 'Running'))[0],
  );
  const host = running.status?.machineInventoryRef?.name ?? '';
  await deleteMachine(site, running.metadata.name);
  await untilPlanned(site, 'clean', [host]);
  await untilGone(site, running.metadata.name);
  const queued = (await waiting(site)).findLast(isNarrow)?.metadata.name ?? '';
  await deleteMachine(site, queued);
  await untilGone(site, queued);
  const [working] = (await atWork(site)).filter(isNarrow);
  const { metadata, status } = working ?? {};
  const begun = watch.begun();
  await deleteMachine(site, metadata?.name ?? '');
  await untilPlanned(site, 'clean', [status?.machineInventoryRef?.name ?? '']);
  // It may be at the plan that was replaced: nobody begins until it answers.
  await waitFor('its phase follows its plan', async () => (await atWork(site)).length < INSTALLATION_LIMIT);
  expect(await atWork(site)).toHaveLength(INSTALLATION_LIMIT - 1);
  expect(watch.begun()).toEqual(begun);
  await letAnswer(site, [status?.machineInventoryRef?.name ?? '']);
  await untilGone(site, metadata?.name ?? '');
});

test('workers and bridges are killed, and two bridges work at a time: never more begin, and all come up', async ({
  site,
  watch,
}) => {
  const rest = (await site.machines()).map(({ metadata }) => metadata.name);
  await site.bridge.kill();
  let bridges: Service[] = await Promise.all([1, 2].map((number) => site.start('bridge', `two-${number}`, noLease)));
  for (const host of hosts) site.host(host).neverAnswer(false);
  for (let round = 0; round < 4; round += 1) {
    await waitFor('some begin', async () => (await waiting(site)).length < 2 || watch.begun().length > 5 + round);
    const [worker] = site.workers.splice(0, 1);
    await Promise.all([worker?.kill(), bridges[0]?.kill()]);
    const [next, other] = await Promise.all([
      site.start('worker', `again-${round}`),
      site.start('bridge', `three-${round}`, noLease),
    ]);
    site.workers.push(next);
    bridges = [...bridges.slice(1), other];
  }
  for (const name of rest) await untilProvisioned(site, name);
  expect(watch.most((host) => narrow.includes(host))).toBe(POOL_LIMIT);
  expect(watch.most(() => true)).toBe(INSTALLATION_LIMIT);
});
