import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { baremetalMachines, machineInventories } from '../api/resources.ts';
import { createMachine, hostNames, inParallel, registerHosts } from './bench-objects.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { looks, steps, told } from './floor-workflows.ts';
import type { Benchmark, Measurement } from './measurement.ts';
import { waitUntil } from './wait-until.ts';
import { cpuBetween, readUsage, type Usage } from './process-usage.ts';

const OBJECTS = 200;
const ROUNDS = 5;
/** Requests, or runs, that are under way at the same time. */
const WIDTH = 100;
const RUNS = 1_000;
const STEPS = 200;
/** Those of the benchmark `lives`. */
const STEPS_TO_RUNNING = 4;
const TASK_QUEUE = 'floor';

/**
 * What API server and Temporal can do on this machine while nobody else does anything: whatever this provider is made of is
 * made of these. A budget that asks for more than this is none that code can keep.
 */
export const floor: Benchmark = {
  name: 'floor',
  about: 'what API server and Temporal can do here by themselves: single requests, runs that do nothing',
  async run({ progress }) {
    await using site = await startBenchSite('floor');
    progress(`${OBJECTS} objects, each read and written ${ROUNDS} times`);
    const requests = await measureRequests(site);
    progress(`${RUNS} runs that look at nothing, and one of ${STEPS} steps that do nothing`);
    return [...requests, ...(await measureRuns(site))];
  },
};

async function measureRequests({ client, namespace }: BenchSite): Promise<Measurement[]> {
  const hosts = hostNames(OBJECTS);
  await registerHosts(client, namespace, hosts);
  await inParallel(hosts, 16, async (name) => void (await createMachine(client, namespace, name, `owner-of-${name}`)));
  const rounds = Array.from({ length: ROUNDS }, (_, round) =>
    hosts.map((name) => ({ name, round: String(round) })),
  ).flat();
  const all = (request: (item: { name: string; round: string }) => Promise<unknown>) =>
    measure(rounds.length, () => inParallel(rounds, WIDTH, async (item) => void (await request(item))));
  const read = await all(({ name }) => client.get(baremetalMachines, { namespace, name }));
  const written = await all(({ name, round }) =>
    client.patch(machineInventories, { namespace, name }, { metadata: { annotations: { round } } }),
  );
  const shown = await all(({ name, round }) =>
    client.patch(
      baremetalMachines,
      { namespace, name },
      { status: { observedInputs: round } },
      { subresource: 'status' },
    ),
  );
  // A claim names its host in the machine's status, takes the inventory, and tells an Event, which costs about as much.
  const claimMs = shown.cpuMs + 2 * written.cpuMs;
  return [
    describe('GET of a BaremetalMachine', read),
    describe('PATCH of a MachineInventory', written),
    describe('PATCH of the status of a BaremetalMachine', shown),
    {
      what: 'claims, if they were nothing but their three writes',
      measured: `${Math.round((availableParallelism() * 1_000) / claimMs)} a second on ${availableParallelism()} cores`,
    },
  ];
}

async function measureRuns({ cluster, temporal }: BenchSite): Promise<Measurement[]> {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  const connection = await NativeConnection.connect({ address: cluster.temporal.address });
  const workflowsPath = fileURLToPath(new URL('./floor-workflows.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, preloadModules: [workflowsPath], logger });
  const { namespace } = cluster.temporal;
  let done = 0;
  const activities = { nothing: async () => void (done += 1) };
  const worker = await Worker.create({ connection, namespace, taskQueue: TASK_QUEUE, workflowBundle, activities });
  const startAll = async (prefix: string, count: number): Promise<void> => {
    const before = done;
    await inParallel(Array(count).keys(), WIDTH, async (nth) => {
      const workflowId = `${prefix}-${nth}`;
      await temporal.workflow.signalWithStart(looks, { taskQueue: TASK_QUEUE, workflowId, signal: told });
    });
    await waitUntil('all runs have looked', async () => done - before >= count, { timeoutMs: 120_000, everyMs: 10 });
  };
  try {
    return await worker.runUntil(async () => {
      await startAll('warm', WIDTH);
      const looked = await measure(RUNS, () => startAll('looks', RUNS));
      const stepped = await measure(STEPS, () =>
        temporal.workflow.execute(steps, { taskQueue: TASK_QUEUE, workflowId: 'steps', args: [STEPS] }),
      );
      return [
        describe('runs that are told, look within their first task, and rest', looked),
        describe('steps that do nothing, one after the other', stepped),
        {
          what: `a life to Running, if its ${STEPS_TO_RUNNING} steps did nothing`,
          measured: `${((looked.cpuMs + STEPS_TO_RUNNING * stepped.cpuMs) / 1_000).toFixed(2)} s of CPU time for Temporal and worker`,
        },
      ];
    });
  } finally {
    await connection.close();
  }
}

interface Cost {
  perSecond: number;
  /** CPU time of all processes for one. */
  cpuMs: number;
  byProcess: ReadonlyMap<string, number>;
}

async function measure(count: number, work: () => Promise<unknown>): Promise<Cost> {
  const before = await readUsage();
  await work();
  return costOf(count, before, await readUsage());
}

function costOf(count: number, before: Usage, after: Usage): Cost {
  const byProcess = new Map([...cpuBetween(before, after)].map(([name, ms]) => [name, ms / count]));
  const cpuMs = [...byProcess.values()].reduce((sum, ms) => sum + ms, 0);
  return { perSecond: (count * 1_000) / (after.atMs - before.atMs), cpuMs, byProcess };
}

function describe(what: string, { perSecond, cpuMs, byProcess }: Cost): Measurement {
  const parts = [...byProcess].filter(([, ms]) => ms >= 0.05).toSorted(([, a], [, b]) => b - a);
  const shown = parts.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(', ');
  return { what, measured: `${Math.round(perSecond)} a second, ${cpuMs.toFixed(1)} ms of CPU time each: ${shown}` };
}
