import { open, readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { searchAttributeNames } from '../api/constants.ts';
import type { Service } from '../dev/lab/services.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { measureMeanwhile } from './meanwhile.ts';
import { type Benchmark, formatSeconds, type Measurement } from './measurement.ts';
import { describeCpu, readUsage, shareOfCore, type Usage } from './process-usage.ts';
import { createMachineCopies } from './machine-copies.ts';
import { waitUntil } from './wait-until.ts';

const WINDOW_MS = 60_000;
const QUIET_MS = 10_000;
/** CPU time that an idle Node process may use, as a share of one core. */
const IDLE_SHARE = 0.01;
const signalCalls = ['observe', 'tell', 'wake', 'completePlan', 'operate'];

/**
 * Machines at rest. One is brought to Running for real; the others get copies of what its life left in the API server.
 * Temporal knows nothing of them: the bridge starts every run, as after a loss of Temporal's data, and each adopts its
 * machine. Then nothing may happen any more.
 */
export const rest: Benchmark = {
  name: 'rest',
  about: 'machines that have come to rest: signals, API writes, CPU, memory, and a restart of the bridge',
  async run({ machines = 10_000, progress }) {
    await using site = await startBenchSite('rest');
    await createMachineCopies(site, machines, progress);
    progress('starting worker and bridge: every run is started and adopts its machine');
    const before = await readUsage();
    const startedAtMs = performance.now();
    const worker = await site.start('worker', 'worker-at-rest');
    const bridge = await site.start('bridge', 'bridge-at-rest');
    const meanwhile = await measureMeanwhile(site, machines);
    await waitForRest(site, machines, progress);
    const adoptedMs = performance.now() - startedAtMs - QUIET_MS;
    const adoption = describeCpu(before, await readUsage());
    const atRest = await measureRest(site, bridge, machines);
    progress('restarting the bridge');
    const restart = await measureRestart(site, bridge, machines);
    await worker.stop();
    const adopted = { what: `adoption of ${machines} machines, Temporal empty`, measured: formatSeconds(adoptedMs) };
    return [...atRest, ...restart, adopted, ...meanwhile, { what: 'CPU time of that adoption', measured: adoption }];
  },
};

/** Until every run has shown itself as Running and nobody wrote anything for a while. */
async function waitForRest(site: BenchSite, machines: number, progress: (line: string) => void): Promise<void> {
  const query = `ExecutionStatus='Running' AND ${searchAttributeNames.phase}='Running'`;
  let shown = 0;
  const allRunning = async (): Promise<boolean> => {
    const { count } = await site.temporal.workflow.count(query);
    if (count - shown >= machines / 5) progress(`${(shown = count)} runs are at rest`);
    // The one that is deleted is at another phase, and so is the newcomer.
    return count >= machines;
  };
  await waitUntil('all runs are at rest', allRunning, { timeoutMs: 120_000 + machines * 300, everyMs: 1000 });
  const { auditLogPath } = site.cluster;
  let writes = -1;
  const quiet = async (): Promise<boolean> => {
    const before = writes;
    writes = (await stat(auditLogPath)).size;
    return (await readOwnWrites(auditLogPath, Math.max(before, 0))).length === 0 && before >= 0;
  };
  await waitUntil('nobody writes', quiet, { timeoutMs: 300_000, everyMs: QUIET_MS });
}

async function measureRest(site: BenchSite, bridge: Service, machines: number): Promise<Measurement[]> {
  const { size } = await stat(site.cluster.auditLogPath);
  const signalsBefore = await countSignals(bridge);
  const before = await readUsage();
  await sleep(WINDOW_MS);
  const after = await readUsage();
  const signals = (await countSignals(bridge)) - signalsBefore;
  const writes = await readOwnWrites(site.cluster.auditLogPath, size);
  const during = `${machines} machines at rest for ${WINDOW_MS / 1000} s`;
  return [
    { what: `${during}: signals`, budget: '0', measured: String(signals), ok: signals === 0 },
    {
      what: `${during}: API writes`,
      budget: '0',
      measured: [String(writes.length), ...new Set(writes)].slice(0, 4).join(', '),
      ok: writes.length === 0,
    },
    cpuRow('bridge', before, after),
    cpuRow('worker', before, after),
    memoryRow('worker', after, 500),
    memoryRow('bridge', after, 300, ', after it started all runs'),
  ];
}

function cpuRow(label: string, before: Usage, after: Usage): Measurement {
  const share = shareOfCore(label, before, after);
  return {
    what: `CPU of the ${label} meanwhile`,
    budget: `≤ ${IDLE_SHARE * 100} % of a core`,
    measured: `${(share * 100).toFixed(2)} %`,
    ok: share <= IDLE_SHARE,
  };
}

function memoryRow(label: string, usage: Usage, budgetMiB: number, when = ''): Measurement {
  const rss = usage.rssMiB.get(label) ?? Infinity;
  return {
    what: `memory of the ${label}${when}`,
    budget: `≤ ${budgetMiB} MB`,
    measured: `${Math.round(rss)} MiB`,
    ok: rss <= budgetMiB,
  };
}

/** Stops the bridge, starts a new one, and waits until it has compared all runs with all machines. */
async function measureRestart(site: BenchSite, bridge: Service, machines: number): Promise<Measurement[]> {
  await bridge.stop();
  const startedAtMs = performance.now();
  const again = await site.start('bridge', 'bridge-again');
  const inSync = async (): Promise<boolean> => {
    const compared = (await readFile(again.logPath, 'utf8')).includes('Compared open runs with machines');
    return compared && (await sumMetric(again, /^ironloom_workqueue_depth\{.*\} (\d+)$/gm)) === 0;
  };
  await waitUntil('the bridge is in sync', inSync, { timeoutMs: 300_000, everyMs: 50 });
  const elapsedMs = performance.now() - startedAtMs;
  await sleep(QUIET_MS);
  const signals = await countSignals(again);
  return [
    {
      what: `restart of the bridge with ${machines} machines: in sync`,
      budget: '≤ 10 s',
      measured: formatSeconds(elapsedMs),
      ok: elapsedMs <= 10_000,
    },
    { what: 'signals after that restart', budget: '0', measured: String(signals), ok: signals === 0 },
    memoryRow('bridge', await readUsage(), 300, ' after that restart'),
  ];
}

async function countSignals(bridge: Service): Promise<number> {
  return sumMetric(
    bridge,
    new RegExp(`^ironloom_run_calls_total\\{[^}]*call="(?:${signalCalls.join('|')})".*\\} (\\d+)$`, 'gm'),
  );
}

async function sumMetric({ url }: Service, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Writes of worker and bridge that the audit log holds from this byte on, without those of the lease. */
async function readOwnWrites(auditLogPath: string, from: number): Promise<string[]> {
  const file = await open(auditLogPath);
  try {
    const lines: string[] = [];
    for await (const line of file.readLines({ start: from })) {
      if (/"username":"ironloom-(worker|bridge)"/.test(line) && !line.includes('"resource":"leases"')) {
        lines.push(/"requestURI":"([^"?]*)/.exec(line)?.[1] ?? line.slice(0, 100));
      }
    }
    return lines;
  } finally {
    await file.close();
  }
}
