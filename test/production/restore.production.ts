import { expect } from 'vitest';
import type { Service } from '../../dev/lab/services.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { letAnswer, plansReceived, untilPlanned, untilSettled } from '../support/host-answers.ts';
import { conditionOf } from '../support/machines.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTestOn } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import { openProductionCluster } from './cluster.ts';

// docs/guides/temporal-production.md, step by step: Temporal's databases come back from a backup, whose runs know less than
// has happened since.
const hosts = ['rs1', 'rs2', 'rs3', 'rs4'];
const env = { IRONLOOM_RESYNC_PERIOD: '5s', IRONLOOM_BUILD_ID: 'one' };
let worker: Service | undefined;
const test = siteTestOn(openProductionCluster(), 'restore', { hosts, replicas: 3, env });

test('a backup is made while one machine is on its way, and life goes on', async ({ site, cluster }) => {
  site.host('rs3').neverAnswer();
  await site.deploy();
  await untilPlanned(site, 'reprovision', ['rs3']);
  await cluster.production.postgresql.backUp();
  await letAnswer(site, ['rs3']);
  await site.untilRunning(3);
  // One that runs goes; another machine, of which the backup knows nothing, comes.
  await site.scale(2);
  await untilCount(site, 2);
  await site.scale(3);
  await site.untilRunning(3);
  await waitFor(
    'each host has proven that it booted',
    async () => (await site.machines()).every((machine) => conditionOf(machine, 'Booted')?.status === 'True'),
    () => summarise(site),
  );
  await untilSettled(site);
});

test('a backup is restored: each machine gets a run that adopts it, and no host a plan', async ({ site, cluster }) => {
  const { production } = cluster;
  const before = await describe(site);
  await Promise.all([site.bridge, ...site.workers].map((service) => service.stop()));
  await production.kill();
  await production.postgresql.restore();
  await production.restart();

  const query = openRunsOf(site);
  await production.cli('workflow', 'terminate', '--query', query, '--reason', 'restored', '--yes');
  await waitFor(
    'no run is open',
    async () => (await listRuns(site)).length === 0,
    () => listRuns(site),
  );
  [worker] = await Promise.all([site.start('worker', 'worker-again'), site.start('bridge', 'bridge-again')]);

  const ids = (await site.machines()).map(({ metadata }) => machineWorkflowId(metadata)).toSorted();
  await waitFor(
    'each machine has an open run, and nobody else',
    async () => JSON.stringify(await listRuns(site)) === JSON.stringify(ids),
    async () => ({ open: await listRuns(site), ids }),
    { timeoutMs: 120_000 },
  );
  await untilSettled(site);
  expect(await describe(site)).toEqual(before);
});

test('a standby lacks what was written last: workers that begin anew go on with that', async ({ site, cluster }) => {
  const { production } = cluster;
  await production.postgresql.backUp();
  const [machine] = await site.machines();
  const id = machine === undefined ? '' : machineWorkflowId(machine.metadata);
  const request = JSON.stringify({ actor: 'ada', reason: 'tried it' });
  for (const name of ['pause', 'resume']) {
    await production.cli('workflow', 'update', 'execute', '-w', id, '--name', name, '--input', request);
  }
  await untilSettled(site);
  await production.kill();
  await production.postgresql.restore();
  await production.restart();
  await worker?.stop();
  await site.start('worker', 'worker-third');
});

test('all goes on: every host is cleaned once, and none had two owners', async ({ site, ledger }) => {
  await site.scale(0);
  await untilCount(site, 0);
  await waitFor(
    'all hosts are available',
    async () => (await site.pool()).status?.available === hosts.length,
    async () => (await site.pool()).status,
  );
  await waitFor('no run is open', async () => (await listRuns(site)).length === 0);
  for (const host of hosts) expect(plansReceived(site, host).at(-1)).not.toBe('reprovision');
  expect(ledger.findBreaches()).toEqual([]);
});

async function untilCount(site: Site, count: number): Promise<void> {
  await waitFor(
    `there are ${count} machines`,
    async () => (await site.machines()).length === count,
    () => summarise(site),
    { timeoutMs: 90_000 },
  );
}

const openRunsOf = ({ namespace }: Site) => `TaskQueue = "${namespace}" AND ExecutionStatus = "Running"`;

/** Workflow ids of the open runs. */
async function listRuns(site: Site): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of site.temporal.workflow.list({ query: openRunsOf(site) })) found.push(workflowId);
  return found.toSorted();
}

/** What each machine is and has, and what each host was ever told to do. */
async function describe(site: Site) {
  const machines = await site.machines();
  return {
    machines: machines.map(({ metadata: { name, uid }, spec, status: { writtenBy: _run, ...status } = {} }) => ({
      name,
      uid,
      spec,
      status,
    })),
    plans: hosts.map((host) => plansReceived(site, host)),
  };
}
