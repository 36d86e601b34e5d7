import { readEnv } from '../runtime/env.ts';
import { createLogger } from '../runtime/logger.ts';
import { installShutdown } from '../runtime/shutdown.ts';
import { installTemporalRuntime } from '../runtime/temporal/worker.ts';
import { startWorker } from './start-worker.ts';

const env = readEnv(process.argv.slice(2));
const logger = createLogger({ level: env.logLevel, component: 'worker' });
const shutdown = installShutdown({ logger, deadlineMs: 15_000 });
installTemporalRuntime({ logger });

try {
  await startWorker({ env, logger, shutdown });
} catch (error) {
  if (!shutdown.signal.aborted) {
    logger.fatal({ err: error }, 'The worker could not start');
    shutdown.shutdown('could not start', 1);
  }
}
