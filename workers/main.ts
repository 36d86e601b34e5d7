import { collectAtRest } from '../runtime/collect-at-rest.ts';
import { readEnv, rereadTemporal } from '../runtime/env.ts';
import { createLogger } from '../runtime/logger.ts';
import { installShutdown } from '../runtime/shutdown.ts';
import { findLoopbackPort } from '../runtime/sdk-metrics.ts';
import { endWhenRenewed } from '../runtime/temporal/renewal.ts';
import { followSettings } from '../runtime/temporal/follow-settings.ts';
import { installTemporalRuntime } from '../runtime/temporal/worker.ts';
import { startWorker } from './start-worker.ts';

const args = process.argv.slice(2);
const env = readEnv(args);
const logger = createLogger({ level: env.logLevel, component: 'worker' });
const shutdown = installShutdown({ logger, deadlineMs: 15_000 });
void endWhenRenewed({ temporal: env.temporal, reread: () => rereadTemporal(args), shutdown, logger });
const observed = env.metricsAddress ?? env.healthAddress;
const freePort = observed === undefined ? undefined : await findLoopbackPort();
const sdkMetricsPort = installTemporalRuntime({ logger, sdkMetricsPort: freePort });
void followSettings({ env, args, logger, shutdown });
void collectAtRest({ signal: shutdown.signal });

try {
  await startWorker({ env, logger, shutdown, sdkMetricsPort });
} catch (error) {
  if (!shutdown.signal.aborted) {
    logger.fatal({ err: error }, 'The worker could not start');
    shutdown.shutdown('could not start', 1);
  }
}
