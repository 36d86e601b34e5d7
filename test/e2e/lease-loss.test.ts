import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { type Lease, leases } from '../../k8s-bridge/leader/lease-record.ts';
import { plansReceived, untilSettled } from '../support/host-answers.ts';
import { currentRunId, refOf, runOf, untilStage } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

const hosts = ['ll1', 'll2', 'll3'];
const test = siteTest('lloss', { hosts, replicas: 2 });

test('a bridge whose Lease is taken stands by, and leads on by itself once the other one is gone', async ({
  site,
  ledger,
}) => {
  await site.deploy();
  await site.untilRunning(2);
  const settled = await untilSettled(site);

  await takeLease(site);
  await waitFor('the bridge has seen it', () => countLines(site, 'No longer leading', 1));
  await site.scale(3);
  await waitFor('the third machine is owned', async () => {
    const machines = await site.machines();
    return machines.length === 3 && machines.every(({ metadata }) => metadata.ownerReferences.length > 0);
  });
  // Nobody leads: it was made before the Lease ran out, or this says nothing.
  expect(await countLines(site, 'Leading', 1)).toBe(true);
  expect((await site.machines()).filter(({ status }) => status === undefined)).toHaveLength(1);
  expect(await readGauge(site, 'ironloom_leader')).toBe('0');

  await site.untilRunning(3);
  expect(await countLines(site, 'Leading', 2)).toBe(true);
  expect(site.bridge.exitCode()).toBeUndefined();
  const now = await untilSettled(site);
  // Neither of the first two was told anything again.
  for (const [machine, was] of settled) expect(now.get(machine)).toEqual(was);
  for (const host of hosts) expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);
  await waitFor('it reports its pool', async () => (await site.pool()).status?.allocated === 3);
  expect(await readGauge(site, 'ironloom_machines_unattended')).toBe('0');
  expect(ledger.findBreaches()).toEqual([]);
}, 120_000);

test('a bridge that takes over believes what its Lease says, and finds what has happened since', async ({ site }) => {
  const settled = await untilSettled(site);
  await untilNoted(site);
  await site.bridge.stop();
  const [lost, ...others] = await site.machines();
  if (lost === undefined) throw new Error('No machine');
  const runs = new Map(
    await Promise.all(others.map(async ({ metadata: it }) => [it.name, await currentRunId(site, it)] as const)),
  );
  const before = await currentRunId(site, lost.metadata);
  await runOf(site, lost.metadata).terminate('by the test');
  const next = await site.start('bridge', 'bridge-next');
  await untilStage(site, lost.metadata, 'running', before);
  const [first] = (await readFile(next.logPath, 'utf8'))
    .split('\n')
    .filter((line) => line.includes('Compared open runs'));
  expect(JSON.parse(first ?? '')).toMatchObject({ missing: 1, replaced: 0, departed: 0 });
  for (const [name, runId] of runs) expect(await currentRunId(site, await refOf(site, name))).toBe(runId);
  expect([...(await untilSettled(site)).keys()]).toEqual([...settled.keys()]);
}, 120_000);

/** Until the Lease says that runs and machines agreed. */
async function untilNoted(site: Site): Promise<void> {
  await waitFor('the Lease says that all was well', async () => {
    const { metadata } = await findLease(site);
    return metadata.annotations[annotations.runsCompared] !== undefined;
  });
}

async function findLease({ client, namespace }: Site): Promise<Lease> {
  const { items } = await client.list(leases, { namespace });
  const all = items.map((item) => leases.schema.parse(item));
  const found = all.find(({ metadata }) => metadata.name.startsWith('ironloom-bridge'));
  if (found === undefined)
    throw new Error(`No Lease of a bridge among ${all.map(({ metadata }) => metadata.name).join()}`);
  return found;
}

/** As a bridge on the other side of a network that was cut would, and then is gone, too. */
async function takeLease(site: Site): Promise<void> {
  const { name, namespace } = (await findLease(site)).metadata;
  await site.client.patch(leases, { namespace, name }, { spec: { holderIdentity: 'another-bridge' } });
}

async function countLines({ bridge }: Site, message: string, count: number): Promise<boolean> {
  const lines = (await readFile(bridge.logPath, 'utf8')).split('\n');
  return lines.filter((line) => line.includes(`"msg":"${message}"`)).length === count;
}

async function readGauge({ bridge }: Site, name: string): Promise<string | undefined> {
  const text = await (await fetch(`${bridge.url}/metrics`)).text();
  return new RegExp(`^${name}(?:\\{[^}]*\\})? (.*)$`, 'm').exec(text)?.[1];
}
