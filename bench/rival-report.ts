import type { AuditEvent } from '../dev/stack/audit.ts';
import { formatSeconds, median, type Measurement } from './measurement.ts';
import { describeOthers } from './process-usage.ts';
import { type SideName, sideNames } from './rival-sides.ts';
import type { Scaling, Turn, Way } from './rival-turn.ts';

/** Of the median of the ratios. */
const MOST = 0.95;

/** How long ours took by how long theirs did, and the same of CPU time. */
export function compareTurns(what: string, way: Way, turns: readonly Turn[]): Measurement[] {
  const time = comparePairs(turns, (turn) => turn[way].elapsedMs);
  const cpu = comparePairs(turns, (turn) => cpuOf(turn[way]));
  return [
    {
      what: `${what}, ironloom : capim`,
      budget: `median ≤ ${MOST}`,
      measured: time.shown,
      ok: time.ratio <= MOST,
    },
    { what: `${way}: CPU time of all, ironloom : capim`, measured: cpu.shown },
  ];
}

/** The nth turn of a side belongs to the nth of the other. */
function comparePairs(turns: readonly Turn[], of: (turn: Turn) => number): { ratio: number; shown: string } {
  const valuesOf = (name: SideName): number[] => turns.filter(({ side }) => side === name).map(of);
  const theirs = valuesOf('capim');
  const ratios = valuesOf('ironloom').map((ms, pair) => ms / (theirs[pair] ?? Number.NaN));
  const ratio = median(ratios);
  const medians = sideNames.map((name) => formatSeconds(median(valuesOf(name)))).join(' : ');
  const each = ratios.map((one) => one.toFixed(2)).join(', ');
  return { ratio, shown: `${ratio.toFixed(2)} (pairs ${each}; medians ${medians})` };
}

function cpuOf({ cpu }: Scaling): number {
  return [...cpu.values()].reduce((sum, ms) => sum + ms, 0);
}

/** `all 61.3 s: kube-apiserver 24.1 s, …`, each the median of its runs. */
export function describeCpuOf(runs: readonly Scaling[]): string {
  const medianOf = (of: (run: Scaling) => number): number => median(runs.map(of));
  const names = [...new Set(runs.flatMap(({ cpu }) => [...cpu.keys()]))];
  const medians = names.map((name) => ({ name, ms: medianOf(({ cpu }) => cpu.get(name) ?? 0) }));
  const shown = medians.filter(({ ms }) => ms >= 50).toSorted((a, b) => b.ms - a.ms);
  const all = medianOf(cpuOf);
  const list = shown.map(({ name, ms }) => `${name} ${formatSeconds(ms)}`).join(', ');
  return `all ${formatSeconds(all)}: ${list}; ${describeOthers(medianOf(({ others }) => others))}`;
}

/** `all 31.2: capi-core 14.0, worker 9.1, …`: what the API server took, by user, on average. */
export function describeWrites(runs: readonly Scaling[], events: readonly AuditEvent[], machines: number): string {
  const counts = new Map<string, number>();
  for (const { requestReceivedTimestamp, responseStatus, user } of events) {
    const atMs = Date.parse(requestReceivedTimestamp);
    if ((responseStatus?.code ?? 0) >= 300 || !runs.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)) continue;
    counts.set(user.username, (counts.get(user.username) ?? 0) + 1 / (runs.length * machines));
  }
  const shown = [...counts].filter(([, count]) => count >= 0.05).toSorted(([, a], [, b]) => b - a);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return `all ${all.toFixed(1)}: ${shown.map(([name, count]) => `${name} ${count.toFixed(1)}`).join(', ')}`;
}
