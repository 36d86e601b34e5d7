import { Pool } from 'pg';
import { findFreePorts } from '../dev/process/ports.ts';
import { createProcessSet } from '../dev/process/set.ts';
import { startPostgresql } from '../dev/stack/postgresql.ts';
import { createCapiMachine, createMachine, createPool, hostNames, inParallel, registerHosts } from './bench-objects.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { type Benchmark, formatSeconds, quantile } from './measurement.ts';
import { watchPlans } from './plan-watch.ts';
import { cpuBetween, readUsage } from './process-usage.ts';
import { waitUntil } from './wait-until.ts';

const WARM_UP = 30;
const MACHINES = 100;
/** Whether there is a journal; each pair has the other order, so that what grows meanwhile counts for both. */
const ROUNDS = [false, true, true, false, false, true, true, false] as const;
const TIMEOUT_MS = 120_000;
/** Entries of a machine until its plan is written: claimed, plan written. */
const ENTRIES = 2;
const MOST_CPU = 1.05;
const USER = 'ironloom';
const PASSWORD = 'bench';

interface Round {
  hasJournal: boolean;
  /** Of all processes but PostgreSQL and the benchmark. */
  cpuMs: number;
  databaseMs: number;
  lastPlanMs: number;
}

/** The same as `burst`, with the journal in PostgreSQL and without, by turns. */
export const journal: Benchmark = {
  name: 'journal',
  about: `CPU time of ${MACHINES} plans at once with the journal in PostgreSQL and without, by turns`,
  async run({ progress }) {
    await using site = await startBenchSite('journal');
    await using database = await startDatabase(site);
    await site.start('bridge');
    const rounds: Round[] = [];
    for (const [number, hasJournal] of ROUNDS.entries()) {
      const round = await runRound(site, number, hasJournal ? database : undefined);
      rounds.push(round);
      const { cpuMs, lastPlanMs } = round;
      const how = hasJournal ? 'with' : 'without';
      progress(`${how} a journal: CPU ${formatSeconds(cpuMs)}, last plan after ${formatSeconds(lastPlanMs)}`);
    }
    const [without, having] = [false, true].map((has) => rounds.filter(({ hasJournal }) => hasJournal === has));
    const medianOf = (those: readonly Round[] = [], of: (round: Round) => number) => quantile(those.map(of), 0.5);
    const ratioOf = (of: (round: Round) => number): number => medianOf(having, of) / medianOf(without, of);
    const compare = (of: (round: Round) => number): string =>
      `${ratioOf(of).toFixed(2)} (${formatSeconds(medianOf(having, of))} : ${formatSeconds(medianOf(without, of))}, medians of ${ROUNDS.length / 2})`;
    return [
      {
        what: `CPU time of ${MACHINES} plans, with a journal : without`,
        budget: `≤ ${MOST_CPU}`,
        measured: compare(({ cpuMs }) => cpuMs),
        ok: ratioOf(({ cpuMs }) => cpuMs) <= MOST_CPU,
      },
      { what: 'the last of them is written', measured: compare(({ lastPlanMs }) => lastPlanMs) },
      {
        what: 'CPU time of PostgreSQL',
        measured: formatSeconds(medianOf(having, ({ databaseMs }) => databaseMs)),
      },
    ];
  },
};

/** A worker of its own, warm, then the machines at once; until all is written that there is to write. */
async function runRound(site: BenchSite, number: number, database: Database | undefined): Promise<Round> {
  const { client, namespace } = site;
  const name = `round-${number}`;
  const hosts = hostNames(WARM_UP + MACHINES, name);
  await registerHosts(client, namespace, hosts);
  await createPool(client, namespace, hosts, name);
  const worker = await site.start('worker', `worker-${number}`, database?.variables);
  await using plans = await watchPlans(client, namespace);
  const writtenBefore = plans.writtenAtMs.size;
  // A plan Secret has the name of its host, and a bootstrap Secret that of its machine.
  const machines = hosts.map((host) => `machine-${host}`);
  const owners = new Map<string, string>();
  await inParallel(machines, 8, async (machine) => {
    owners.set(machine, await createCapiMachine(client, namespace, machine));
  });
  const createAll = (those: readonly string[], width: number): Promise<void> =>
    inParallel(those, width, async (machine) => {
      await createMachine(client, namespace, machine, owners.get(machine) ?? '', name);
    });
  const untilTold = (count: number): Promise<unknown> =>
    database === undefined ? Promise.resolve() : database.untilTold(name, count * ENTRIES);
  await createAll(machines.slice(0, WARM_UP), 2);
  await plans.untilWritten(writtenBefore + WARM_UP, TIMEOUT_MS);
  await untilTold(WARM_UP);
  const before = await readUsage();
  const startedAtMs = performance.now();
  await createAll(machines.slice(WARM_UP), MACHINES);
  await plans.untilWritten(writtenBefore + hosts.length, TIMEOUT_MS);
  await untilTold(hosts.length);
  const cpu = cpuBetween(before, await readUsage());
  await worker.stop();
  const [bench = 0, databaseMs = 0] = ['bench', 'postgresql'].map((process) => cpu.get(process) ?? 0);
  const all = [...cpu.values()].reduce((sum, ms) => sum + ms, 0);
  const lastPlanMs = Math.max(...plans.writtenAtMs.values()) - startedAtMs;
  return { hasJournal: database !== undefined, cpuMs: all - bench - databaseMs, databaseMs, lastPlanMs };
}

interface Database extends AsyncDisposable {
  variables: Readonly<Record<string, string>>;
  /** Resolves when so many entries of the pool stand there. */
  untilTold(pool: string, entries: number): Promise<void>;
}

async function startDatabase({ cluster }: BenchSite): Promise<Database> {
  const processes = createProcessSet(cluster.logs);
  const [port] = await findFreePorts(1);
  await startPostgresql(processes, { dir: cluster.dir, port, user: USER, password: PASSWORD });
  const url = `postgresql://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const connections = new Pool({ connectionString: url, max: 1 });
  return {
    variables: { IRONLOOM_JOURNAL_URL: url },
    async untilTold(pool, entries) {
      await waitUntil(
        `${entries} entries stand in the journal`,
        async () => {
          const text = 'select count(*)::int as count from ironloom.journal where pool = $1';
          const { rows } = await connections.query<{ count: number }>(text, [pool]);
          return (rows[0]?.count ?? 0) >= entries;
        },
        { timeoutMs: TIMEOUT_MS },
      );
    },
    async [Symbol.asyncDispose]() {
      await connections.end();
      await processes.close();
    },
  };
}
