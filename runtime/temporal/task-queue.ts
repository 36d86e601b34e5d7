import proto from '@temporalio/proto';
import { grpcCodes, hasGrpcCode } from './connection.ts';

const { TaskQueueType, WorkerVersioningMode } = proto.temporal.api.enums.v1;
type DescribeTaskQueue = proto.temporal.api.workflowservice.v1.IDescribeTaskQueueRequest;

/** What is used here of `Connection` and `NativeConnection`. */
export interface QueueConnection {
  readonly workflowService: {
    describeTaskQueue(
      request: DescribeTaskQueue,
    ): Promise<proto.temporal.api.workflowservice.v1.IDescribeTaskQueueResponse>;
  };
  withDeadline<R>(deadline: number, run: () => Promise<R>): Promise<R>;
}

/** One version of the worker in its Temporal worker deployment. */
export interface Build {
  deploymentName: string;
  buildId: string;
}

/** A worker that asks for workflow tasks, or did a few minutes ago. */
export interface Poller {
  identity: string;
  /** undefined: unversioned. */
  build: Build | undefined;
  lastSeenMs: number;
}

/** Who asks for the workflow tasks of a task queue, and who would get one. */
export interface TaskQueueView {
  pollers: readonly Poller[];
  /** undefined: unversioned workers get the tasks. */
  current: Build | undefined;
  /** Who gets a share of them besides; undefined: nobody. */
  ramping: Build | 'unversioned' | undefined;
}

/**
 * Looks at a task queue as Temporal knows it now; undefined where we may not ask.
 * @throws when Temporal does not answer in time
 */
export async function describeTaskQueue(
  connection: QueueConnection,
  queue: { namespace: string; taskQueue: string },
  timeoutMs: number,
): Promise<TaskQueueView | undefined> {
  const request: DescribeTaskQueue = {
    namespace: queue.namespace,
    taskQueue: { name: queue.taskQueue },
    taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  };
  const describe = () => connection.workflowService.describeTaskQueue(request);
  try {
    const { pollers, versioningInfo } = await connection.withDeadline(Date.now() + timeoutMs, describe);
    const percentage = versioningInfo?.rampingVersionPercentage ?? 0;
    return {
      pollers: (pollers ?? []).map(toPoller),
      current: toBuild(versioningInfo?.currentDeploymentVersion),
      ramping: percentage > 0 ? (toBuild(versioningInfo?.rampingDeploymentVersion) ?? 'unversioned') : undefined,
    };
  } catch (error) {
    if (hasGrpcCode(error, grpcCodes.permissionDenied)) return undefined;
    throw error;
  }
}

function toPoller(poller: proto.temporal.api.taskqueue.v1.IPollerInfo): Poller {
  const { identity, lastAccessTime, deploymentOptions } = poller;
  const versioned = deploymentOptions?.workerVersioningMode === WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED;
  return {
    identity: identity ?? '',
    build: versioned ? toBuild(deploymentOptions) : undefined,
    lastSeenMs: Number(lastAccessTime?.seconds ?? 0) * 1000,
  };
}

function toBuild(version: { deploymentName?: string | null; buildId?: string | null } | null | undefined) {
  const { deploymentName, buildId } = version ?? {};
  return deploymentName && buildId ? { deploymentName, buildId } : undefined;
}
