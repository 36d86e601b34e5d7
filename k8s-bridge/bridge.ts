import { Client } from '@temporalio/client';
import type { Env } from '../runtime/env.ts';
import { observationAddresses, startHealthServer } from '../runtime/health-server.ts';
import { createKubeClient } from '../runtime/kube/client.ts';
import { leaseNameOf, slotsOf } from '../runtime/installation-name.ts';
import { publishInformerStats } from '../runtime/kube/cache/informer-metrics.ts';
import type { Logger } from '../runtime/logger.ts';
import { metricDefinitions } from '../runtime/metric-definitions.ts';
import { createCounter, createMetricsRegistry, createWorkqueueMetrics } from '../runtime/metrics.ts';
import type { Shutdown } from '../runtime/shutdown.ts';
import { connectTemporal, readNamespaceId } from '../runtime/temporal/connection.ts';
import { createReader } from '../reading/reader.ts';
import { waitForKubernetes } from '../runtime/kube/wait-until-ready.ts';
import { type BridgeCaches, createBridgeCaches } from './caches.ts';
import { type ControllerDeps, monotonicNowMs } from './controller-deps.ts';
import { runControllers } from './controllers.ts';
import { countCalls } from './runs/counted-runs.ts';
import { readComparedMark, writeComparedMark } from './leader/compared-mark.ts';
import { lead } from './leader/lead.ts';
import { publishFleet } from './fleet-metrics.ts';
import { listAhead } from './runs/list-ahead.ts';
import { createMachineRuns } from './runs/machine-runs.ts';
import { rememberStarts, StartMemory } from './runs/start-memory.ts';
import { createTemporalReturns } from './runs/temporal-returns.ts';
import type { PacedStarts } from './machines/paced-starts.ts';
import { UnattendedMachines } from './machines/unattended.ts';
import { SlotBook } from './slots/book.ts';
import { createReadiness, findNobodyServes, type RunsPlace } from './readiness.ts';
import { openHostSink } from './open-host-sink.ts';
import { createSearchAttributes } from './search-attributes.ts';

export interface BridgeOptions {
  env: Env;
  logger: Logger;
  shutdown: Shutdown;
}

const USER_AGENT = 'ironloom-bridge';
/** Only failures are read here, and few of them at a time. */
const READER_THREADS = 1;

/**
 * Starts the bridge and resolves when it may lead. Kubernetes, its CRDs and Temporal may come later, in any order: it
 * waits for them and says in `/readyz` what is missing. Caches are warm before it leads.
 * @throws what cannot mend itself: an unreadable kubeconfig, a taken port; the signal's reason when shut down meanwhile
 */
export async function startBridge({ env, logger, shutdown }: BridgeOptions): Promise<void> {
  const kube = createKubeClient({ kubeconfigPath: env.kubeconfigPath, userAgent: USER_AGENT });
  const caches = createBridgeCaches({
    client: kube,
    logger,
    namespace: env.watchNamespace,
    hostLabels: env.hostLabels,
    watchFilter: env.watchFilter,
  });
  const informers = Object.values(caches);
  const reader = createReader({ threads: READER_THREADS });
  const known = createBridgeMemory();
  const metrics = await startObservation({ env, logger, shutdown }, caches, known);
  shutdown.onShutdown('kube client', () => kube.close());
  shutdown.onShutdown('reader', () => reader.close());
  shutdown.onShutdown('caches', () => Promise.all(informers.map((informer) => informer.stop())));

  await waitForKubernetes(kube, shutdown.signal, logger);
  for (const informer of informers) informer.start();
  const connection = await connectTemporal(env.temporal, logger, shutdown.signal);
  const { namespace } = env.temporal;
  const place = { connection, namespace, taskQueue: env.taskQueue };
  known.place = place;
  shutdown.onShutdown('Temporal', () => connection.close());
  const attributes = createSearchAttributes(connection, namespace, logger);
  const answered = createMachineRuns(new Client({ connection, namespace }), env.taskQueue, attributes);
  const counted = countCalls(rememberStarts(answered, known.starts), metrics.countRunCall);
  const lease = { namespace: env.leaseNamespace, name: leaseNameOf(env) };
  const readCompared = async () => (env.leaderElect ? readComparedMark(kube, lease, Date.now()) : undefined);
  const runs = (await readCompared()) === undefined ? listAhead(counted) : counted;
  await Promise.all(informers.map((informer) => informer.synced));
  logger.info('Caches are filled');

  const prepareTemporal = () => attributes.provide();
  const temporalReturns = createTemporalReturns({ identify: () => readNamespaceId(connection, namespace) });
  const { defaultRegistry, hostLabels, watchNamespace, watchFilter, resyncPeriodMs, validateDeadlineMs } = env;
  const { queueMetrics, countVerb } = metrics;
  const scope = { defaultRegistry, hostLabels, watchNamespace, watchFilter, slots: slotsOf(env) };
  const world = { kube, runs, caches, reader, ...scope, logger, queueMetrics, countVerb };
  const temporal = { prepareTemporal, temporalReturns, findNobodyServes: () => findNobodyServes(place) };
  const work = async (signal: AbortSignal): Promise<void> => {
    const hostJournal = openHostSink(env.journal, logger, Date.now());
    const memory = (known.term = createTermMemory());
    const notes = {
      noteStarts: (starts: TermMemory['starts']) => void (memory.starts = starts),
      noteMissingRuns: (missing: number) => void (memory.missingRuns = missing),
      noteOpenRuns: (uids: ReadonlySet<string>) => void (memory.openRuns = uids),
      noteCompared: (atMs: number) => void (memory.comparedAtMs = atMs),
    };
    const { unattended, book } = memory;
    const remembered = { hostJournal, unattended, book, readCompared, ...notes };
    try {
      await runControllers({ ...world, ...temporal, ...remembered, resyncPeriodMs, validateDeadlineMs }, signal);
    } finally {
      for (const informer of informers) informer.removeHandlers();
      await hostJournal.close();
    }
  };
  const listAgain = async () => void (await Promise.all(informers.map((informer) => informer.listAgain())));
  const annotations = () => writeComparedMark(known.term.comparedAtMs);
  known.isLeading = lead({ env, logger, shutdown }, kube, { work, listAgain, annotations });
}

