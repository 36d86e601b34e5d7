import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  isGrpcDeadlineError,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { readEnv, type TemporalEnv } from '../../runtime/env.ts';
import { rootMessage } from '../../runtime/temporal/connection.ts';
import { explainUnreached } from '../../runtime/temporal/unreached.ts';
import { CliError } from '../world/failures.ts';

const CONNECT_TIMEOUT_MS = 10_000;
// The SDK's ten tries outlast the deadline, and then nothing says why they failed.
const TRIES = 4;
const UNAVAILABLE = 14;

/** The runs that a command may be about. */
export interface RunSource {
  client: Client;
  /** Theirs; others in the same Temporal namespace may be another management cluster's. */
  taskQueue: string;
}

/** Temporal is not there, or lets nobody in: nothing was asked of it. */
export class UnreachedError extends CliError {}

/**
 * Runs `body` with a client of the configured namespace; whatever it asks has to be answered in time.
 * @throws UnreachedError that names the address when Temporal is not reached; CliError when it does not answer
 */
export async function withTemporal<T>(answerTimeoutMs: number, body: (source: RunSource) => Promise<T>): Promise<T> {
  const { temporal, taskQueue } = readEnv();
  const { connectionOptions, namespace } = temporal;
  const { address } = connectionOptions;
  const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: TRIES }))];
  const connection = Connection.lazy({ ...connectionOptions, interceptors });
  try {
    await checkConnection(connection, temporal);
    const client = new Client({ connection, namespace });
    return await client.withDeadline(Date.now() + answerTimeoutMs, () => body({ client, taskQueue }));
  } catch (error) {
    if (!isGrpcDeadlineError(error) || error instanceof CliError) throw error;
    const seconds = Math.ceil(answerTimeoutMs / 1000);
    throw new CliError(`Temporal at ${address} gave no answer within ${seconds} s`, { cause: error });
  } finally {
    await connection.close();
  }
}

/** Not `ensureConnected`, which says no more than that its deadline has passed. */
async function checkConnection(connection: Connection, temporal: TemporalEnv): Promise<void> {
  const { address } = temporal.connectionOptions;
  try {
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    await connection.withDeadline(deadline, () => connection.workflowService.getSystemInfo({}));
  } catch (error) {
    const unreached = isGrpcDeadlineError(error) || (isGrpcServiceError(error) && Number(error.code) === UNAVAILABLE);
    const what = unreached ? 'is not reached' : 'does not let us in';
    const why = (unreached ? await explainUnreached(temporal) : undefined) ?? rootMessage(error);
    throw new UnreachedError(`Temporal at ${address} ${what}: ${why}`, { cause: error });
  }
}
