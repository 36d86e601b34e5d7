import { describe, expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { capiMachines } from '../../api/resources.ts';
import { resourceOf } from '../../dev/stack/manifests.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { measureClaims } from '../support/claim-times.ts';
import { attached, detached, recordHostTimelines } from '../support/host-timeline.ts';
import { expectCountersAddUp, findInventory, untilAllocationState, untilPoolCounts } from '../support/hosts.ts';
import { conditionOf, deleteMachine, findMachine, untilGone } from '../support/machines.ts';
import { scaleDeployment } from '../support/kube-raw.ts';
import { findNode, killKubelet, noteSilentKubelet } from '../support/node-faults.ts';
import { readEvents } from '../support/object-events.ts';
import { fetchHistory, type Site } from '../support/site.ts';
import { beside, recordPools, siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  type BaremetalMachine,
  appendMembers,
  deployWorkers,
  isServing,
  listWorkers,
  untilWorkers,
  untilWorkersRun,
} from '../support/worker-groups.ts';
import { DEPLOYMENT_LABEL } from '../support/worker-manifests.ts';

// docs/guides/node-management.md step by step: more nodes, fewer nodes, these nodes, broken nodes.
const up = ['nm-up-1', 'nm-up-3', 'nm-up-2', 'nm-up-5', 'nm-up-4'];
const down = ['nm-down-1', 'nm-down-2', 'nm-down-3', 'nm-down-4'];
const failing = ['nm-failed', 'nm-spare'];
const health = ['nm-health'];

const test = siteTest('nodes', { hosts: [...up, ...down, ...failing, ...health] })
  .extend('timelines', { scope: 'file', auto: true }, beside(recordHostTimelines))
  .extend('pools', { scope: 'file', auto: true }, recordPools);

function hostOf({ status }: BaremetalMachine): string {
  return status?.machineInventoryRef?.name ?? '';
}

/** Scales up by one machine, which finds no host, and waits until a next one would be younger. */
async function addWaiting(site: Site, replicas: number): Promise<void> {
  expect(await scaleDeployment(site.namespace, 'up', replicas)).toBe(replicas);
  const machines = await untilWorkers(site, 'up', `${replicas - 1} wait`, (all) => {
    const waiting = all.filter((machine) => conditionOf(machine, 'InventoryAllocated')?.reason === 'PoolExhausted');
    return waiting.length === replicas - 1 && waiting.every(({ status }) => status?.phase === 'Pending');
  });
  const bornAtMs = Date.parse(machines.at(-1)?.metadata.creationTimestamp ?? '');
  await waitFor('creation times, in whole seconds, differ', () => Date.now() >= bornAtMs + 1_000);
}

// Minutes on two cores that are shared with others, much less alone.
describe.concurrent('nodes', { timeout: 300_000 }, () => {
  test('more than the pool has: the oldest that wait are served when names are appended', async ({
    site,
    annotate,
  }) => {
    await deployWorkers(site, { name: 'up', hosts: up.slice(0, 1), replicas: 1 });
    await untilWorkersRun(site, 'up', 1);
    for (const replicas of [2, 3, 4]) await addWaiting(site, replicas);
    const [, second, third, youngest] = await listWorkers(site, 'up');
    await untilPoolCounts(site, 'up', { total: 1, allocated: 1, available: 0 });

    await appendMembers(site, 'up', up.slice(1, 3));
    const served = await untilWorkers(site, 'up', '3 run', (all) => all.filter(isServing).length === 3);
    const waiting = served.filter((machine) => !isServing(machine)).map(({ metadata }) => metadata.name);
    expect(waiting).toEqual([youngest?.metadata.name]);
    const hosts = served.filter((machine) => isServing(machine)).map(hostOf);
    expect(new Set(hosts)).toEqual(new Set(up.slice(0, 3)));
    expect([second, third].map((machine) => machine?.status?.phase)).toEqual(['Pending', 'Pending']);
    await untilPoolCounts(site, 'up', { total: 3, allocated: 3, available: 0 });
    const { namespace } = site;
    const added = { namespace, pool: 'up', hosts: up.slice(1, 3) };
    const claimMs = await measureClaims(useStack().auditLogPath, added);
    await annotate(`pool change to the last claim: ${claimMs} ms`);
    expect(claimMs).toBeLessThan(10_000);

    await appendMembers(site, 'up', up.slice(3));
    await untilWorkersRun(site, 'up', 4);
    await untilPoolCounts(site, 'up', { total: 5, allocated: 4, available: 1 });
    expect((await findInventory(site, 'nm-up-4'))?.metadata.annotations[annotations.pool]).toBe('up');
  });

  test('fewer, any of them, then those that are marked: their hosts are clean and free', async ({
    site,
    timelines,
  }) => {
    await deployWorkers(site, { name: 'down', hosts: down, replicas: 4 });
    const all = await untilWorkersRun(site, 'down', 4);
    const uids = await Promise.all(down.map(async (host) => (await findInventory(site, host))?.metadata.uid));
    await scaleDeployment(site.namespace, 'down', 3);
    const left = await untilWorkersRun(site, 'down', 3);
    await untilPoolCounts(site, 'down', { total: 4, allocated: 3, available: 1 });

    const [kept, ...marked] = left;
    for (const { metadata } of marked) await markForDeletion(site, metadata.name);
    await scaleDeployment(site.namespace, 'down', 1);
    const [last] = await untilWorkersRun(site, 'down', 1);
    expect(last?.metadata.uid).toBe(kept?.metadata.uid);
    await untilPoolCounts(site, 'down', { total: 4, allocated: 1, available: 3 });

    const freed = all.filter(({ metadata }) => metadata.uid !== kept?.metadata.uid).map(hostOf);
    expect(freed).toHaveLength(3);
    for (const host of freed) {
      await timelines.until(host, [...attached, ...detached]);
      const notes = (await findInventory(site, host))?.metadata.annotations ?? {};
      expect(notes[annotations.pool]).toBe('down');
      expect(Object.keys(notes).filter((name) => name.includes('/owner-'))).toEqual([]);
      expect(site.host(host).node?.running).toBe(false);
      await waitFor(`the Node of ${host} is gone`, async () => (await findNode(site, host)) === undefined);
    }
    expect(await Promise.all(down.map(async (host) => (await findInventory(site, host))?.metadata.uid))).toEqual(uids);
  });

  test('a failed one is replaced on another host; its story stays readable', async ({ site, timelines }) => {
    const output = 'Get "https://registry.example.com/v2/": x509: certificate signed by unknown authority\n';
    await site.host('nm-failed').failStep('elemental upgrade', 1, { output });
    await deployWorkers(site, { name: 'failing', hosts: failing, replicas: 1 });
    const hasFailed = (machine: BaremetalMachine): boolean => machine.status?.phase === 'Failed';
    const [failed] = await untilWorkers(site, 'failing', 'one failed', (all) => all.some(hasFailed));
    if (failed === undefined) throw new Error('No machine failed');
    const { name } = failed.metadata;
    const message = conditionOf(failed, 'PlanApplied')?.message;
    expect(message).toContain('the certificate of the registry is not trusted by the host');
    await untilAllocationState(site, 'nm-failed', 'Unavailable');
    await untilPoolCounts(site, 'failing', { total: 2, unavailable: 1, available: 1 });

    // It is clean, free and first in order again before the replacement is made, and yet not taken.
    await deleteMachine(site, name);
    await untilGone(site, name);
    const [replacement] = await untilWorkersRun(site, 'failing', 1);
    expect(replacement?.spec.providerID).toBe('baremetal:///nm-spare');
    await untilPoolCounts(site, 'failing', { total: 2, allocated: 1, available: 1 });
    const failedOnce = ['Allocated', 'Reprovisioning', 'plan reprovision', 'Unavailable', ...detached];
    await timelines.until('nm-failed', failedOnce);
    const noteOn = async () =>
      (await findInventory(site, 'nm-failed'))?.metadata.annotations[annotations.failedReprovision];
    expect(await noteOn()).toContain(`reprovision-1-${failed.metadata.uid}.`);

    const told = await readEvents(site, name);
    expect(told).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'PlanFailed', message }));
    const handle = site.temporal.workflow.getHandle(machineWorkflowId(failed.metadata));
    expect((await handle.describe()).status.name).toBe('COMPLETED');
    const history = JSON.stringify((await fetchHistory(site, failed)).map(readEnd));
    expect(history).toContain('the certificate of the registry is not trusted by the host');

    await scaleDeployment(site.namespace, 'failing', 2);
    const hosts = (await untilWorkersRun(site, 'failing', 2)).map(hostOf);
    expect(new Set(hosts)).toEqual(new Set(failing));
    await timelines.until('nm-failed', [...failedOnce, ...attached]);
    expect(await noteOn()).toBeUndefined();
  });

  test('whose kubelet died are replaced by a MachineHealthCheck', async ({ site, timelines }) => {
    await deployWorkers(site, { name: 'health', hosts: health, replicas: 1 });
    const [sick] = await untilWorkersRun(site, 'health', 1);
    if (sick === undefined) throw new Error('No machine');
    const selector = { matchLabels: { [DEPLOYMENT_LABEL]: 'health' } };
    const unhealthyNodeConditions = [{ type: 'Ready', status: 'Unknown', timeoutSeconds: 1 }];
    const healthCheck = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'MachineHealthCheck' };
    await site.client.create(resourceOf(healthCheck), {
      metadata: { namespace: site.namespace, name: 'health' },
      spec: { clusterName: 'demo', selector, checks: { unhealthyNodeConditions } },
    });
    await killKubelet(site, 'nm-health');
    await waitFor(
      'Cluster API deletes the machine',
      async () => {
        await noteSilentKubelet(site, 'nm-health');
        const now = await findMachine(site, sick.metadata.name);
        return now?.metadata.deletionTimestamp !== undefined || now === undefined;
      },
      () => findMachine(site, sick.metadata.name),
      { everyMs: 500 },
    );
    await untilGone(site, sick.metadata.name);
    const [replacement] = await untilWorkersRun(site, 'health', 1);
    expect(replacement?.metadata.uid).not.toBe(sick.metadata.uid);
    await timelines.until('nm-health', [...attached, ...detached, ...attached]);
    expect(site.host('nm-health').node).toMatchObject({ registered: true, running: true });
  });
});

test('all the time the counters added up, and no host had two owners', ({ ledger, pools }) => {
  expectCountersAddUp(pools.seen);
  expect(ledger.findBreaches()).toEqual([]);
});

async function markForDeletion(site: Site, name: string): Promise<void> {
  const metadata = { annotations: { 'cluster.x-k8s.io/delete-machine': '' } };
  await site.client.patch(capiMachines, { namespace: site.namespace, name }, { metadata });
}

/** What the step of an event ended with: its result, or why it failed. */
function readEnd(event: Awaited<ReturnType<typeof fetchHistory>>[number]): string[] {
  const payloads = event.activityTaskCompletedEventAttributes?.result?.payloads ?? [];
  const failure = event.activityTaskFailedEventAttributes?.failure?.message ?? [];
  return payloads.map(({ data }) => Buffer.from(data ?? []).toString()).concat(failure);
}
