import { describe, expect } from 'vitest';
import { z } from 'zod';
import { foreign } from '../../api/constants.ts';
import { capiMachines, machineInventories, type Resource } from '../../api/resources.ts';
import { expectReleased } from '../support/hosts.ts';
import {
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
} from '../support/machines.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

const label = 'example.com/rack';
const racks = {
  'fd-east-1': 'east',
  'fd-east-2': 'east',
  'fd-west-1': 'west',
  'fd-bare': undefined,
  'fd-move-1': 'north',
  'fd-move-2': 'south',
  'fd-late': undefined,
};
const test = siteTest('zones', {
  hosts: Object.keys(racks),
  env: { IRONLOOM_FAILURE_DOMAIN_LABEL: label },
}).extend('labels', { scope: 'file', auto: true }, async ({ site }) => {
  for (const [name, rack] of Object.entries(racks)) if (rack !== undefined) await place(site, name, rack);
});

async function place({ client, namespace }: Site, name: string, rack: string): Promise<void> {
  // The label that counts elsewhere says something else here.
  const labels = { [label]: rack, [foreign.zoneLabel]: 'nowhere' };
  await client.patch(machineInventories, { namespace, name }, { metadata: { labels } });
}

/** As Cluster API shows it to people. */
const toldMachines = {
  ...capiMachines,
  schema: z.object({ status: z.object({ failureDomain: z.string().optional() }).optional() }),
} satisfies Resource<unknown>;

/** The host of a machine that runs, and the failure domain as the machine and Cluster API show it. */
async function whereIs(site: Site, name: string) {
  const { status } = await untilProvisioned(site, name);
  const key = { namespace: site.namespace, name };
  const asked = (await site.client.get(capiMachines, key)).spec.failureDomain;
  return { host: status?.machineInventoryRef?.name, domain: status?.failureDomain, asked };
}

describe.concurrent('a Machine with a failure domain', () => {
  test('gets the first host there in its order, or waits beside free ones until one there is free', async ({
    site,
  }) => {
    await createPool(site, 'fd', ['fd-bare', 'fd-east-1', 'fd-east-2', 'fd-west-1']);
    await createMachine(site, { name: 'fd-w1', pool: 'fd', failureDomain: 'west' });
    expect(await whereIs(site, 'fd-w1')).toEqual({ host: 'fd-west-1', domain: 'west', asked: 'west' });
    await createMachine(site, { name: 'fd-w2', pool: 'fd', failureDomain: 'west' });
    const waiting = await untilReason(site, 'fd-w2', 'InventoryAllocated', 'FailureDomainExhausted');
    expect(waiting.status).toMatchObject({ phase: 'Pending', awaitedFailureDomain: 'west' });
    expect(conditionOf(waiting, 'InventoryAllocated')?.message).toBe(
      'No host of pool fd in failure domain west is free (1 host): 1 used by a machine. ' +
        'Free in others: east 2 of 2, none that is known 1 of 1',
    );

    // Older ones that wait for a host there hold nobody up who can use others.
    await createMachine(site, { name: 'fd-e', pool: 'fd', failureDomain: 'east' });
    expect(await whereIs(site, 'fd-e')).toEqual({ host: 'fd-east-1', domain: 'east', asked: 'east' });
    await createMachine(site, { name: 'fd-any', pool: 'fd' });
    expect(await whereIs(site, 'fd-any')).toEqual({ host: 'fd-bare', domain: undefined, asked: undefined });
    expect(conditionOf(await findMachine(site, 'fd-w2'), 'InventoryAllocated')?.status).toBe('False');

    await deleteMachine(site, 'fd-w1');
    expect(await whereIs(site, 'fd-w2')).toEqual({ host: 'fd-west-1', domain: 'west', asked: 'west' });
    expect((await findMachine(site, 'fd-w2'))?.status?.awaitedFailureDomain).toBeUndefined();
    for (const name of ['fd-w2', 'fd-e', 'fd-any']) await deleteMachine(site, name);
    for (const name of ['fd-w2', 'fd-e', 'fd-any']) await untilGone(site, name);
    await expectReleased(site, 'fd-west-1');
  });

  test('tells Cluster API where its host stands', async ({ site }) => {
    const { client, namespace } = site;
    await createPool(site, 'fd-told', ['fd-move-1']);
    await createMachine(site, { name: 'fd-told', pool: 'fd-told' });
    await waitFor(
      'the Machine says so',
      async () => {
        const machine = await client.get(toldMachines, { namespace, name: 'fd-told' });
        return machine.status?.failureDomain === 'north';
      },
      async () => (await findMachine(site, 'fd-told'))?.status,
      { timeoutMs: 60_000 },
    );
  });

  test('that changes while it waits, or whose hosts are labelled only then, goes on', async ({ site }) => {
    await createPool(site, 'fd-change', ['fd-move-2', 'fd-late']);
    await createMachine(site, { name: 'fd-typo', pool: 'fd-change', failureDomain: 'suoth' });
    await createMachine(site, { name: 'fd-wait', pool: 'fd-change', failureDomain: 'upstairs' });
    await untilReason(site, 'fd-typo', 'InventoryAllocated', 'FailureDomainExhausted');
    await untilReason(site, 'fd-wait', 'InventoryAllocated', 'FailureDomainExhausted');
    const key = { namespace: site.namespace, name: 'fd-typo' };
    await site.client.patch(capiMachines, key, { spec: { failureDomain: 'south' } });
    expect((await whereIs(site, 'fd-typo')).host).toBe('fd-move-2');
    await place(site, 'fd-late', 'upstairs');
    expect(await whereIs(site, 'fd-wait')).toEqual({ host: 'fd-late', domain: 'upstairs', asked: 'upstairs' });
  });
});

test('no host ever had two owners', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});
