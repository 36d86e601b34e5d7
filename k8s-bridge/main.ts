import { collectAtRest } from '../runtime/collect-at-rest.ts';
import { readEnv, rereadTemporal } from '../runtime/env.ts';
import { createLogger } from '../runtime/logger.ts';
import { installShutdown } from '../runtime/shutdown.ts';
import { endWhenRenewed } from '../runtime/temporal/renewal.ts';
import { followSettings } from '../runtime/temporal/follow-settings.ts';
import { startBridge } from './bridge.ts';

const args = process.argv.slice(2);
const env = readEnv(args);
const logger = createLogger({ level: env.logLevel, component: 'bridge' });
const shutdown = installShutdown({ logger, deadlineMs: 10_000 });
void endWhenRenewed({ temporal: env.temporal, reread: () => rereadTemporal(args), shutdown, logger });
void followSettings({ env, args, logger, shutdown });
void collectAtRest({ signal: shutdown.signal });

try {
  await startBridge({ env, logger, shutdown });
} catch (error) {
  if (!shutdown.signal.aborted) {
    logger.fatal({ err: error }, 'The bridge could not start');
    shutdown.shutdown('could not start', 1);
  }
}
