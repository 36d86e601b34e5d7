import { readEnv, rereadTemporal } from '../runtime/env.ts';
import { createLogger } from '../runtime/logger.ts';
import { installShutdown } from '../runtime/shutdown.ts';
import { followSettings } from '../runtime/temporal/follow-settings.ts';
import { endWhenRenewed } from '../runtime/temporal/renewal.ts';
import { startConsole } from './start-console.ts';

const args = process.argv.slice(2);
const env = readEnv(args);
const logger = createLogger({ level: env.logLevel, component: 'console' });
const shutdown = installShutdown({ logger, deadlineMs: 10_000 });
void endWhenRenewed({ temporal: env.temporal, reread: () => rereadTemporal(args), shutdown, logger });
void followSettings({ env, args, logger, shutdown });

try {
  await startConsole({ env, logger, shutdown });
} catch (error) {
  if (!shutdown.signal.aborted) {
    logger.fatal({ err: error }, 'The console could not start');
    shutdown.shutdown('could not start', 1);
  }
}