/** What is remembered for those who ask how the bridge is. */
interface BridgeMemory {
  /** undefined: not connected yet. */
  place: RunsPlace | undefined;
  starts: StartMemory;
  isLeading: () => boolean;
  term: TermMemory;
}

/** What a leader learns: whoever leads again, after another one may have led, begins with none of it. */
interface TermMemory {
  unattended: UnattendedMachines;
  book: SlotBook;
  /** undefined: no work was begun. */
  starts: Pick<PacedStarts, 'waitingCount'> | undefined;
  /** As of the last comparison; undefined: there was none. */
  missingRuns: number | undefined;
  /** uids of the machines that had an open run then. */
  openRuns: ReadonlySet<string> | undefined;
  /** When runs and machines agreed last; wall clock. undefined: not since it leads. */
  comparedAtMs: number | undefined;
}

function createTermMemory(): TermMemory {
  return {
    unattended: new UnattendedMachines(monotonicNowMs),
    book: new SlotBook(),
    starts: undefined,
    missingRuns: undefined,
    openRuns: undefined,
    comparedAtMs: undefined,
  };
}

function createBridgeMemory(): BridgeMemory {
  return {
    place: undefined,
    starts: new StartMemory(monotonicNowMs),
    isLeading: () => false,
    term: createTermMemory(),
  };
}

interface BridgeMetrics {
  queueMetrics: NonNullable<ControllerDeps['queueMetrics']>;
  countRunCall: (call: string) => void;
  countVerb: NonNullable<ControllerDeps['countVerb']>;
}

/** Health, readiness and metrics, from the first moment on. */
async function startObservation(
  { env, logger, shutdown }: BridgeOptions,
  caches: BridgeCaches,
  memory: BridgeMemory,
): Promise<BridgeMetrics> {
  const registry = createMetricsRegistry('bridge');
  publishInformerStats(registry, caches);
  publishFleet(registry, {
    caches,
    isLeading: () => memory.isLeading(),
    slots: () => memory.term.book,
    countUnattended: () => memory.term.unattended.count(),
    countAwaitingRun: () => memory.term.starts?.waitingCount() ?? 0,
    missingRuns: () => memory.term.missingRuns,
    openRuns: () => memory.term.openRuns,
    seesAllMachines: env.watchFilter === undefined,
  });
  const readiness = createReadiness({ caches, place: () => memory.place, starts: memory.starts });
  for (const address of observationAddresses(env)) {
    const server = await startHealthServer({ address, logger, readiness, metrics: registry });
    shutdown.onShutdown('health server', () => server.close());
  }
  const countRunCall = createCounter(registry, metricDefinitions.runCalls);
  const countVerb = createCounter(registry, metricDefinitions.verbs);
  return {
    queueMetrics: createWorkqueueMetrics(registry),
    countRunCall: (call) => countRunCall({ call }),
    countVerb: (verb, result) => countVerb({ verb, result }),
  };
}
