import { findStranded } from '../domain/hosts/stranded.ts';
import type { HostView } from '../domain/inputs/host-view.ts';
import type { MachineView } from '../domain/inputs/machine-view.ts';
import { isKeptByChecks } from '../domain/pool/acceptance.ts';
import { poolCounterNames, type PoolView } from '../domain/inputs/pool-view.ts';

/** What the caches of the bridge hold of a fleet. */
export interface Fleet {
  machines: readonly MachineView[];
  hosts: readonly HostView[];
  pools: Iterable<PoolView>;
  /** uids of the machines that have an open run; undefined: nobody has asked yet. */
  openRuns: ReadonlySet<string> | undefined;
}

interface Figure<Label extends string> {
  labels: Record<Label, string>;
  value: number;
}

/** What is counted of a fleet when somebody looks; each list holds what is to be shown, and no more. */
export interface FleetFigures {
  machines: Figure<'namespace' | 'pool' | 'phase' | 'reason'>[];
  longestUnready: Figure<'namespace' | 'pool' | 'reason'>[];
  overDeadline: Figure<'namespace' | 'pool' | 'late'>[];
  hosts: Figure<'namespace' | 'pool' | 'state'>[];
  hostsStranded: Figure<'namespace' | 'pool'>[];
  hostsKept: Figure<'namespace' | 'pool' | 'state'>[];
  hostFailures: Figure<'namespace' | 'pool' | 'host'>[];
  oldestWaiting: Figure<'namespace' | 'pool'>[];
}

/** Hosts that are shown by name: the others of a fleet that fails as a whole are shown by nothing else. */
const MAX_NAMED_HOSTS = 100;

/** Counts a fleet. `nowMs`: wall clock. */
export function countFleet({ machines, hosts, pools, openRuns }: Fleet, nowMs: number): FleetFigures {
  const byPhase = new Tally<'namespace' | 'pool' | 'phase' | 'reason'>();
  const unready = new Tally<'namespace' | 'pool' | 'reason'>();
  const late = new Tally<'namespace' | 'pool' | 'late'>();
  const waiting = new Tally<'namespace' | 'pool'>();
  const stranded = new Tally<'namespace' | 'pool'>();
  const kept = new Tally<'namespace' | 'pool' | 'state'>();
  const known = [...pools];
  for (const pool of known) {
    const labels = { namespace: pool.namespace, pool: pool.name };
    waiting.atLeast(labels, 0);
    stranded.atLeast(labels, 0);
  }
  for (const machine of machines) {
    const labels = { namespace: machine.namespace, pool: machine.pool };
    const reason = machine.readyReason ?? '';
    byPhase.add({ ...labels, phase: machine.phase ?? '', reason });
    if (machine.unreadySince !== undefined) unready.atLeast({ ...labels, reason }, ageOf(machine.unreadySince, nowMs));
    if (machine.overdue !== undefined) late.add({ ...labels, late: machine.overdue });
    if (machine.waitsForHost) waiting.atLeast(labels, ageOf(machine.creationTimestamp, nowMs));
  }
  for (const host of findStranded({ hosts, machines, openRuns })) {
    stranded.add({ namespace: host.namespace, pool: host.pool ?? '' });
  }
  for (const host of hosts.filter(isKeptByChecks)) {
    kept.add({ namespace: host.namespace, pool: host.pool ?? '', state: host.acceptance?.state ?? '' });
  }
  const failed = hosts.filter(({ failures }) => failures > 1);
  return {
    machines: byPhase.figures(),
    longestUnready: unready.figures(),
    overDeadline: late.figures(),
    hosts: known.flatMap(countHosts),
    hostsStranded: stranded.figures(),
    hostsKept: kept.figures(),
    hostFailures: failed
      .toSorted((a, b) => b.failures - a.failures)
      .slice(0, MAX_NAMED_HOSTS)
      .map(toFailures),
    oldestWaiting: waiting.figures(),
  };
}

function countHosts({ namespace, name, counters }: PoolView): FleetFigures['hosts'] {
  const states = poolCounterNames.filter((state) => state !== 'total');
  return states.map((state) => ({ labels: { namespace, pool: name, state }, value: counters[state] ?? 0 }));
}

function toFailures({ namespace, name, pool = '', failures }: HostView): FleetFigures['hostFailures'][number] {
  return { labels: { namespace, pool, host: name }, value: failures };
}

/** Seconds; a time that cannot be read, or lies ahead, is now. */
function ageOf(since: string, nowMs: number): number {
  const ms = nowMs - Date.parse(since);
  return ms > 0 ? ms / 1000 : 0;
}

/** One value for each combination of labels. */
class Tally<Label extends string> {
  readonly #figures = new Map<string, Figure<Label>>();

  add(labels: Record<Label, string>): void {
    this.#of(labels).value += 1;
  }

  atLeast(labels: Record<Label, string>, value: number): void {
    const figure = this.#of(labels);
    figure.value = Math.max(figure.value, value);
  }

  figures(): Figure<Label>[] {
    return [...this.#figures.values()];
  }

  #of(labels: Record<Label, string>): Figure<Label> {
    // No name in Kubernetes, and no word of ours, has a line end.
    const key = Object.values(labels).join('\n');
    const known = this.#figures.get(key);
    if (known !== undefined) return known;
    const figure = { labels, value: 0 };
    this.#figures.set(key, figure);
    return figure;
  }
}
