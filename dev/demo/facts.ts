import { providerIdOf } from '../../api/constants.ts';
import type { DemoView, HostRow, PoolCounter } from './demo-view.ts';

/** Something that the demo claims, and whether it is so. */
export interface Fact {
  name: string;
  holds: boolean;
  /** What is the case instead; shown when the fact does not hold. */
  seen: string;
}

/** What a simulated host itself knows. */
export interface HostRecord {
  /** Types of the plans that it ran, in order; an untyped one is elemental-operator's first, empty plan. */
  plans: (string | undefined)[];
  kubeletRuns: boolean;
}

export interface Evidence {
  view: DemoView;
  /** By the name of the host. */
  records: ReadonlyMap<string, HostRecord>;
}

/** Status of each machine's run in Temporal, by the machine's uid. */
export type RunStatuses = ReadonlyMap<string, string>;

/** `count` machines run on hosts of theirs, and the pool counts them. */
export function checkRunning({ view, records }: Evidence, count: number): Fact[] {
  const { machines, pool } = view;
  const used = machines.map(({ host }) => host ?? 'none');
  const up = machines.filter(({ phase, capiPhase, node }) => phase === 'Running' && capiPhase === 'Running' && node);
  const total = pool?.members.length ?? 0;
  const counters = { total, allocated: count, available: total - count };
  return [
    fact(
      `${count} machines are Running, and their Machines have a nodeRef`,
      machines.length === count && up.length === count,
      machines.map(({ name, phase, capiPhase, node }) => `${name} ${phase}, Machine ${capiPhase}, node ${node}`),
    ),
    fact(
      'each providerID names the host of its machine',
      machines.every(({ host, providerID }) => host !== undefined && providerID === providerIdOf(host)),
      machines.map(({ host, providerID }) => `${host}: ${providerID}`),
    ),
    fact(
      'each of their hosts ran one plan of ours, reprovision, and its kubelet runs',
      used.every((host) => hasPlans(records.get(host), ['reprovision']) && records.get(host)?.kubeletRuns === true),
      describeRecords(used, records),
    ),
    fact(`pool counters: ${describeCounters(counters)}`, hasCounters(pool?.counters, counters), [
      pool === undefined ? 'no pool' : describeCounters(pool.counters),
    ]),
  ];
}

/** The machines use the hosts that the pool names first. */
export function checkOrder({ view }: Evidence): Fact {
  const used = view.machines.map(({ host }) => host ?? 'none');
  const first = view.pool?.members.slice(0, used.length) ?? [];
  return fact(`their hosts are the first of the pool: ${first.join(', ')}`, sameNames(used, first), used);
}

/** `count` machines went; their hosts are clean and in the pool again. */
export function checkReleased({ view, records }: Evidence, count: number): Fact[] {
  const hosts = releasedHosts(view);
  const names = hosts.map(({ name }) => name);
  return [
    fact(`${count} machines are gone, hosts ${names.join(', ')} are free`, hosts.length === count, names),
    fact(
      'the released hosts are Available again',
      hosts.every(({ state }) => state === 'Available'),
      hosts.map(({ name, state }) => `${name} ${state}`),
    ),
    fact(
      'their owner annotations are cleared',
      hosts.every(({ ownerAnnotations }) => ownerAnnotations.length === 0),
      hosts.map(({ name, ownerAnnotations }) => `${name} ${ownerAnnotations.join(' ')}`),
    ),
    fact(
      'their pool annotation is kept',
      hosts.every(({ pool }) => pool !== undefined && pool === view.pool?.name),
      hosts.map(({ name, pool }) => `${name} ${pool}`),
    ),
    fact(
      'each of them ran two plans of ours, reprovision and clean, and its kubelet is stopped',
      names.every(
        (name) => hasPlans(records.get(name), ['reprovision', 'clean']) && records.get(name)?.kubeletRuns === false,
      ),
      describeRecords(names, records),
    ),
  ];
}

/** Hosts of machines that went, now without a machine. */
export function releasedHosts({ machines, gone, hosts }: DemoView): HostRow[] {
  const used = new Set(machines.map(({ host }) => host));
  return hosts.filter(({ name }) => !used.has(name) && gone.some(({ host }) => host === name));
}

/** The run of each machine goes on, and that of each machine that went is completed. */
export function checkRuns({ machines, gone }: DemoView, runs: RunStatuses): Fact[] {
  const check = (name: string, rows: readonly { name: string; uid: string }[], status: string): Fact[] =>
    rows.length === 0
      ? []
      : [
          fact(
            name,
            rows.every(({ uid }) => runs.get(uid) === status),
            rows.map((row) => `${row.name} ${runs.get(row.uid)}`),
          ),
        ];
  return [
    ...check('in Temporal the workflows of these machines are Running', machines, 'RUNNING'),
    ...check('in Temporal the workflows of the removed machines are Completed', gone, 'COMPLETED'),
  ];
}

function fact(name: string, holds: boolean, seen: readonly string[]): Fact {
  return { name, holds, seen: seen.length === 0 ? 'none' : seen.join('; ') };
}

function hasPlans(record: HostRecord | undefined, types: readonly string[]): boolean {
  const typed = record?.plans.filter((type) => type !== undefined) ?? [];
  return typed.join() === types.join();
}

function describeRecords(names: readonly string[], records: Evidence['records']): string[] {
  return names.map((name) => {
    const { plans = [], kubeletRuns } = records.get(name) ?? {};
    return `${name}: plans ${plans.map((type) => type ?? 'empty').join(', ')}; kubelet runs: ${kubeletRuns}`;
  });
}

function hasCounters(seen: Record<PoolCounter, number> | undefined, wanted: Partial<Record<PoolCounter, number>>) {
  if (seen === undefined) return false;
  const { total, available, allocated, ...others } = seen;
  const rest = Object.values(others).every((count) => count === 0);
  return rest && total === wanted.total && available === wanted.available && allocated === wanted.allocated;
}

function describeCounters(counters: Partial<Record<PoolCounter, number>>): string {
  return Object.entries(counters)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.toSorted().join() === right.toSorted().join();
}
