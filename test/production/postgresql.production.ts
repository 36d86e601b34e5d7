import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { z } from 'zod';
import type { Service } from '../../dev/lab/services.ts';
import type { PlanType } from '../../api/constants.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { listOfRuns, runCliOn } from '../support/cli.ts';
import { letAnswer, plansReceived, readPlanSecret } from '../support/host-answers.ts';
import { readReadiness, readRolloutRules, rollOut } from '../support/rolling-update.ts';
import { fetchHistory, type Site, summarise } from '../support/site.ts';
import { siteTestOn } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  type BaremetalMachine,
  changeDeployment,
  deployWorkers,
  listWorkers,
  untilRolledOut,
  untilWorkers,
  untilWorkersRun,
} from '../support/worker-groups.ts';
import { renderBootstrapTemplate } from '../support/worker-manifests.ts';
import { openProductionCluster, type ProductionCluster } from './cluster.ts';

// Temporal's server on PostgreSQL, as docker-compose.yml runs them: a machine's life, and what an operator sees of it and
// asks of it; builds of the worker; and both of them killed.
const GROUP = 'racks';
const hosts = ['pg1', 'pg2', 'pg3'];
const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);
const rules = await readRolloutRules();
let pods: Service[] = [];

// Here the bridge looks for lost runs more often, as nobody waits for minutes.
const env = { IRONLOOM_RESYNC_PERIOD: '10s' };
const test = siteTestOn(openProductionCluster(), 'production', { hosts, workers: 0, env });

test.beforeAll(async ({ site }) => {
  pods = await Promise.all(Array.from({ length: rules.replicas }, (_, index) => launch(site, 'one', index)));
  await untilReady(pods);
  await deployWorkers(site, { name: GROUP, hosts, replicas: 1 });
});

function launch(site: Site, build: string, index: number): Promise<Service> {
  return site.launch('worker', `worker-${build}-${index}`, { IRONLOOM_BUILD_ID: build });
}

async function untilReady(services: readonly Service[]): Promise<void> {
  const read = () => Promise.all(services.map((service) => readReadiness(service, rules)));
  const ready = async () => (await read()).every((state) => state === true);
  await waitFor('all are ready', ready, read, { timeoutMs: 120_000 });
}

async function untilUnready(service: Service): Promise<void> {
  const read = () => readReadiness(service, rules);
  await waitFor(`${service.name} says that it is not ready`, async () => (await read()) !== true, read);
}

const executionsSchema = z.array(z.object({ execution: z.object({ workflowId: z.string() }) }));
const uiListSchema = z.object({ executions: executionsSchema });

/** Ids of the runs that Temporal's CLI finds. */
async function findRuns({ production }: ProductionCluster, query: string): Promise<string[]> {
  const listed: unknown = JSON.parse(await production.cli('workflow', 'list', '--output', 'json', '--query', query));
  return executionsSchema.parse(listed).map(({ execution }) => execution.workflowId);
}

async function untilFound(cluster: ProductionCluster, query: string, ids: readonly string[]): Promise<void> {
  const look = async () => (await findRuns(cluster, query)).toSorted();
  const found = async () => JSON.stringify(await look()) === JSON.stringify(ids.toSorted());
  await waitFor(`runs are found by ${query}`, found, look);
}

const idsOf = (machines: readonly BaremetalMachine[]) => machines.map(({ metadata }) => machineWorkflowId(metadata));

