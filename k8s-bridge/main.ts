import { readEnv } from '../runtime/env.ts';
import { createLogger } from '../runtime/logger.ts';
import { installShutdown } from '../runtime/shutdown.ts';
import { startBridge } from './bridge.ts';

const env = readEnv(process.argv.slice(2));
const logger = createLogger({ level: env.logLevel, component: 'bridge' });
const shutdown = installShutdown({ logger, deadlineMs: 10_000 });

try {
  await startBridge({ env, logger, shutdown });
} catch (error) {
  if (!shutdown.signal.aborted) {
    logger.fatal({ err: error }, 'The bridge could not start');
    shutdown.shutdown('could not start', 1);
  }
}
