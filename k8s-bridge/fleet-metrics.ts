import { metricDefinitions } from '../runtime/metric-definitions.ts';
import { publish, type Registry } from '../runtime/metrics.ts';
import { parseKey } from '../runtime/kube/object-key.ts';
import type { BridgeCaches } from './caches.ts';
import type { SlotBook } from './slots/book.ts';
import { countFleet, type FleetFigures } from './fleet-figures.ts';

/** What the figures are taken from. */
export interface FleetSource {
  caches: Pick<BridgeCaches, 'machines' | 'hosts' | 'pools'>;
  /** How limits are used, as of the last look. */
  slots: () => Pick<SlotBook, 'installation' | 'pools'>;
  /** Only then is anything shown, so that a sum over all bridges counts each machine once. */
  isLeading: () => boolean;
  countUnattended: () => number;
  /** New machines whose runs are begun later. */
  countAwaitingRun: () => number;
  /** As of the last comparison of machines and runs; undefined: there was none. */
  missingRuns: () => number | undefined;
  /** uids of the machines that had an open run then; undefined: there was no comparison. */
  openRuns: () => ReadonlySet<string> | undefined;
  /** False: by a watch filter it knows its own alone, and hosts of the others would look as if nobody used them. */
  seesAllMachines: boolean;
}

/** All metrics of one scrape come from one look. */
const FRESH_MS = 500;

/** Publishes the fleet as the caches know it when scraped; call it once per registry. */
export function publishFleet(registry: Registry, source: FleetSource): void {
  const { caches, slots, isLeading, countUnattended, countAwaitingRun, missingRuns, openRuns, seesAllMachines } =
    source;
  let last: { figures: FleetFigures; atMs: number } | undefined;
  const figures = (): FleetFigures => {
    const nowMs = performance.now();
    if (last !== undefined && nowMs - last.atMs < FRESH_MS) return last.figures;
    const [machines, hosts, pools] = [caches.machines.store, caches.hosts.store, caches.pools.store];
    const fleet = {
      machines: [...machines.list()],
      hosts: [...hosts.list()],
      pools: pools.list(),
      openRuns: openRuns(),
    };
    last = { figures: countFleet(fleet, Date.now()), atMs: nowMs };
    return last.figures;
  };
  const whileLeading =
    <T>(read: () => T[]) =>
    (): T[] =>
      isLeading() ? read() : [];
  const single = (value: number | undefined) => (value === undefined ? [] : [{ labels: {}, value }]);
  publish(
    registry,
    metricDefinitions.machines,
    whileLeading(() => figures().machines),
  );
  publish(
    registry,
    metricDefinitions.longestUnready,
    whileLeading(() => figures().longestUnready),
  );
  publish(
    registry,
    metricDefinitions.overDeadline,
    whileLeading(() => figures().overDeadline),
  );
  publish(
    registry,
    metricDefinitions.hosts,
    whileLeading(() => figures().hosts),
  );
  publish(
    registry,
    metricDefinitions.hostsStranded,
    whileLeading(() => (seesAllMachines ? figures().hostsStranded : [])),
  );
  publish(
    registry,
    metricDefinitions.hostsKept,
    whileLeading(() => figures().hostsKept),
  );
  publish(
    registry,
    metricDefinitions.hostFailures,
    whileLeading(() => figures().hostFailures),
  );
  publish(
    registry,
    metricDefinitions.oldestWaiting,
    whileLeading(() => figures().oldestWaiting),
  );
  publish(
    registry,
    metricDefinitions.slots,
    whileLeading(() => countSlots(slots())),
  );
  publish(
    registry,
    metricDefinitions.unattended,
    whileLeading(() => single(countUnattended())),
  );
  publish(
    registry,
    metricDefinitions.awaitingRun,
    whileLeading(() => single(countAwaitingRun())),
  );
  publish(
    registry,
    metricDefinitions.runsMissing,
    whileLeading(() => single(missingRuns())),
  );
  publish(registry, metricDefinitions.leader, () => single(isLeading() ? 1 : 0));
}

function countSlots({ installation, pools }: ReturnType<FleetSource['slots']>) {
  const uses = [
    ...(installation === undefined ? [] : [{ key: { namespace: '', name: '' }, use: installation }]),
    ...Array.from(pools, ([pool, use]) => ({ key: parseKey(pool), use })),
  ];
  const whats = ['limit', 'used', 'waiting'] as const;
  return uses.flatMap(({ key: { namespace, name: pool }, use }) =>
    whats.map((what) => ({ labels: { namespace, pool, what }, value: use[what] })),
  );
}
