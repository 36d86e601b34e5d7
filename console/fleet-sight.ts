import type { ObjectKey } from '../api/meta.ts';
import { keyText, machineIndexes } from '../domain/pool/indexes.ts';
import type { MachineView } from '../domain/inputs/machine-view.ts';
import { waitsForHost } from '../domain/pool/wakeups.ts';
import { type CellSources, describeCell } from '../domain/report/fleet/fleet-cell.ts';
import type { FleetIndex } from '../domain/report/fleet/fleet-index.ts';
import { FleetMap, type FleetRow, type MapChange } from '../domain/report/fleet/fleet-map.ts';
import { createFleetOf, type Fleet } from '../domain/report/fleet/fleet.ts';
import { parseKey } from '../runtime/kube/object-key.ts';
import { type ConsoleCaches, unsyncedCaches } from './caches.ts';
import { PoolMembers } from './pool-members.ts';
import type { RunSight } from './run-sight.ts';

/** The fleet as the caches show it, and the map that follows them. */
export interface FleetSight {
  readonly map: FleetMap;
  readonly fleet: Fleet;
  readonly index: FleetIndex;
  /** The kinds that are not listed yet; empty: the map is whole. */
  missing(): string[];
  /** Called with each new version of the map. */
  onChange(listener: (change: MapChange) => void): () => void;
  stop(): void;
}

/** What changes within this time is shown together. */
const COALESCE_MS = 40;

/** Follows the caches. Start them afterwards. */
export function watchFleet(caches: ConsoleCaches, runs: RunSight): FleetSight {
  const members = new PoolMembers();
  const index = indexCaches(caches, members, runs);
  const fleet = createFleetOf(index);
  const cellSources: CellSources = {
    fleet,
    pool: (key) => caches.pools.store.get(key),
    placeOf: (host, name) => members.placeOf(keyText(host), keyText({ namespace: host.namespace, name })),
    toldOf: (uid) => caches.machines.store.byIndex('uid', uid)[0]?.told,
  };
  const map = new FleetMap({
    cell: (key) => describeCell(key, cellSources),
    row: (key) => describeRow(key, caches),
  });
  const listeners = new Set<(change: MapChange) => void>();
  let timer: NodeJS.Timeout | undefined;

  const missing = (): string[] => unsyncedCaches(caches);
  const advance = (): void => {
    timer = undefined;
    if (missing().length > 0) return schedule();
    const change = map.advance();
    if (change !== undefined) for (const listener of listeners) listener(change);
  };
  const schedule = (): void => void (timer ??= setTimeout(advance, COALESCE_MS).unref());
  followCaches(caches, { members, map, runs, schedule });

  return {
    map,
    fleet,
    index,
    missing,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => clearTimeout(timer),
  };
}

/** As `createFleet` finds things in lists. */
function indexCaches(caches: ConsoleCaches, members: PoolMembers, runs: RunSight): FleetIndex {
  const { machines, pools, hosts, planSecrets } = caches;
  return {
    host: (key) => hosts.store.get(key),
    // It tells all that is wrong; an explanation names the first place.
    unreadableField: (key) => hosts.store.problemOf(key)?.split(':', 1)[0],
    machine: (uid) => machines.store.byIndex('uid', uid)[0],
    machinesNaming: (key) => machines.store.byIndex('providerHost', keyText(key)),
    machinesOf: (key) => machines.store.byIndex('pool', keyText(key)),
    poolsNaming: (key) => [...members.poolsOf(keyText(key))].flatMap((pool) => pools.store.get(parseKey(pool)) ?? []),
    planSecret: (key) => (planSecrets.hasSynced() ? planSecrets.store.get(key) : { foreignPlanType: undefined }),
    ownsHost: (uid) => hosts.store.byIndex('owner', uid).length > 0,
    runOf: (uid) => runs.of(uid),
  };
}

interface Follower {
  members: PoolMembers;
  map: FleetMap;
  runs: RunSight;
  schedule: () => void;
}

/** Which cells and rows a change of what may have changed. */
function followCaches(caches: ConsoleCaches, { members, map, runs, schedule }: Follower): void {
  const { machines, pools, hosts, planSecrets } = caches;
  const touchHosts = (keys: Iterable<ObjectKey>): void => {
    for (const key of keys) map.touchHost(key);
    schedule();
  };
  hosts.onChange((key) => touchHosts([key]));
  planSecrets.onChange((key) => touchHosts(hosts.store.byIndex('planSecret', keyText(key))));
  machines.onChange((key, now, before) => {
    for (const machine of [now, before]) if (machine !== undefined) touchHosts(hostsOf(machine, caches));
    if (isWaiting(now) !== isWaiting(before)) {
      map.touchPool({ namespace: key.namespace, name: (now ?? before)?.pool ?? '' });
      schedule();
    }
  });
  pools.onChange((key, now, before) => {
    const names = (view: typeof now): string[] => view?.members.map(({ name }) => name) ?? [];
    const { namespace } = key;
    const moved = members.put(keyText(key), namespace, names(before), names(now));
    map.touchPool(key);
    touchHosts(moved.map((name) => ({ namespace, name })));
  });
  runs.onChange((uid) => touchHosts(hosts.store.byIndex('owner', uid)));
}

function isWaiting(machine: MachineView | undefined): boolean {
  return machine !== undefined && waitsForHost(machine);
}

function hostsOf(machine: MachineView, { hosts }: ConsoleCaches): ObjectKey[] {
  const named = machineIndexes.providerHost(machine);
  const owned = hosts.store.byIndex('owner', machine.uid);
  return named === undefined ? owned : [...owned, parseKey(named)];
}

function describeRow(key: ObjectKey, { pools, machines }: ConsoleCaches): FleetRow | undefined {
  const pool = pools.store.get(key);
  if (pool === undefined) return undefined;
  const fault = pool.conditions.find(({ type, status }) => type === 'MembersValid' && status === 'False');
  return {
    namespace: pool.namespace,
    name: pool.name,
    cluster: pool.clusterName,
    waiting: machines.store.byIndex('pool', keyText(key)).filter(waitsForHost).length,
    reason: fault?.reason ?? '',
  };
}
