import { searchAttributeNames, WORKER_NAME } from '../api/constants.ts';
import type { Env } from '../runtime/env.ts';
import { observationAddresses, startHealthServer } from '../runtime/health-server.ts';
import { createKubeClient } from '../runtime/kube/client.ts';
import { publishInformerStats } from '../runtime/kube/informer-metrics.ts';
import type { Logger } from '../runtime/logger.ts';
import { createMetricsRegistry } from '../runtime/metrics.ts';
import type { Shutdown } from '../runtime/shutdown.ts';
import { connectTemporalWorker } from '../runtime/temporal/worker.ts';
import { createReader } from '../reading/reader.ts';
import { ensureSearchAttributes } from '../runtime/temporal/search-attributes.ts';
import { waitForKubernetes } from '../runtime/kube/wait-until-ready.ts';
import { loadWorkflowBundle } from './bundle.ts';
import { createWorkerCaches, type WorkerInformers } from './caches.ts';
import { ensureCurrentVersion } from './deployment.ts';
import { createMachineWorker } from './worker.ts';

export interface WorkerProcess {
  env: Env;
  logger: Logger;
  shutdown: Shutdown;
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
  const caches = createWorkerCaches(kube, logger, env.watchNamespace);
  const informers = Object.values(caches);
  const reader = createReader({ threads: READER_THREADS });
  const state = { polling: false };
  await startObservation(process, caches, () => state.polling);
  shutdown.onShutdown('kube client', () => kube.close());
  shutdown.onShutdown('reader', () => reader.close());
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

  const build = env.buildId === undefined ? undefined : { deploymentName: env.taskQueue, buildId: env.buildId };
  const worker = await createMachineWorker({
    connection,
    namespace,
    taskQueue: env.taskQueue,
    workflowBundle: await bundling,
    build,
    activities: {
      kube,
      caches: {
        hosts: caches.hosts.store,
        machines: caches.machines.store,
        pools: caches.pools.store,
        planSecrets: caches.planSecrets.store,
      },
      reader,
      policy: env,
      temporalNamespace: namespace,
    },
  });
  const running = worker.run();
  state.polling = true;
  running.catch((error: unknown) => {
    logger.fatal({ err: error }, 'The worker ended');
    shutdown.shutdown('the worker ended', 1);
  });
  if (build !== undefined) {
    ensureCurrentVersion(connection, namespace, build, { logger, signal: shutdown.signal }).catch((error: unknown) => {
      if (!shutdown.signal.aborted) logger.error({ err: error, build }, 'Could not look after the worker deployment');
    });
  }
  shutdown.onShutdown('worker', async () => {
    state.polling = false;
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await running.catch(() => {});
  });
}

/** Health, readiness and metrics, from the first moment on. */
async function startObservation(
  { env, logger, shutdown }: WorkerProcess,
  caches: WorkerInformers,
  isPolling: () => boolean,
): Promise<void> {
  const registry = createMetricsRegistry('worker');
  publishInformerStats(registry, caches);
  const readiness = {
    caches: () => {
      const unsynced = Object.entries(caches).flatMap(([name, informer]) => (informer.hasSynced() ? [] : [name]));
      return unsynced.length === 0 || `not listed yet: ${unsynced.join(', ')}`;
    },
    worker: () => isPolling() || 'not polling yet',
  };
  for (const address of observationAddresses(env)) {
    const server = await startHealthServer({ address, logger, readiness, registry });
    shutdown.onShutdown('health server', () => server.close());
  }
}
