import { NativeConnection, Runtime } from '@temporalio/worker';
import { type ListenAddress, type TemporalEnv } from '../env.ts';
import { type Logger, toTemporalLogger } from '../logger.ts';
import { connectUntilUp } from './connection.ts';

export interface TemporalRuntimeOptions {
  logger: Logger;
  /** Serves the SDK's own metrics (slots, latencies) for Prometheus. Default: off. */
  sdkMetricsAddress?: ListenAddress | undefined;
}

/**
 * Makes the SDK log through pino and leaves signals to `runtime/shutdown.ts`. Once per process, before anything else of
 * the worker SDK is used. Not for the bridge, which needs no native code.
 * @throws when a Temporal runtime exists already
 */
export function installTemporalRuntime({ logger, sdkMetricsAddress }: TemporalRuntimeOptions): void {
  Runtime.install({
    logger: toTemporalLogger(logger),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'INFO', other: 'WARN' } },
      ...(sdkMetricsAddress === undefined
        ? {}
        : { metrics: { prometheus: { bindAddress: formatAddress(sdkMetricsAddress) } } }),
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

function formatAddress({ host = '::', port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
