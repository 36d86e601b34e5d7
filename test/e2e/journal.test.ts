import { expect } from 'vitest';
import { usesOf } from '../../domain/journal/uses.ts';
import { connectJournal } from '../../journal/connection.ts';
import { readHistory } from '../../journal/queries.ts';
import type { ReadEntry } from '../../journal/rows.ts';
import type { Service } from '../../dev/lab/services.ts';
import { startJournalDatabase } from '../journal/journal-database.ts';
import { runCliOn } from '../support/cli.ts';
import type { Site } from '../support/site.ts';
import { siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  changeDeployment,
  deployWorkers,
  listWorkers,
  untilWorkers,
  untilWorkersRun,
} from '../support/worker-groups.ts';

// Lives of machines, and what PostgreSQL knows of them when they are over: while the database is away, and a worker dies.
const GROUP = 'racks';
const hosts = ['jo-1', 'jo-2', 'jo-3'];
/** A machine for which all was there when it claimed was never Allocated (ADR 37). */
const wholeLife = ['Reprovisioning', 'Running', 'Preparing', 'Preparing', 'Available'];

const test = siteTestOn(
  async ({ onCleanup }) => {
    const database = await startJournalDatabase();
    const { url, password } = await database.create('journal');
    const variables = { IRONLOOM_JOURNAL_URL: url, IRONLOOM_JOURNAL_PASSWORD: password };
    const pool = connectJournal({ url, password }, () => {});
    onCleanup(async () => {
      await pool.end();
      await database.close();
    });
    return { ...useStack(), database, pool, variables };
  },
  'journal',
  { hosts, workers: 0 },
);

let worker: Service;
test.beforeAll(async ({ site, cluster }) => {
  worker = await site.start('worker', 'worker-journal', cluster.variables);
  await deployWorkers(site, { name: GROUP, hosts, replicas: hosts.length });
});

/** What is known of each machine, by its uid. */
async function readLives({ namespace }: Site, pool: ReturnType<typeof connectJournal>) {
  const told = await readHistory(pool, { kind: 'cluster', namespace, name: 'demo', sinceMs: 0, limit: 10_000 });
  return Map.groupBy(told, ({ machine }) => machine.uid);
}

async function untilTold(
  site: Site,
  pool: ReturnType<typeof connectJournal>,
  uids: readonly string[],
  phases: readonly string[],
): Promise<void> {
  const sequence = (entries: ReadEntry[] = []) =>
    entries
      .filter(({ reason, host, to }) => host !== null && reason === null && to !== 'Allocated')
      .map(({ to }) => to);
  const look = async () => {
    const lives = await readLives(site, pool);
    return uids.map((uid) => sequence(lives.get(uid)));
  };
  const isTold = async () => (await look()).every((told) => JSON.stringify(told) === JSON.stringify(phases));
  await waitFor(`all lives are told as ${phases.join(', ')}`, isTold, look, { timeoutMs: 90_000 });
}

const uidsOf = async (site: Site) => (await listWorkers(site, GROUP)).map(({ metadata }) => metadata.uid);
let first: string[];
let second: string[];

test('machines that run are told up to there', async ({ site, cluster }) => {
  await untilWorkersRun(site, GROUP, hosts.length);
  first = await uidsOf(site);
  await untilTold(site, cluster.pool, first, wholeLife.slice(0, 2));
  const [entry] = (await readLives(site, cluster.pool)).get(first[0] ?? '') ?? [];
  expect(entry).toMatchObject({
    cluster: 'demo',
    pool: GROUP,
    group: `MachineDeployment/${GROUP}`,
    step: 'begin',
    from: null,
  });
});

test('without its database, and with a new worker, machines go and come as ever', async ({ site, cluster }) => {
  await cluster.database.postgresql.kill();
  await changeDeployment(site, GROUP, { replicas: 0 });
  await untilWorkers(site, GROUP, 'all gone', (machines) => machines.length === 0);
  await worker.kill();
  worker = await site.start('worker', 'worker-journal-2', cluster.variables);
  await changeDeployment(site, GROUP, { replicas: hosts.length });
  await untilWorkersRun(site, GROUP, hosts.length);
  second = await uidsOf(site);
});

test('when the database is back nothing is missing, and nothing is told twice', async ({ site, cluster, ledger }) => {
  await cluster.database.postgresql.restart();
  await untilTold(site, cluster.pool, first, wholeLife);
  await changeDeployment(site, GROUP, { replicas: 0 });
  await untilWorkers(site, GROUP, 'all gone', (machines) => machines.length === 0);
  await untilTold(site, cluster.pool, second, wholeLife);
  expect(ledger.findBreaches()).toEqual([]);
});

test('each host was used by one machine after the other, and is free', async ({ site, cluster }) => {
  const entries = [...(await readLives(site, cluster.pool)).values()].flat();
  for (const host of hosts) {
    const uses = usesOf(entries.filter((entry) => entry.host === host));
    expect(uses).toHaveLength(2);
    expect([first, second].map((uids, index) => uids.includes(uses[index]?.machine.uid ?? ''))).toEqual([true, true]);
    expect(uses.every(({ toMs }) => toMs !== null)).toBe(true);
    expect(uses[0]?.toMs).toBeLessThanOrEqual(uses[1]?.fromMs ?? 0);
  }
});

test('an operator asks what a host did, and what the cluster used', async ({ site, cluster }) => {
  const key = `${site.namespace}/${hosts[0]}`;
  const history = await runCliOn(cluster, cluster.variables, 'history', 'host', key);
  expect(history).toMatchObject({ code: 0, stderr: '' });
  expect(history.stdout.match(/ Available /g)).toHaveLength(2);
  const period = ['--from', '1h', '-o', 'json'];
  const usage = await runCliOn(
    cluster,
    cluster.variables,
    'usage',
    '--cluster',
    'demo',
    '-n',
    site.namespace,
    ...period,
  );
  expect(JSON.parse(usage.stdout)).toMatchObject({ cluster: 'demo', uses: { length: 6 } });
});
