import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { machineInventories } from '../../api/resources.ts';
import { LOOK_NUMBER } from '../../domain/journal/first-look.ts';
import { usesOf } from '../../domain/journal/uses.ts';
import type { Service } from '../../dev/lab/services.ts';
import { connectJournal } from '../../journal/connection.ts';
import { readHistory, readHostHistory } from '../../journal/queries.ts';
import { startJournalDatabase } from '../journal/journal-database.ts';
import { findInventory } from '../support/hosts.ts';
import { type JournalGate, type JournalRow, type JournalSide, startJournalGate } from '../support/journal-gate.ts';
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

// Two lives at a time, for a step whose worker was killed is tried again after 15 s. At each of their entries one of the
// two workers, or the database, is killed: before the database has the entry, or when it has it and nobody knows. What is
// done to hosts goes on where a bridge was killed.
const GROUP = 'killed';
const lives = 2;
const hosts = ['jk-1', 'jk-2', 'jk-3'];
const wholeLife = ['Reprovisioning', 'Running', 'Preparing', 'Preparing', 'Available'];

/**
 * Who is killed, and on which side of the write that brings the first or the second machine there. `first`: wherever its claim
 * leads, which is to Reprovisioning where all was there for its plan (ADR 37).
 */
const points = new Map<string, 'worker' | 'database'>([
  ['0 first after', 'worker'],
  ['0 Reprovisioning after', 'database'],
  ['0 Running before', 'worker'],
  ['0 Preparing before', 'database'],
  ['0 Available after', 'worker'],
  ['1 first before', 'database'],
  ['1 Reprovisioning before', 'worker'],
  ['1 Running after', 'database'],
  ['1 Preparing after', 'worker'],
  ['1 Available after', 'database'],
]);

const test = siteTestOn(
  async ({ onCleanup }) => {
    const database = await startJournalDatabase();
    const address = await database.create('killed');
    const pool = connectJournal(address, () => {});
    const gates: JournalGate[] = [];
    onCleanup(async () => {
      await killing;
      await Promise.all(gates.map((gate) => gate.close()));
      await pool.end();
      await database.close();
    });
    return { ...useStack(), database, address, pool, gates };
  },
  'killed',
  { hosts, workers: 0 },
);

const variablesOf = ({ url, password }: { url: string; password: string }) => ({
  IRONLOOM_JOURNAL_URL: url,
  IRONLOOM_JOURNAL_PASSWORD: password,
});

let bridge: Service;
/** The last kill of the database, until it runs again. */
let killing = Promise.resolve();
const alone = { IRONLOOM_LEADER_ELECT: 'false' };
let left: Map<string, 'worker' | 'database'>;
const machines: string[] = [];
/** Where the first entry of each led. */
const firsts = new Map<string, string>();

test.beforeAll(async ({ site, cluster }) => {
  const { database, address, gates } = cluster;
  left = new Map(points);
  await site.bridge.stop();
  bridge = await site.start('bridge', 'bridge-journal', { ...variablesOf(address), ...alone });
  const killDatabase = (): Promise<void> => {
    killing = killing.then(async () => {
      await database.postgresql.kill();
      await database.postgresql.restart();
    });
    return killing;
  };
  const startWorker = async (slot: number): Promise<void> => {
    let worker: Service;
    let count = 0;
    const { port, pathname } = new URL(address.url);
    const gate = await startJournalGate(Number(port), async (side, rows) => {
      const victim = takePoint(side, rows);
      if (victim === undefined) return 'pass';
      if (victim === 'database') await killDatabase();
      else {
        await worker.kill();
        await launch();
      }
      return 'drop';
    });
    gates.push(gate);
    const url = `postgresql://ironloom@127.0.0.1:${gate.port}${pathname}`;
    const launch = async (): Promise<void> => {
      const name = `worker-${slot}-${(count += 1)}`;
      worker = await site.launch('worker', name, variablesOf({ ...address, url }));
    };
    await launch();
  };
  await Promise.all([startWorker(0), startWorker(1)]);
  await deployWorkers(site, { name: GROUP, hosts, replicas: lives });
});

function takePoint(side: JournalSide, rows: readonly JournalRow[]): 'worker' | 'database' | undefined {
  for (const { machine, to } of rows) {
    if (!machines.includes(machine) && machines.length < lives) machines.push(machine);
    const nth = machines.indexOf(machine);
    const firstTo = firsts.get(machine) ?? to;
    firsts.set(machine, firstTo);
    // No write of its own leads there.
    if (firstTo === 'Reprovisioning') for (const at of ['before', 'after']) left.delete(`${nth} Reprovisioning ${at}`);
    const point = `${nth} ${to === firstTo ? 'first' : to} ${side}`;
    const victim = left.get(point);
    left.delete(point);
    if (victim !== undefined) return victim;
  }
  return undefined;
}

