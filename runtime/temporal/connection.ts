import { Connection, isGrpcServiceError } from '@temporalio/client';
import { createBackoff } from '../backoff.ts';
import { type TemporalEnv } from '../env.ts';
import { type Logger } from '../logger.ts';
import { explainUnreached, tlsOf } from './unreached.ts';

/** What is used here of `Connection` and `NativeConnection`. */
export interface TemporalConnection {
  readonly workflowService: { describeNamespace(request: { namespace: string }): Promise<unknown> };
  readonly operatorService: {
    listSearchAttributes(request: {
      namespace: string;
    }): Promise<{ customAttributes?: Record<string, number> | null | undefined }>;
    addSearchAttributes(request: { namespace: string; searchAttributes: Record<string, number> }): Promise<unknown>;
  };
  withDeadline<R>(deadline: number, run: () => Promise<R>): Promise<R>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
/** gRPC deadline of one call. */
export const CALL_TIMEOUT_MS = 10_000;
/** gRPC would let two minutes pass between two tries after a long outage. */
const MAX_RECONNECT_MS = 5_000;
/** Statuses of gRPC that mean something here. */
export const grpcCodes = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/**
 * Connects as a client, trying until Temporal is up and the namespace exists, and says what it waits for.
 * @throws the signal's reason, or AbortError, when aborted
 */
export function connectTemporal(env: TemporalEnv, logger: Logger, signal: AbortSignal): Promise<Connection> {
  return connectUntilUp(() => openConnection(env), env, logger, signal);
}

/** `Connection.connect`, but a failed try leaves no channel behind that goes on trying. */
async function openConnection(env: TemporalEnv): Promise<Connection> {
  const connection = Connection.lazy({
    ...env.connectionOptions,
    connectTimeout: CONNECT_TIMEOUT_MS,
    channelArgs: { 'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS },
  });
  try {
    await connection.ensureConnected();
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The loop behind `connectTemporal` and `connectTemporalWorker`. */
export async function connectUntilUp<C extends TemporalConnection>(
  open: () => Promise<C>,
  env: TemporalEnv,
  logger: Logger,
  signal: AbortSignal,
): Promise<C> {
  const backoff = createBackoff({ initialMs: 250, maxMs: 10_000 });
  const { connectionOptions, namespace } = env;
  const about = { address: connectionOptions.address, namespace, tls: tlsOf(connectionOptions) !== undefined };
  for (;;) {
    signal.throwIfAborted();
    try {
      const connection = await open();
      const problem = await findNamespaceProblem(connection, env.namespace);
      if (problem === undefined) {
        logger.info(about, 'Connected to Temporal');
        return connection;
      }
      logger.warn({ ...about, problem }, 'Waiting for the Temporal namespace');
      await connection.close();
    } catch (error) {
      const problem = (await explainUnreached(env)) ?? rootMessage(error);
      logger.warn({ ...about, problem }, 'Waiting for Temporal');
    }
    await backoff.wait(signal);
  }
}

/** Undefined when the namespace exists, or when we may not ask. */
async function findNamespaceProblem(connection: TemporalConnection, namespace: string): Promise<string | undefined> {
  try {
    const deadline = Date.now() + CALL_TIMEOUT_MS;
    await connection.withDeadline(deadline, () => connection.workflowService.describeNamespace({ namespace }));
    return undefined;
  } catch (error) {
    if (hasGrpcCode(error, grpcCodes.notFound)) return `create it: temporal operator namespace create ${namespace}`;
    if (hasGrpcCode(error, grpcCodes.permissionDenied)) return undefined;
    return rootMessage(error);
  }
}

/**
 * Id of the namespace, which a database gives once: another one means other data. '' when we may not ask.
 * @throws when Temporal does not answer
 */
export async function readNamespaceId(connection: Connection, namespace: string): Promise<string> {
  const describe = () => connection.workflowService.describeNamespace({ namespace });
  try {
    const { namespaceInfo } = await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, describe);
    return namespaceInfo?.id ?? '';
  } catch (error) {
    if (hasGrpcCode(error, grpcCodes.permissionDenied)) return '';
    throw error;
  }
}

/** The call was answered with this gRPC status. */
export function hasGrpcCode(error: unknown, code: number): boolean {
  return isGrpcServiceError(error) && Number(error.code) === code;
}

/** The server's own words when it answered a call with this gRPC status; undefined: it did not. The SDK wraps what it gets. */
export function findDetails(error: unknown, code: number): string | undefined {
  const cause = error instanceof Error && !isGrpcServiceError(error) ? error.cause : error;
  return isGrpcServiceError(cause) && Number(cause.code) === code ? cause.details : undefined;
}

/** The innermost message: the SDK wraps causes in "Failed to connect …". */
export function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}
