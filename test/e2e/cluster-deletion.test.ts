import { describe, expect } from 'vitest';
import { baremetalClusters, capiClusters, type Resource } from '../../api/resources.ts';
import { externalControlPlanes } from '../../dev/stack/external-control-plane.ts';
import { readAuditEvents } from '../../dev/stack/audit.ts';
import { deployCluster } from '../support/clusters.ts';
import { plansReceived, untilPlanned } from '../support/host-answers.ts';
import { expectReleased, untilPoolCounts } from '../support/hosts.ts';
import { createMachine, createPool, untilGone, untilProvisioned, waitForMachine } from '../support/machines.ts';
import { refOf, runOf } from '../support/runs.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

const hosts = ['cd1', 'cd2'];

const test = siteTest('cdel', { hosts, replicas: hosts.length });

function find<T>(site: Site, resource: Resource<T>, name: string): Promise<T | undefined> {
  return site.client.find(resource, { namespace: site.namespace, name });
}

async function deleteCluster(site: Site, name: string): Promise<void> {
  await site.client.delete(capiClusters, { namespace: site.namespace, name });
}

async function untilClusterGone(site: Site, name: string): Promise<void> {
  await waitFor(
    `Cluster ${name} is gone`,
    async () => (await find(site, capiClusters, name)) === undefined,
    async () => ({ cluster: await find(site, capiClusters, name), machines: await summarise(site) }),
    { timeoutMs: 120_000 },
  );
}

/** When, in the order of the audit log, anybody did this to an object of the kind for the first and the last time. */
async function findWrites(
  site: Site,
  verb: string,
  resource: string,
  name?: string,
): Promise<{ first: number; last: number }> {
  const events = await readAuditEvents(useStack().auditLogPath);
  const hits = events.flatMap((event, index) => {
    const ref = event.objectRef;
    const isIt = event.verb === verb && ref?.namespace === site.namespace && ref.resource === resource;
    return isIt && (name === undefined || ref.name === name) ? [index] : [];
  });
  expect(hits.length, `${verb} ${resource}`).toBeGreaterThan(0);
  return { first: hits[0] ?? NaN, last: hits.at(-1) ?? NaN };
}

test('two workers come up', async ({ site }) => {
  await site.deploy();
  await site.untilRunning(2);
});

describe.concurrent('a Cluster', () => {
  test('that is deleted goes in order: workers and their hosts, control plane, infrastructure', async ({ site }) => {
    const workers = (await site.machines()).filter(({ metadata }) => metadata.name.startsWith('workers-'));
    expect(workers).toHaveLength(2);
    const refs = await Promise.all(workers.map(({ metadata }) => refOf(site, metadata.name)));
    for (const host of hosts) site.host(host).neverAnswer();
    await deleteCluster(site, 'demo');
    await untilPlanned(site, 'clean', hosts);
    expect((await find(site, capiClusters, 'demo'))?.metadata.deletionTimestamp).toBeDefined();
    expect((await find(site, externalControlPlanes, 'demo'))?.metadata.deletionTimestamp).toBeUndefined();
    expect((await find(site, baremetalClusters, 'demo'))?.metadata.deletionTimestamp).toBeUndefined();
    for (const host of hosts) site.host(host).neverAnswer(false);
    await untilClusterGone(site, 'demo');
    expect(await find(site, baremetalClusters, 'demo')).toBeUndefined();
    expect(await find(site, externalControlPlanes, 'demo')).toBeUndefined();
    for (const host of hosts) {
      await expectReleased(site, host);
      expect(plansReceived(site, host)).toEqual([undefined, 'reprovision', 'clean']);
    }
    for (const ref of refs) {
      expect(await runOf(site, ref).result()).toMatch(/^released: /);
      const machine = await findWrites(site, 'patch', 'baremetalmachines', ref.name);
      const controlPlane = await findWrites(site, 'delete', 'externalcontrolplanes', 'demo');
      const infrastructure = await findWrites(site, 'delete', 'baremetalclusters', 'demo');
      expect(machine.last).toBeLessThan(controlPlane.first);
      expect(controlPlane.first).toBeLessThan(infrastructure.first);
    }
    await untilPoolCounts(site, 'workers', { total: 2, available: 2, allocated: 0 });
  });

  test('whose infrastructure is deleted under it keeps it until its machines are gone', async ({ site }) => {
    const name = 'direct';
    const host = 'cd-direct';
    await deployCluster(site, useStack(), { name });
    await site.addHost(host);
    await createPool(site, name, [host], name);
    await createMachine(site, { name: 'direct-0', pool: name, cluster: name });
    await untilProvisioned(site, 'direct-0');
    await site.client.delete(baremetalClusters, { namespace: site.namespace, name });
    await waitFor(
      'the BaremetalCluster says what it waits for',
      async () => {
        const conditions = (await find(site, baremetalClusters, name))?.status?.conditions ?? [];
        return conditions.some(({ reason, message }) => reason === 'MachinesExist' && message.includes('direct-0'));
      },
      async () => (await find(site, baremetalClusters, name))?.status,
    );
    await waitForMachine(site, 'direct-0', 'Running', ({ status }) => status?.phase === 'Running');
    expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);

    await deleteCluster(site, name);
    await untilGone(site, 'direct-0');
    await untilClusterGone(site, name);
    expect(await find(site, baremetalClusters, name)).toBeUndefined();
    await expectReleased(site, host);
    expect(plansReceived(site, host)).toEqual([undefined, 'reprovision', 'clean']);
  });
});