test('lives go on when worker and database are killed at each entry', async ({ site, ledger }) => {
  await untilWorkersRun(site, GROUP, lives);
  await waitFor(
    'both are told as Running',
    () => [...left.keys()].every((point) => /Preparing|Available/.test(point)),
    () => [...left.keys()],
    { timeoutMs: 90_000 },
  );
  expect((await listWorkers(site, GROUP)).map(({ metadata }) => metadata.name).toSorted()).toEqual(machines.toSorted());
  await changeDeployment(site, GROUP, { replicas: 0 });
  await untilWorkers(site, GROUP, 'all gone', (all) => all.length === 0);
  expect(ledger.findBreaches()).toEqual([]);
});

test('nothing is missing, nothing is told twice, and the times add up', async ({ site, cluster }) => {
  const question = { kind: 'cluster', namespace: site.namespace, name: 'demo', sinceMs: 0, limit: 1_000 } as const;
  const read = () => readHistory(cluster.pool, question).catch(() => []);
  const entries = await waitFor(
    'each point was reached, and both lives are told to their ends',
    async () => {
      const told = await read();
      // An entry can be read before the gate hears that it is written.
      return left.size === 0 && told.filter(({ to }) => to === 'Available').length === lives && told;
    },
    async () => [[...left.keys()], (await read()).map(({ machine, number, to }) => [machine.name, number, to])],
    { timeoutMs: 90_000 },
  );
  for (const machine of machines) {
    const life = entries.filter((entry) => entry.machine.name === machine).toSorted((a, b) => a.number - b.number);
    // The first is the look's where that made the machine rest, else the run's.
    const number = life[0]?.number;
    expect([LOOK_NUMBER, LOOK_NUMBER + 1]).toContain(number);
    expect(life.map((entry) => entry.number)).toEqual(life.map((_, index) => (number ?? 0) + index));
    const moves = life.filter(({ host, reason, to }) => host !== null && reason === null && to !== 'Allocated');
    expect(moves.map(({ to }) => to)).toEqual(wholeLife);
    // Each tells of the time since the one before: together they are the whole life.
    const [first, last] = [life[0], life.at(-1)];
    const spentMs = life.slice(1).reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
    expect(spentMs).toBe((last?.at ?? 0) - (first?.at ?? 0));
  }
  const uses = hosts.flatMap((host) => usesOf(entries.filter((entry) => entry.host === host)));
  const asUsed = machines.map((machine) => {
    const life = entries.filter((entry) => entry.machine.name === machine);
    const begun = life.find(({ host }) => host !== null);
    return { machine, fromMs: begun?.at, toMs: life.find(({ to }) => to === 'Available')?.at };
  });
  expect(
    uses.map(({ machine, fromMs, toMs }) => ({ machine: machine.name, fromMs, toMs })).toSorted(byMachine),
  ).toEqual(asUsed.toSorted(byMachine));
});

const byMachine = (a: { machine: string }, b: { machine: string }) => a.machine.localeCompare(b.machine);

test('what is done to a host is told once, by whichever bridge comes after', async ({ site, cluster }) => {
  const { postgresql } = cluster.database;
  const host = hosts.at(-1) ?? '';
  const key = { namespace: site.namespace, name: host };
  const ask = (operation: string) =>
    site.client.patch(machineInventories, key, { metadata: { annotations: { [annotations.operation]: operation } } });
  const isHeard = async () =>
    (await findInventory(site, host))?.metadata.annotations[annotations.operation] === undefined;
  await postgresql.kill();
  await ask('quarantine: for the test');
  await waitFor('the host is quarantined while the database is away', isHeard);
  await bridge.kill();
  await postgresql.restart();
  bridge = await site.start('bridge', 'bridge-after', { ...variablesOf(cluster.address), ...alone });
  await ask('unquarantine');
  await waitFor('the host is free', isHeard);
  const read = async () =>
    (await readHostHistory(cluster.pool, { ...key, sinceMs: 0, limit: 100 }).catch(() => [])).map(
      ({ step, from, to }) => `${step}: ${from} to ${to}`,
    );
  await waitFor('all is told', async () => (await read()).at(-1)?.startsWith('unquarantine'), read);
  expect(await read()).toEqual([
    'join: Unavailable to Available',
    'quarantine: Available to Quarantined',
    'unquarantine: Quarantined to Available',
  ]);
});
