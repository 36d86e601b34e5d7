import type { ObjectKey } from '../../api/meta.ts';
import { poolCounterNames } from '../../domain/inputs/pool-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { explainHost, type HostExplanation } from '../../domain/report/explain/explain-host.ts';
import { explainMachine, type MachineExplanation } from '../../domain/report/explain/explain-machine.ts';
import { explainPool, type PoolState } from '../../domain/report/fleet/explain-pool.ts';
import { describeAge } from '../../domain/report/time-in-phase.ts';
import { type Explanation, nameWay } from '../../domain/report/explain/way.ts';
import type { SeenFleet } from '../access/fleet-reader.ts';
import type { Column } from '../output/table.ts';

/** One line of a list, with what explains it. */
interface Listed<E extends Explanation> extends ObjectKey {
  explained: E;
}

export interface MachineItem extends Listed<MachineExplanation> {
  cluster: string;
  pool: string;
  host: string;
  node: string;
  run: string;
  created: string;
}
export interface HostItem extends Listed<HostExplanation> {
  pool: string;
  machine: string;
  ready: string;
  failed: string;
  failureDomain: string;
}
export interface PoolItem extends Listed<Explanation<PoolState>> {
  cluster: string;
  counters: Readonly<Record<string, number | undefined>>;
}

export function machineItems({ fleet, machines, views, nodes }: SeenFleet): MachineItem[] {
  return machines.flatMap((machine, index) => {
    const view = views[index];
    if (view === undefined) return [];
    const { namespace, name, uid, creationTimestamp: created } = machine.metadata;
    const run = fleet.runOf(uid);
    return {
      namespace,
      name,
      explained: explainMachine(machine, run),
      cluster: view.clusterName ?? '',
      pool: view.pool,
      host: view.inventory ?? '',
      node: nodes.get(keyText({ namespace, name: view.ownerMachine ?? '' })) ?? '',
      run,
      created,
    };
  });
}

export function hostItems({ fleet, hosts, unreadable }: SeenFleet): HostItem[] {
  const lost = Array.from(unreadable.keys(), (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const facts = fleet.factsOf({ namespace, name });
    return {
      namespace,
      name,
      explained: explainHost(facts),
      pool: facts.pool ?? '',
      machine: '',
      ready: '',
      failed: '',
      failureDomain: '',
    };
  });
  const found = hosts.map((host) => {
    const { namespace, name, owner, ready, failedReprovision, failureDomain = '' } = host;
    const facts = fleet.factsOf(host);
    return {
      namespace,
      name,
      explained: explainHost(facts),
      pool: facts.pool ?? '',
      machine: owner?.baremetalMachine ?? facts.namedBy?.name ?? '',
      ready: ready ? 'True' : 'False',
      failed: failedReprovision === undefined ? '' : 'yes',
      failureDomain,
    };
  });
  return [...found, ...lost];
}

export function poolItems({ fleet, pools, views }: SeenFleet): PoolItem[] {
  return pools.map((pool) => ({
    namespace: pool.namespace,
    name: pool.name,
    explained: explainPool(pool, fleet, views),
    cluster: pool.clusterName,
    counters: pool.counters,
  }));
}

const nextOf = ({ explained: { ways } }: { explained: Explanation }): string => (ways[0] ? nameWay(ways[0]) : '');
const name = { head: 'NAME', key: 'name', text: (item: ObjectKey) => item.name };

export function machineColumns(now: Date): Column<MachineItem>[] {
  return [
    name,
    { head: 'PHASE', key: 'phase', text: ({ explained }) => explained.state },
    { head: 'HOST', key: 'host', text: ({ host }) => host },
    { head: 'NODE', key: 'node', text: ({ node }) => node },
    { head: 'REASON', key: 'reason', text: ({ explained }) => explained.reason },
    { head: 'IN-PHASE', key: 'inPhase', text: ({ explained }) => describeAge(explained.since, now) },
    { head: 'NEXT', key: 'next', text: nextOf },
    { head: 'CLUSTER', key: 'cluster', wide: true, text: ({ cluster }) => cluster },
    { head: 'POOL', key: 'pool', wide: true, text: ({ pool }) => pool },
    { head: 'RUN', key: 'run', wide: true, text: ({ run }) => run },
    { head: 'AGE', key: 'age', wide: true, text: ({ created }) => describeAge(created, now) },
  ];
}

export const hostColumns: Column<HostItem>[] = [
  name,
  { head: 'STATE', key: 'state', text: ({ explained }) => explained.state },
  { head: 'POOL', key: 'pool', text: ({ pool }) => pool },
  { head: 'MACHINE', key: 'machine', text: ({ machine }) => machine },
  { head: 'NEXT', key: 'next', text: nextOf },
  { head: 'WHY', key: 'why', text: ({ explained }) => explained.observed },
  { head: 'READY', key: 'ready', wide: true, text: ({ ready }) => ready },
  { head: 'FAILED', key: 'failed', wide: true, text: ({ failed }) => failed },
  { head: 'DOMAIN', key: 'failureDomain', wide: true, text: ({ failureDomain }) => failureDomain },
];

export const poolColumns: Column<PoolItem>[] = [
  name,
  { head: 'STATE', key: 'state', text: ({ explained }) => explained.state },
  { head: 'CLUSTER', key: 'cluster', text: ({ cluster }) => cluster },
  ...poolCounterNames.map((counter): Column<PoolItem> => ({
    head: counter.toUpperCase(),
    key: counter,
    text: ({ counters }) => String(counters[counter] ?? 0),
  })),
];