/** The queries that docs/operations.md gives. */
async function readQueries(): Promise<string[]> {
  const text = await readFile(OPERATIONS, 'utf8');
  return text.split('\n').filter((line) => /^Ironloom\w+ = "/.test(line));
}

test('a machine comes up, and is found by its search attributes', async ({ site, cluster }) => {
  const machines = await untilWorkersRun(site, GROUP, 1);
  const host = machines[0]?.status?.machineInventoryRef?.name ?? '';
  await untilFound(cluster, `IronloomPool = "${GROUP}" AND IronloomPhase = "Running"`, idsOf(machines));
  await untilFound(cluster, `IronloomInventory = "${host}" AND IronloomCluster = "demo"`, idsOf(machines));
  await untilFound(cluster, `IronloomPool = "${GROUP}" AND IronloomPhase = "Failed"`, []);
});

test('the UI finds the same', async ({ site, cluster }) => {
  const query = new URLSearchParams({ query: `IronloomPool = "${GROUP}" AND ExecutionStatus = "Running"` });
  const url = `${cluster.temporal.uiUrl}/api/v1/namespaces/${cluster.temporal.namespace}/workflows?${query.toString()}`;
  const { executions } = uiListSchema.parse(await (await fetch(url)).json());
  expect(executions.map(({ execution }) => execution.workflowId)).toEqual(idsOf(await listWorkers(site, GROUP)));
});

test('the queries of the documentation are ones that PostgreSQL takes', async ({ cluster }) => {
  const queries = await readQueries();
  expect(queries.length).toBeGreaterThan(2);
  for (const query of queries) expect(await findRuns(cluster, query)).toEqual([]);
});

test('what an operator asks for by Temporal, and by our CLI, is answered', async ({ site, cluster }) => {
  const [machine] = await listWorkers(site, GROUP);
  const id = machine === undefined ? '' : machineWorkflowId(machine.metadata);
  const name = `${site.namespace}/${machine?.metadata.name}`;
  const request = JSON.stringify({ actor: 'ada', reason: 'new disk' });
  const { production } = cluster;
  const update = ['workflow', 'update', 'execute', '--workflow-id', id, '--name', 'pause', '--input', request];
  expect(await production.cli(...update)).toContain('Nothing is written to the host any more until resume');
  expect(await production.cli('workflow', 'query', '--type', 'life', '-w', id)).toContain('"ada"');
  const env = { IRONLOOM_TASK_QUEUE: site.namespace };
  const resumed = await runCliOn(cluster, env, 'resume', name, '--reason', 'done');
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  const listed = await runCliOn(cluster, env, ...listOfRuns, '--pool', GROUP);
  expect(listed.stdout).toContain(machine?.metadata.name);
});

test('a new build of the worker takes over, and goes on with the runs of the old one', async ({ site }) => {
  await changeDeployment(site, GROUP, { replicas: hosts.length });
  const growing = untilWorkersRun(site, GROUP, hosts.length);
  [pods] = await Promise.all([rollOut(rules, pods, (index) => launch(site, 'two', index)), growing]);
  await untilReady(pods);
  const histories = await Promise.all((await listWorkers(site, GROUP)).map((machine) => fetchHistory(site, machine)));
  const builds = histories
    .flat()
    .flatMap(({ workflowTaskCompletedEventAttributes: done }) => done?.deploymentVersion?.buildId ?? []);
  expect(new Set(builds)).toEqual(new Set(['one', 'two']));
});

test('a rollout survives that PostgreSQL, and then the server, is killed in the middle', async ({ site, cluster }) => {
  const { production } = cluster;
  const first = await listWorkers(site, GROUP);
  silence(site);
  await site.apply([await renderBootstrapTemplate(site, 'racks-2', 'second')]);
  await changeDeployment(site, GROUP, { template: { spec: { bootstrap: { configRef: { name: 'racks-2' } } } } });

  await untilAtWork(site, 'clean');
  await production.postgresql.kill();
  await expect(production.cli('workflow', 'count')).rejects.toThrow('no usable database connection');
  await letAnswer(site, hosts);
  silence(site);
  await production.postgresql.restart();

  await untilAtWork(site, 'reprovision');
  await production.kill();
  await untilUnready(site.bridge);
  await letAnswer(site, hosts);
  await production.restart();

  const second = await untilRolledOut(site, GROUP, first);
  await untilFound(cluster, `IronloomPool = "${GROUP}" AND ExecutionStatus = "Running"`, idsOf(second));
  await untilReady([site.bridge, ...pods]);
  for (const host of hosts)
    expect(plansReceived(site, host)).toEqual([undefined, 'reprovision', 'clean', 'reprovision']);
  await waitFor('Cluster API says that all run', async () =>
    (await site.capiMachines()).every(({ status }) => status?.phase === 'Running'),
  );
});

/** Hosts run what they are given, and keep their answers until `letAnswer`. */
function silence(site: Site): void {
  for (const host of hosts) site.host(host).neverAnswer();
}

/** Waits until a host has an unanswered plan of this type. */
async function untilAtWork(site: Site, type: PlanType): Promise<void> {
  await waitFor(
    `a host has a ${type} plan to answer`,
    async () => {
      const plans = await Promise.all(hosts.map((host) => readPlanSecret(site, host)));
      return plans.some(
        ({ planAttempt, planChecksum, appliedChecksum }) =>
          parseAttemptId(planAttempt ?? '')?.planType === type && planChecksum !== appliedChecksum,
      );
    },
    () => summarise(site),
    { timeoutMs: 120_000 },
  );
}

test('all go, the closed runs are found, and no host ever had two owners', async ({ site, cluster, ledger }) => {
  const ids = idsOf(await listWorkers(site, GROUP));
  await changeDeployment(site, GROUP, { replicas: 0 });
  await untilWorkers(site, GROUP, 'all gone', (machines) => machines.length === 0);
  await untilFound(cluster, `IronloomPool = "${GROUP}" AND ExecutionStatus = "Running"`, []);
  expect(await findRuns(cluster, `IronloomPool = "${GROUP}" AND ExecutionStatus = "Completed"`)).toEqual(
    expect.arrayContaining(ids),
  );
  expect(ledger.findBreaches()).toEqual([]);
});
