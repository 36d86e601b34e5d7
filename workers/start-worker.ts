import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { pid } from 'node:process';
import { Client } from '@temporalio/client';
import type { NativeConnection, WorkflowBundleOption } from '@temporalio/worker';
import { searchAttributeNames, WORKER_NAME } from '../api/constants.ts';
import type { Env } from '../runtime/env.ts';
import { observationAddresses, startHealthServer } from '../runtime/health-server.ts';
import { createKubeClient } from '../runtime/kube/client.ts';
import { publishInformerStats } from '../runtime/kube/cache/informer-metrics.ts';
import type { Logger } from '../runtime/logger.ts';
import { createMetricsRegistry, type Registry } from '../runtime/metrics.ts';
import { withSdkMetrics } from '../runtime/sdk-metrics.ts';
import type { Shutdown } from '../runtime/shutdown.ts';
import { slotsOf } from '../runtime/installation-name.ts';
import { connectTemporalWorker } from '../runtime/temporal/worker.ts';
import { createReader } from '../reading/reader.ts';
import { ensureSearchAttributes } from '../runtime/temporal/search-attributes.ts';
import type { Build } from '../runtime/temporal/task-queue.ts';
import { waitForKubernetes } from '../runtime/kube/wait-until-ready.ts';
import { openSink } from './open-sink.ts';
import { loadWorkflowBundle } from './bundle.ts';
import { cachesOf, createWorkerCaches, type WorkerInformers } from './caches.ts';
import { becomeCurrent } from './deployment.ts';
import { checkReached, logUnreached, type PollingWorker } from './reached.ts';
import { createLifeMeter, createStepMeter } from './meters.ts';
import { replayOpenRuns } from './replay-check.ts';
import { createMachineWorker } from './worker.ts';

export interface WorkerProcess {
  env: Env;
  logger: Logger;
  shutdown: Shutdown;
  /** Where Temporal's SDK serves its metrics on the loopback interface; undefined: nowhere. */
  sdkMetricsPort: number | undefined;
}

/** One that is held up leaves the other to the rest of the machines. */
const READER_THREADS = 2;

/**
 * Starts the worker and resolves when it polls. Kubernetes, its CRDs and Temporal may come later, in any order; caches
 * are full before the first claim.
 * @throws what cannot mend itself; the signal's reason when shut down meanwhile
 */
export async function startWorker(process: WorkerProcess): Promise<void> {
  const { env, logger, shutdown } = process;
  const kube = createKubeClient({
    kubeconfigPath: env.kubeconfigPath,
    userAgent: WORKER_NAME,
    // Below the time that a step has: one that nobody answers is to say so itself.
    requestTimeoutMs: 10_000,
  });
  const { watchNamespace, hostLabels, watchFilter } = env;
  const caches = createWorkerCaches(kube, logger, { namespace: watchNamespace, hostLabels, watchFilter });
  const informers = Object.values(caches);
  const reader = createReader({ threads: READER_THREADS });
  const journal = openSink(env.journal, logger);
  const state: { polling: PollingWorker | undefined } = { polling: undefined };
  const registry = await startObservation(process, caches, () => state.polling);
  shutdown.onShutdown('kube client', () => kube.close());
  shutdown.onShutdown('reader', () => reader.close());
  shutdown.onShutdown('journal', () => journal.close());
  shutdown.onShutdown('caches', () => Promise.all(informers.map((informer) => informer.stop())));

  const bundling = loadWorkflowBundle(env.workflowBundlePath, shutdown.signal);
  // Awaited below; nobody listens while the others are waited for.
  bundling.catch(() => {});
  await waitForKubernetes(kube, shutdown.signal, logger);
  for (const informer of informers) informer.start();
  const connection = await connectTemporalWorker(env.temporal, logger, shutdown.signal);
  shutdown.onShutdown('Temporal', () => connection.close());
  await Promise.all(informers.map((informer) => informer.synced));
  const { namespace } = env.temporal;
  const { problem } = await ensureSearchAttributes(connection, namespace, Object.values(searchAttributeNames));
  if (problem !== undefined) logger.error({ problem }, 'Search attributes are missing');

  const { taskQueue } = env;
  const build = env.buildId === undefined ? undefined : { deploymentName: taskQueue, buildId: env.buildId };
  const workflowBundle = await bundling;
  const identity = `${pid}@${hostname()}/${randomUUID().slice(0, 8)}`;
  const worker = await createMachineWorker({
    connection,
    namespace,
    taskQueue,
    workflowBundle,
    build,
    identity,
    activities: {
      kube,
      caches: cachesOf(caches),
      journal,
      reader,
      policy: { ...env, slots: slotsOf(env) },
      temporalNamespace: namespace,
      meter: createStepMeter(registry),
    },
    meter: createLifeMeter(registry),
  });
  const running = worker.run();
  state.polling = { connection, namespace, taskQueue, build, identity };
  running.catch((error: unknown) => {
    logger.fatal({ err: error }, 'The worker ended');
    shutdown.shutdown('the worker ended', 1);
  });
  void logUnreached(state.polling, logger, shutdown.signal);
  if (build !== undefined) takeOver({ ...process, connection, build, workflowBundle });
  shutdown.onShutdown('worker', async () => {
    state.polling = undefined;
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await running.catch(() => {});
  });
}

interface NewBuild extends WorkerProcess {
  connection: NativeConnection;
  build: Build;
  workflowBundle: WorkflowBundleOption;
}

/** Makes the build the current one when it is its turn; meanwhile the worker waits, and says so in `/readyz`. */
function takeOver({ env, logger, shutdown, connection, build, workflowBundle }: NewBuild): void {
  const { namespace } = env.temporal;
  const client = new Client({ connection, namespace });
  const { signal } = shutdown;
  const canTakeOver = async (): Promise<boolean> => {
    const verdict = await replayOpenRuns(client, env.taskQueue, workflowBundle, signal);
    if (verdict.kind === 'replayed') {
      logger.info({ build, runs: verdict.runs }, 'Open runs can go on with this build');
      return true;
    }
    const { workflowId, why } = verdict;
    logger.error(
      { build, workflowId, problem: why },
      'Open runs cannot go on with this build: it does not become current',
    );
    return false;
  };
  becomeCurrent({ connection, namespace, build, canTakeOver, logger, signal }).catch((error: unknown) => {
    if (!signal.aborted) logger.error({ err: error, build }, 'Could not look after the worker deployment');
  });
}

/** Health, readiness and metrics, from the first moment on. */
async function startObservation(
  { env, logger, shutdown, sdkMetricsPort }: WorkerProcess,
  caches: WorkerInformers,
  polling: () => PollingWorker | undefined,
): Promise<Registry> {
  const registry = createMetricsRegistry('worker');
  publishInformerStats(registry, caches);
  const readiness = {
    caches: () => {
      const unsynced = Object.entries(caches).flatMap(([name, informer]) => (informer.hasSynced() ? [] : [name]));
      return unsynced.length === 0 || `not listed yet: ${unsynced.join(', ')}`;
    },
    tasks: () => {
      const worker = polling();
      return worker === undefined ? 'not polling yet' : checkReached(worker);
    },
  };
  for (const address of observationAddresses(env)) {
    const metrics = withSdkMetrics(registry, sdkMetricsPort);
    const server = await startHealthServer({ address, logger, readiness, metrics });
    shutdown.onShutdown('health server', () => server.close());
  }
  return registry;
}
