import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { searchAttributeNames } from '../api/constants.ts';
import type { Service } from '../dev/lab/services.ts';
import { readAuditEventsFrom } from '../dev/stack/audit.ts';
import type { BenchSite } from './bench-site.ts';
import { readUsage, shareOfCore, type Usage } from './process-usage.ts';
import { waitUntil } from './wait-until.ts';

/** Longer than the pause between two comparisons of runs and machines: one falls into it. */
export const WINDOW_MS = 200_000;
const QUIET_MS = 10_000;
/** A process frees garbage once a minute at most. */
const COLLECTED_MS = 65_000;
const signalCalls = ['observe', 'tell', 'wake', 'completePlan', 'operate'];

/** What so many machines at rest cost. */
export interface RestStage {
  machines: number;
  /** Runs that were started, and adopted their machine, since the stage before; and how long that took. */
  adopted: number;
  adoptedMs: number;
  /** While nothing happened. */
  signals: number;
  writes: readonly string[];
  workerShare: number;
  bridgeShare: number;
  workerMiB: number;
  bridgeMiB: number;
  /** Until a bridge that starts has compared all runs with all machines. */
  restartMs: number;
  restartSignals: number;
  restartedMiB: number;
}

/** Until every run has shown itself as Running and nobody wrote anything for a while. @returns when the last one had, in ms since the process began */
export async function waitForRest(
  site: BenchSite,
  machines: number,
  progress: (line: string) => void,
): Promise<number> {
  const query = `ExecutionStatus='Running' AND ${searchAttributeNames.phase}='Running'`;
  let shown = 0;
  const allRunning = async (): Promise<boolean> => {
    const { count } = await site.temporal.workflow.count(query);
    if (count - shown >= machines / 5) progress(`${(shown = count)} runs are at rest`);
    return count >= machines;
  };
  // Counting costs Temporal some ten milliseconds each time.
  await waitUntil('all runs are at rest', allRunning, { timeoutMs: 120_000 + machines * 300, everyMs: 2_000 });
  const endedAtMs = performance.now();
  const { auditLogPath } = site.cluster;
  let writes = -1;
  const quiet = async (): Promise<boolean> => {
    const before = writes;
    writes = (await stat(auditLogPath)).size;
    return (await readOwnWrites(auditLogPath, Math.max(before, 0))).length === 0 && before >= 0;
  };
  await waitUntil('nobody writes', quiet, { timeoutMs: 300_000, everyMs: QUIET_MS });
  return endedAtMs;
}

/** Minutes in which nothing may happen, once what the burst before it left is freed (ADR 35). */
export async function measureRest(
  { cluster }: BenchSite,
  bridge: Service,
): Promise<Omit<RestStage, 'machines' | 'adopted' | 'adoptedMs' | 'restartMs' | 'restartSignals' | 'restartedMiB'>> {
  await sleep(COLLECTED_MS);
  const { size } = await stat(cluster.auditLogPath);
  const signalsBefore = await countSignals(bridge);
  const before = await readUsage();
  await sleep(WINDOW_MS);
  const after = await readUsage();
  return {
    signals: (await countSignals(bridge)) - signalsBefore,
    writes: await readOwnWrites(cluster.auditLogPath, size),
    workerShare: shareOfCore('worker', before, after),
    bridgeShare: shareOfCore('bridge', before, after),
    workerMiB: memoryOf('worker', after),
    bridgeMiB: memoryOf('bridge', after),
  };
}

/** Starts a bridge where one was stopped, and waits until it has compared all runs with all machines. */
export async function measureRestart(
  start: () => Promise<Service>,
): Promise<Pick<RestStage, 'restartMs' | 'restartSignals' | 'restartedMiB'> & { bridge: Service }> {
  const startedAtMs = performance.now();
  const bridge = await start();
  const inSync = async (): Promise<boolean> => {
    const compared = (await readFile(bridge.logPath, 'utf8')).includes('Compared open runs with machines');
    return compared && (await sumMetric(bridge, /^ironloom_workqueue_depth\{.*\} (\d+)$/gm)) === 0;
  };
  await waitUntil('the bridge is in sync', inSync, { timeoutMs: 300_000, everyMs: 50 });
  const restartMs = performance.now() - startedAtMs;
  await sleep(QUIET_MS);
  const restartSignals = await countSignals(bridge);
  return { bridge, restartMs, restartSignals, restartedMiB: memoryOf('bridge', await readUsage()) };
}

function memoryOf(label: string, usage: Usage): number {
  return usage.rssMiB.get(label) ?? Infinity;
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

const ours: readonly string[] = ['ironloom-worker', 'ironloom-bridge'];

/** Writes of worker and bridge that the audit log holds from this byte on, without those of the lease. */
async function readOwnWrites(auditLogPath: string, from: number): Promise<string[]> {
  const writes: string[] = [];
  for await (const { user, verb, objectRef } of readAuditEventsFrom(auditLogPath, from)) {
    if (ours.includes(user.username)) writes.push(`${verb} ${objectRef?.resource}/${objectRef?.name}`);
  }
  return writes;
}
