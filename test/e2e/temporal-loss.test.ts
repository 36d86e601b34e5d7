import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { machineInventoryPools } from '../../api/resources.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { letAnswer, plansReceived, readPlanSecret, untilPlanned, untilSettled } from '../support/host-answers.ts';
import { currentRunId, runOf } from '../support/runs.ts';
import { type Site, summarise } from '../support/site.ts';
import { type FileHooks, siteTestOn } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

/** The third host keeps its machine in the middle of reprovisioning; a fourth machine finds none. */
const hosts = ['tl3', 'tl1', 'tl2'];
const slowHost = 'tl2';

// With a build id, as in the manifests: which build is current is lost, too.
const test = siteTestOn(startOwnCluster, 'tloss', { hosts, replicas: 2, env: { IRONLOOM_BUILD_ID: 'one' } });

/** The other files shall keep their Temporal. */
async function startOwnCluster({ onCleanup }: FileHooks) {
  const cluster = await startManagementCluster();
  onCleanup(() => cluster.stop());
  return cluster;
}

test('after Temporal lost all it knew, each machine gets a run again, and no host a plan', async ({
  site,
  cluster,
}) => {
  await site.deploy();
  await site.untilRunning(2);
  site.host(slowHost).neverAnswer();
  await site.scale(3);
  await untilPlanned(site, 'reprovision', [slowHost]);
  // Not before: it would say that the last host is kept for the other one.
  await site.scale(4);
  await untilPhases(site, 'Pending', 'Reprovisioning', 'Running', 'Running');
  await untilBootstrapDataIsKnown(site);
  await untilSettled(site);
  const before = await describeMachines(site);
  const plansBefore = await planChecksums(site);

  await cluster.restartTemporal({ wipe: true });
  await waitFor(
    'each machine has an open run again',
    async () => (await openRuns(site)) === 4,
    async () => ({ machines: await summarise(site), openRuns: await openRuns(site) }),
  );
  await untilSettled(site);
  expect(await describeMachines(site)).toEqual(before);
  expect(await planChecksums(site)).toEqual(plansBefore);
  // Else a bridge that starts takes each of them for a run that was reset, and tells it all anew.
  for (const { metadata, status } of await site.machines()) {
    expect(status?.writtenBy).toMatch(new RegExp(`^${await currentRunId(site, metadata)}/`));
    if (status?.phase === 'Running') expect(await stepsOf(site, metadata)).toEqual([]);
  }
}, 300_000);

test('the reprovisioning that was under way ends with its one plan', async ({ site }) => {
  await letAnswer(site, [slowHost]);
  await untilPhases(site, 'Pending', 'Running', 'Running', 'Running');
  for (const host of hosts) expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);
});

test('all goes on: a new host serves the waiting machine, and a scale-down cleans every host', async ({
  site,
  ledger,
}) => {
  await site.addHost('tl4');
  const machineInventories = [...hosts, 'tl4'].map((name) => ({ name }));
  const pool = { namespace: site.namespace, name: 'workers' };
  await site.client.patch(machineInventoryPools, pool, { spec: { machineInventories } });
  await site.untilRunning(4);
  await site.scale(0);
  await waitFor(
    'all hosts are available',
    async () => (await site.machines()).length === 0 && (await site.pool()).status?.available === 4,
    async () => ({ machines: await summarise(site), pool: (await site.pool()).status }),
  );
  for (const { name } of machineInventories) {
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision', 'clean']);
  }
  for (const { metadata } of await site.inventories()) {
    expect(metadata.annotations[annotations.ownerUid]).toBeUndefined();
  }
  expect(ledger.findBreaches()).toEqual([]);
  await waitFor('no run is open', async () => (await openRuns(site)) === 0);
});

async function untilPhases(site: Site, ...phases: string[]): Promise<void> {
  await waitFor(
    `the machines are ${phases.join(', ')}`,
    async () =>
      (await site.machines())
        .map(({ status }) => status?.phase)
        .toSorted(compareText)
        .join() === phases.join(),
    () => summarise(site),
  );
}

/** Cluster API makes it after the machine has begun to wait, and the machine's inputs change once more. */
async function untilBootstrapDataIsKnown(site: Site): Promise<void> {
  await waitFor('each run knows of its bootstrap data', async () => {
    const lives = (await site.machines()).map(({ metadata }) => runOf(site, metadata).query(lifeQuery));
    return (await Promise.all(lives)).every((life) => life?.snapshot.provisioning?.bootstrapSecret !== null);
  });
}

/** Who a machine is, and all that its status says, whoever wrote it. */
async function describeMachines(site: Site) {
  const machines = await site.machines();
  return machines.map(({ metadata: { name, uid, finalizers }, spec, status }) => {
    const { writtenBy: _, ...said } = status ?? {};
    return { name, uid, finalizers, spec, status: said };
  });
}

async function planChecksums(site: Site): Promise<string[]> {
  return Promise.all(hosts.map(async (host) => (await readPlanSecret(site, host)).planChecksum));
}

/** What its run has asked of workers beside its tasks. */
async function stepsOf(site: Site, machine: MachineRef): Promise<string[]> {
  const { events } = await runOf(site, machine).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: step }) => step?.activityType?.name ?? []);
}

async function openRuns(site: Site): Promise<number> {
  return (await site.temporal.workflow.count(`TaskQueue='${site.namespace}' AND ExecutionStatus='Running'`)).count;
}

function compareText(a: string = '', b: string = ''): number {
  return a.localeCompare(b);
}
