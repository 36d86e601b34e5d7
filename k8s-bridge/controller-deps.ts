import type { ObjectKey } from '../api/meta.ts';
import type { HostLabels } from '../domain/inputs/host-labels.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { Reader } from '../reading/reader.ts';
import type { Logger } from '../runtime/logger.ts';
import type { BridgeCaches } from './caches.ts';
import type { HostJournalSink } from './hosts/journal-keeper.ts';
import type { MachineRuns } from './runs/machine-runs.ts';
import type { ReconcileResult } from './reconcile/ports.ts';
import type { TemporalReturns } from './runs/temporal-returns.ts';
import type { SlotBook } from './slots/book.ts';
import type { PacedStarts } from './machines/paced-starts.ts';
import type { UnattendedMachines } from './machines/unattended.ts';
import { createWorkqueue, type Workqueue, type WorkqueueMetrics } from './queue/workqueue.ts';

export interface ControllerDeps {
  kube: KubeClient;
  runs: MachineRuns;
  /** All synced. */
  caches: BridgeCaches;
  /** Reads what hosts wrote. */
  reader: Reader;
  defaultRegistry: string | undefined;
  /** Which labels of an inventory tell what of its host. */
  hostLabels: HostLabels;
  /** The namespace that the caches hold; undefined: all. */
  watchNamespace: string | undefined;
  /** The value of CAPI's watch-filter label that the caches hold of our kinds; undefined: all. */
  watchFilter: string | undefined;
  /** Where the slots of the installation stand, and how many it has; undefined: as many as there are hosts. */
  slots: { lease: ObjectKey; limit: number | undefined };
  /** What is known of them. */
  book: SlotBook;
  /** Machines with news that no run has acted on. */
  unattended: UnattendedMachines;
  /** Why no worker would pick a run up; undefined: one would. */
  findNobodyServes: () => Promise<string | undefined>;
  /** Where it is written what was done to hosts. */
  hostJournal: HostJournalSink;
  logger: Logger;
  /** Told of each request to a host that came to its end. */
  countVerb?: ((verb: string, result: 'accepted' | 'refused') => void) | undefined;
  queueMetrics?: ((queue: string) => WorkqueueMetrics) | undefined;
  /** Done before each listing of open runs: what a Temporal that lost its data must be given again. */
  prepareTemporal?: (() => Promise<void>) | undefined;
  /** Says when Temporal was away: runs may be missing then. */
  temporalReturns?: TemporalReturns | undefined;
  /** Given what says how many new machines wait for their turn to have a run. */
  noteStarts?: ((starts: Pick<PacedStarts, 'waitingCount'>) => void) | undefined;
  /** Told after each comparison how many machines had no open run. */
  noteMissingRuns?: ((missing: number) => void) | undefined;
  /** Told at each comparison of the uids of the machines that have an open run. */
  noteOpenRuns?: ((uids: ReadonlySet<string>) => void) | undefined;
  /** When a leader last found that runs and machines agree; wall clock. undefined: not known. */
  readCompared?: (() => Promise<number | undefined>) | undefined;
  /** Told when they did. */
  noteCompared?: ((atMs: number) => void) | undefined;
  /** How long a host may say nothing of the checks of its pool, beside their own limits. */
  validateDeadlineMs: number;
  /** Time between two comparisons of open runs and machines. */
  resyncPeriodMs: number;
}

/** An outage of Temporal or Kubernetes may have ended: each key asks again after at most this time. */
const MAX_RETRY_DELAY_MS = 30_000;

/** A clock that never jumps; its origin means nothing. */
export const monotonicNowMs = (): number => performance.now();

/** A queue with the bridge's settings; `workers` keys are handled at the same time. */
export function createQueue(
  name: string,
  workers: number,
  { logger, queueMetrics }: ControllerDeps,
  handler: (key: string) => Promise<ReconcileResult>,
): Workqueue {
  const metrics = queueMetrics?.(name);
  return createWorkqueue({ name, workers, handler, logger, maxDelayMs: MAX_RETRY_DELAY_MS, metrics });
}

/** The stores of all caches. */
export function storesOf(caches: BridgeCaches) {
  return {
    machines: caches.machines.store,
    pools: caches.pools.store,
    templates: caches.templates.store,
    clusters: caches.clusters.store,
    remediations: caches.remediations.store,
    capiMachines: caches.capiMachines.store,
    capiClusters: caches.capiClusters.store,
    bootstrapSecrets: caches.bootstrapSecrets.store,
    catalogs: caches.catalogs.store,
    hosts: caches.hosts.store,
    planSecrets: caches.planSecrets.store,
  } satisfies Record<keyof BridgeCaches, unknown>;
}
