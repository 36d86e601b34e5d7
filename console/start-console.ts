import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import type { Env } from '../runtime/env.ts';
import { observationAddresses, startHealthServer } from '../runtime/health-server.ts';
import { createKubeClient, type KubeClient } from '../runtime/kube/client.ts';
import { publishInformerStats } from '../runtime/kube/cache/informer-metrics.ts';
import type { Logger } from '../runtime/logger.ts';
import { createMetricsRegistry } from '../runtime/metrics.ts';
import type { Shutdown } from '../runtime/shutdown.ts';
import { connectTemporal } from '../runtime/temporal/connection.ts';
import { type Access, isLoopback, openAccess } from './access.ts';
import { readAssets } from './assets.ts';
import { createConsoleCaches, unsyncedCaches } from './caches.ts';
import { createDescriber } from './describe-objects.ts';
import { watchFleet } from './fleet-sight.ts';
import { followGoneMachines } from './gone-machines.ts';
import { createJournalSight } from './journal-sight.ts';
import { createRunSight } from './run-sight.ts';
import { startConsoleServer } from './server.ts';
import { createTokenAccess } from './token-access.ts';

export interface ConsoleOptions {
  env: Env;
  logger: Logger;
  shutdown: Shutdown;
}

const USER_AGENT = 'ironloom-console';

/**
 * Starts the console. It listens at once, and shows the fleet as soon as Kubernetes has listed it; without Temporal it shows
 * all but whether runs are left.
 * @throws what cannot mend itself: an unreadable kubeconfig, a taken port, an address that must not be open
 */
export async function startConsole({ env, logger, shutdown }: ConsoleOptions): Promise<void> {
  const { address, temporalUiUrl } = env.console;
  const client = createKubeClient({ kubeconfigPath: env.kubeconfigPath, userAgent: USER_AGENT });
  shutdown.onShutdown('kube client', () => client.close());
  const { watchNamespace: namespace, hostLabels, watchFilter } = env;
  const caches = createConsoleCaches({ client, logger, namespace, hostLabels, watchFilter });
  let temporal: Client | undefined;
  const runs = createRunSight(() => temporal);
  const sight = watchFleet(caches, runs);
  const runsUrl =
    temporalUiUrl && `${temporalUiUrl}/namespaces/${encodeURIComponent(env.temporal.namespace)}/workflows`;
  const journal = createJournalSight({ address: env.journal, logger, nowMs: Date.now });
  shutdown.onShutdown('journal', () => journal.close());
  const server = await startConsoleServer({
    address,
    assets: await readAssets(),
    sight,
    describer: createDescriber({ client, caches, sight, runs, runsUrl, logger }),
    journal,
    access: chooseAccess(env, client, logger),
    instance: randomUUID(),
    logger,
  });
  shutdown.onShutdown('server', () => server.close());
  const registry = createMetricsRegistry('console');
  publishInformerStats(registry, caches);
  const readiness = {
    caches: () => unsyncedCaches(caches).length === 0 || `not listed yet: ${sight.missing().join(', ')}`,
  };
  for (const observed of observationAddresses(env)) {
    const health = await startHealthServer({ address: observed, logger, readiness, metrics: registry });
    shutdown.onShutdown('health server', () => health.close());
  }
  const informers = Object.values(caches);
  for (const informer of informers) informer.start();
  shutdown.onShutdown('caches', () => Promise.all(informers.map((informer) => informer.stop())));
  shutdown.onShutdown('map', () => sight.stop());
  logger.info({ host: address.host, port: server.port }, 'The fleet map is served');

  const connection = await connectTemporal(env.temporal, logger, shutdown.signal);
  shutdown.onShutdown('Temporal', () => connection.close());
  temporal = new Client({ connection, namespace: env.temporal.namespace });
  void followGoneMachines(caches, runs, shutdown.signal);
}

/** @throws when everybody would be let in from everywhere */
function chooseAccess({ console: { address, access } }: Env, client: KubeClient, logger: Logger): Access {
  const loopback = isLoopback(address.host);
  if (access === 'open' && !loopback) {
    throw new Error('IRONLOOM_CONSOLE_ACCESS: open is for an address of this machine only, such as 127.0.0.1:8480');
  }
  const isOpen = access === undefined ? loopback : access === 'open';
  return isOpen ? openAccess : createTokenAccess({ client, logger, nowMs: () => performance.now() });
}
