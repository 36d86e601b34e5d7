import { describe, expect } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { capiMachines, machineInventories } from '../../api/resources.ts';
import { findInventory, untilPoolCounts } from '../support/hosts.ts';
import { createPool } from '../support/machines.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import {
  type BaremetalMachine,
  changeDeployment,
  deployWorkers,
  listWorkers,
  machineDeployments,
  untilRolledOut,
  untilWorkers,
  untilWorkersRun,
} from '../support/worker-groups.ts';
import { renderMachineTemplate } from '../support/worker-manifests.ts';

// docs/guides/failure-domains.md and docs/guides/node-management.md: which of several free hosts a group gets.
const racks = { 'al-a1': 'a', 'al-a2': 'a', 'al-a3': 'a', 'al-b1': 'b', 'al-b2': 'b', 'al-c1': 'c', 'al-c2': 'c' };
const others = ['al-x1', 'al-x2'];
const own = ['al-r1', 'al-r2', 'al-r3'];
const test = siteTest('allocation', { hosts: [...Object.keys(racks), ...others, ...own] });

const hostOf = ({ status }: BaremetalMachine): string => status?.machineInventoryRef?.name ?? '';
const hostsOf = (machines: readonly BaremetalMachine[]): string[] => machines.map(hostOf).toSorted();

/** Replaces all machines of the group, so many more or fewer at a time, by those of a template that asks for the same. */
async function roll(site: Site, group: string, template: string, rollingUpdate: object): Promise<BaremetalMachine[]> {
  const before = await listWorkers(site, group);
  await site.apply([await renderMachineTemplate(site, template, 'reuse', { hostReuse: 'Prefer' })]);
  await changeDeployment(site, group, {
    rollout: { strategy: { type: 'RollingUpdate', rollingUpdate } },
    template: { spec: { infrastructureRef: { name: template } } },
  });
  return untilRolledOut(site, group, before);
}

describe.concurrent('a MachineDeployment', { timeout: 300_000 }, () => {
  test('that spreads fills the racks of its pool evenly, though the first rack has room for all', async ({ site }) => {
    const { client, namespace } = site;
    for (const [host, rack] of Object.entries(racks)) {
      const labels = { [foreign.zoneLabel]: rack };
      await client.patch(machineInventories, { namespace, name: host }, { metadata: { labels } });
    }
    const wishes = { allocationPolicy: 'Spread' } as const;
    await deployWorkers(site, { name: 'spread', hosts: Object.keys(racks), replicas: 3, wishes });
    const three = await untilWorkersRun(site, 'spread', 3);
    expect(hostsOf(three)).toEqual(['al-a1', 'al-b1', 'al-c1']);
    for (const { spec } of three) expect(spec).toMatchObject(wishes);

    await changeDeployment(site, 'spread', { replicas: 6 });
    const six = await untilWorkersRun(site, 'spread', 6);
    expect(hostsOf(six)).toEqual(['al-a1', 'al-a2', 'al-b1', 'al-b2', 'al-c1', 'al-c2']);
  });

  test('that prefers its hosts gets them back in a rollout, though others are free and stand before them', async ({
    site,
  }) => {
    const { client, namespace } = site;
    const lastGroupOf = async (host: string) =>
      (await findInventory(site, host))?.metadata.annotations[annotations.lastGroup];
    await createPool(site, 'reuse', [...others, ...own]);
    await deployWorkers(site, { name: 'passing', hosts: [], pool: 'reuse', replicas: 2 });
    await untilWorkersRun(site, 'passing', 2);
    const wishes = { hostReuse: 'Prefer' } as const;
    await deployWorkers(site, { name: 'staying', hosts: [], pool: 'reuse', replicas: 3, wishes });
    expect(hostsOf(await untilWorkersRun(site, 'staying', 3))).toEqual(own);
    await client.delete(machineDeployments, { namespace, name: 'passing' });
    await untilPoolCounts(site, 'reuse', { available: 2, allocated: 3 });
    for (const host of others) expect(await lastGroupOf(host)).toBe('MachineDeployment/passing');
    expect(await lastGroupOf('al-r1')).toBeUndefined();

    const second = await roll(site, 'staying', 'staying-2', { maxSurge: 0, maxUnavailable: 1 });
    expect(hostsOf(second)).toEqual(own);
    expect(await lastGroupOf('al-r1')).toBe('MachineDeployment/staying');

    // One of its hosts is free, behind two of others.
    const last = second.find((machine) => hostOf(machine) === 'al-r3');
    const mark = { metadata: { annotations: { 'cluster.x-k8s.io/delete-machine': '' } } };
    await client.patch(capiMachines, { namespace, name: last?.metadata.name ?? '' }, mark);
    await changeDeployment(site, 'staying', { replicas: 2 });
    await untilWorkers(site, 'staying', 'one is gone', (machines) => machines.length === 2);
    await untilPoolCounts(site, 'reuse', { available: 3, allocated: 2 });
    const known = new Set((await listWorkers(site, 'staying')).map(({ metadata }) => metadata.uid));
    const rolled = roll(site, 'staying', 'staying-3', { maxSurge: 1, maxUnavailable: 0 });
    const isNew = (machine: BaremetalMachine): boolean => !known.has(machine.metadata.uid) && hostOf(machine) !== '';
    const surged = await untilWorkers(site, 'staying', 'one more has a host', (machines) => machines.some(isNew));
    expect(surged.filter(isNew).map(hostOf)).toEqual(['al-r3']);
    await rolled;
  });
});

test('no host ever had two owners', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});
