import { expect } from 'vitest';
import { capiClusters } from '../../api/resources.ts';
import { findOvertakings, recordIntents } from '../support/claim-order.ts';
import { plansReceived } from '../support/host-answers.ts';
import { createPool } from '../support/machines.ts';
import { createReadyMachine } from '../support/ready-machine.ts';
import { summarise } from '../support/site.ts';
import { beside, siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

const SIZE = 50;
/** In an order unlike the one of their names. */
const hosts = Array.from({ length: SIZE }, (_, index) => `fl${String((index * 37) % SIZE).padStart(2, '0')}`);
const machines = hosts.map((_, index) => `fleet-${index}`);

const test = siteTest('fleet', { hosts, workers: 2 }).extend(
  'recorded',
  { scope: 'file', auto: true },
  beside(recordIntents),
);

test.beforeAll(async ({ site }) => {
  await createPool(site, 'workers', hosts);
  await waitFor('the whole pool is available', async () => (await site.pool()).status?.available === SIZE);
  const cluster = { namespace: site.namespace, name: 'demo' };
  await waitFor('the cluster is there', async () => {
    const { status } = await site.client.get(capiClusters, cluster);
    return status?.initialization?.infrastructureProvisioned;
  });
});

test('fifty machines at once and two workers: each host is claimed once, and all machines are Running', async ({
  site,
  ledger,
}) => {
  const startedAtMs = performance.now();
  await Promise.all(machines.map((name) => createReadyMachine(site, name, 'workers')));
  const createdMs = Math.round(performance.now() - startedAtMs);
  await waitFor(
    'every host has its plan',
    () => hosts.every((host) => ledger.plansOf(host).length > 0),
    async () => ({ machines: await summarise(site), pool: (await site.pool()).status }),
    { timeoutMs: 120_000 },
  );
  const plannedMs = Math.round(performance.now() - startedAtMs);
  console.log(`${SIZE} machines created within ${createdMs} ms, the last plan written after ${plannedMs} ms`);
  await site.untilRunning(SIZE, { timeoutMs: 150_000 });

  for (const host of hosts) expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);
  expect(ledger.findBreaches()).toEqual([]);
  const claims = ledger.ownerChanges().filter(({ to }) => to !== undefined);
  expect(claims).toHaveLength(SIZE);
  expect(new Set(claims.map(({ host }) => host)).size).toBe(SIZE);
  expect(new Set(claims.map(({ to }) => to)).size).toBe(SIZE);
}, 300_000);

test('hosts were claimed in the order of the pool, except by claims that overlapped', ({
  ledger,
  recorded: { intents },
}) => {
  const claims = ledger.ownerChanges().filter(({ to }) => to !== undefined);
  console.log(`Places in the pool, by time: ${claims.map(({ host }) => hosts.indexOf(host)).join(' ')}`);
  expect(findOvertakings(hosts, intents, claims)).toEqual([]);
});
