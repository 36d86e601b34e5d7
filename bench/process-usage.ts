import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;

/** CPU time that was used so far, in milliseconds, and memory in use now. */
export interface Usage {
  atMs: number;
  /** CPU time by process: this one (`bench`) and all that descend from it. */
  byProcess: ReadonlyMap<string, number>;
  /** Resident memory by process, in MiB. */
  rssMiB: ReadonlyMap<string, number>;
  /** By the whole machine; undefined: not Linux. */
  machineMs: number | undefined;
}

/** Reads `/proc`; on other systems there is nothing to see. */
export async function readUsage(): Promise<Usage> {
  const processes = await listProcesses();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const byProcess = new Map<string, number>();
  const rssMiB = new Map<string, number>();
  for (const { pid, cpuMs, rss, label } of processes) {
    if (!descends(pid, parents) || label === 'sh' || label === '') continue;
    byProcess.set(label, (byProcess.get(label) ?? 0) + cpuMs);
    rssMiB.set(label, (rssMiB.get(label) ?? 0) + rss);
  }
  return { atMs: performance.now(), byProcess, rssMiB, machineMs: await readMachineMs() };
}

/** The most resident memory that each process has ever had, in MiB. */
export async function readPeaksMiB(): Promise<ReadonlyMap<string, number>> {
  const processes = await listProcesses();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const peaks = new Map<string, number>();
  for (const { pid, label } of processes) {
    if (!descends(pid, parents) || label === 'sh' || label === '') continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
    if (!Number.isNaN(kib)) peaks.set(label, Math.max(peaks.get(label) ?? 0, kib / 1024));
  }
  return peaks;
}

/** CPU time of one process between two moments, as a share of one core. */
export function shareOfCore(label: string, before: Usage, after: Usage): number {
  return ((after.byProcess.get(label) ?? 0) - (before.byProcess.get(label) ?? 0)) / (after.atMs - before.atMs);
}

/** CPU time that each process used between two moments, in milliseconds. */
export function cpuBetween(before: Usage, after: Usage): ReadonlyMap<string, number> {
  return new Map([...after.byProcess].map(([name, ms]) => [name, ms - (before.byProcess.get(name) ?? 0)]));
}

/** `worker 7.3 s, temporal 7.4 s, …; others 12 % of 2 cores`: who used the machine between two moments. */
export function describeCpu(before: Usage, after: Usage): string {
  const shown = [...cpuBetween(before, after)].toSorted(([, a], [, b]) => b - a).filter(([, ms]) => ms >= 50);
  const list = shown.map(([name, ms]) => `${name} ${(ms / 1000).toFixed(1)} s`).join(', ');
  const others = shareOfOthers(before, after);
  return others === undefined ? list : `${list}; ${describeOthers(others)}`;
}

/** Share of all cores that programs which do not belong here used between two moments; undefined: not Linux. */
export function shareOfOthers(before: Usage, after: Usage): number | undefined {
  if (after.machineMs === undefined || before.machineMs === undefined) return undefined;
  const ours = [...cpuBetween(before, after).values()].reduce((sum, ms) => sum + ms, 0);
  const allMs = (after.atMs - before.atMs) * availableParallelism();
  return Math.max(0, after.machineMs - before.machineMs - ours) / allMs;
}

/** `other programs 12 % of 2 cores`. */
export function describeOthers(share: number): string {
  return `other programs ${Math.round(share * 100)} % of ${availableParallelism()} cores`;
}

interface ProcessEntry {
  pid: number;
  parent: number;
  cpuMs: number;
  rss: number;
  label: string;
}

async function listProcesses(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(pids.map((pid) => readProcess(Number(pid)).catch(() => undefined)));
  return entries.filter((entry) => entry !== undefined);
}

async function readProcess(pid: number): Promise<ProcessEntry> {
  const fields = await readStat(pid);
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  return {
    pid,
    parent: Number(fields[1]),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK,
    rss: (Number(fields[21]) * PAGE_BYTES) / 2 ** 20,
    label: pid === process.pid ? 'bench' : labelOf(command),
  };
}

/** Fields of `/proc/<pid>/stat` from the state on: the name before it may hold spaces. */
async function readStat(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

const scripts: Record<string, string> = {
  'workers/main.ts': 'worker',
  'k8s-bridge/main.ts': 'bridge',
  'console/main.ts': 'console',
};

function labelOf(command: readonly string[]): string {
  // A child of Chromium makes one word of all its arguments.
  const path = command[0]?.split(' ', 1)[0] ?? '';
  const program = (path.split('/').at(-1) ?? '').replace(/-v\d.*$/, '');
  // Its processes write what they do where others have their name.
  if (program.startsWith('postgres')) return 'postgresql';
  if (program !== 'node') return program;
  const script = Object.entries(scripts).find(([path]) => command.some((argument) => argument.endsWith(path)));
  return script?.[1] ?? program;
}

function descends(pid: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at)) {
    if (at === process.pid) return true;
  }
  return false;
}

async function readMachineMs(): Promise<number | undefined> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => '');
  const [user, nice, system, , , irq, softirq] = text.split('\n')[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  const busy = [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? Number.NaN), 0);
  return Number.isNaN(busy) ? undefined : busy * MS_PER_TICK;
}
