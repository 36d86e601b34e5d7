import { NativeConnection, Runtime } from '@temporalio/worker';
import { type TemporalEnv } from '../env.ts';
import { type Logger, toTemporalLogger } from '../logger.ts';
import { connectUntilUp } from './connection.ts';

export interface TemporalRuntimeOptions {
  logger: Logger;
  /** Port of the loopback interface at which the SDK's own metrics (slots, latencies) are served. undefined: nowhere. */
  sdkMetricsPort: number | undefined;
}

/**
 * Makes the SDK log through pino and leaves signals to `runtime/shutdown.ts`. Once per process, before anything else of
 * the worker SDK is used. Not for the bridge, which needs no native code. Answers the port at which its metrics are served.
 * @throws when a Temporal runtime exists already
 */
export function installTemporalRuntime({ logger, sdkMetricsPort }: TemporalRuntimeOptions): number | undefined {
  try {
    install(logger, sdkMetricsPort);
    return sdkMetricsPort;
  } catch (error) {
    if (sdkMetricsPort === undefined) throw error;
    // Somebody was faster at the port. A worker without these metrics is better than none.
    logger.warn({ err: error }, "The metrics of Temporal's SDK cannot be served");
    install(logger, undefined);
    return undefined;
  }
}

function install(logger: Logger, sdkMetricsPort: number | undefined): void {
  Runtime.install({
    logger: toTemporalLogger(logger),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'INFO', other: 'WARN' } },
      ...(sdkMetricsPort !== undefined && { metrics: { prometheus: sdkMetrics(sdkMetricsPort) } }),
    },
  });
}

/** `connectTemporal` for workers. @throws the signal's reason, or AbortError, when aborted */
export function connectTemporalWorker(
  env: TemporalEnv,
  logger: Logger,
  signal: AbortSignal,
): Promise<NativeConnection> {
  return connectUntilUp(() => NativeConnection.connect(env.connectionOptions), env, logger, signal);
}

/** Named by Prometheus' rules: units, and `_total` of counters. */
function sdkMetrics(port: number) {
  const naming = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  return { bindAddress: `127.0.0.1:${port}`, ...naming };
}
