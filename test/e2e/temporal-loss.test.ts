import { afterAll, beforeAll, expect, test } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { machineInventoryPools } from '../../api/resources.ts';
import { type ManagementCluster, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { letAnswer, plansReceived, readPlanSecret, untilPlanned, untilSettled } from '../support/host-answers.ts';
import { openOwnershipLedger, type OwnershipLedger } from '../support/ownership-ledger.ts';
import { runOf } from '../support/runs.ts';
import { type Site, startSite, summarise } from '../support/site.ts';
import { waitFor } from '../support/wait-for.ts';

/** The third host keeps its machine in the middle of reprovisioning; a fourth machine finds none. */
const hosts = ['tl3', 'tl1', 'tl2'];
const slowHost = 'tl2';

let cluster: ManagementCluster;
let site: Site;
let ledger: OwnershipLedger;
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  // Of its own: the other files shall keep their Temporal.
  cluster = await startManagementCluster();
  opened.use(cluster);
  // With a build id, as in the manifests: which build is current is lost, too.
  site = await startSite('tloss', { hosts, replicas: 2, cluster, env: { IRONLOOM_BUILD_ID: 'one' } });
  opened.defer(() => site.close());
  ledger = await openOwnershipLedger(site);
  opened.defer(() => ledger.stop());
});

afterAll(() => opened.disposeAsync());

test('after Temporal lost all it knew, each machine gets a run again, and no host a plan', async () => {
  await site.deploy();
  await site.untilRunning(2);
  site.host(slowHost).neverAnswer();
  await site.scale(3);
  await untilPlanned(site, 'reprovision', [slowHost]);
  // Not before: it would say that the last host is kept for the other one.
  await site.scale(4);
  await untilPhases('Pending', 'Reprovisioning', 'Running', 'Running');
  await untilBootstrapDataIsKnown();
  await untilSettled(site);
  const before = await describeMachines();
  const plansBefore = await planChecksums();

  await cluster.restartTemporal({ wipe: true });
  await waitFor(
    'each machine has an open run again',
    async () => (await openRuns()) === 4,
    async () => ({ machines: await summarise(site), openRuns: await openRuns() }),
  );
  await untilSettled(site);
  expect(await describeMachines()).toEqual(before);
  expect(await planChecksums()).toEqual(plansBefore);
});

test('the reprovisioning that was under way ends with its one plan', async () => {
  await letAnswer(site, [slowHost]);
  await untilPhases('Pending', 'Running', 'Running', 'Running');
  for (const host of hosts) expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);
});

test('all goes on: a new host serves the waiting machine, and a scale-down cleans every host', async () => {
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
  await waitFor('no run is open', async () => (await openRuns()) === 0);
});

async function untilPhases(...phases: string[]): Promise<void> {
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
async function untilBootstrapDataIsKnown(): Promise<void> {
  await waitFor('each run knows of its bootstrap data', async () => {
    const lives = (await site.machines()).map(({ metadata }) => runOf(site, metadata).query(lifeQuery));
    return (await Promise.all(lives)).every((life) => life?.snapshot.provisioning?.bootstrapSecret !== null);
  });
}

/** Who a machine is, and all that its status says. */
async function describeMachines() {
  const machines = await site.machines();
  return machines.map(({ metadata: { name, uid, finalizers }, spec, status }) => ({
    name,
    uid,
    finalizers,
    spec,
    status,
  }));
}

async function planChecksums(): Promise<string[]> {
  return Promise.all(hosts.map(async (host) => (await readPlanSecret(site, host)).planChecksum));
}

async function openRuns(): Promise<number> {
  return (await site.temporal.workflow.count(`TaskQueue='${site.namespace}' AND ExecutionStatus='Running'`)).count;
}

function compareText(a: string = '', b: string = ''): number {
  return a.localeCompare(b);
}
