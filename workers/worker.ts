import { type NativeConnection, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { createActivities, type GivenDependencies } from '../activities/index.ts';
import type { Build } from '../runtime/temporal/task-queue.ts';
import type { LifeMeter } from '../domain/life/meter.ts';
import { journalInterceptors } from './journal-interceptor.ts';
import { lifeSinks } from './meters.ts';
import { deploymentOptions } from './deployment.ts';

export interface MachineWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  activities: GivenDependencies;
  meter: LifeMeter;
  workflowBundle: WorkflowBundleOption;
  /** undefined: unversioned. */
  build: Build | undefined;
  /** By this Temporal knows it; another one for each process that ever runs. */
  identity: string;
}

/**
 * Runs that stay in memory between two events. Each costs about 0.1 MiB; one that is not kept is replayed, in about 15
 * ms, when something happens to it. Machines at rest are not worth the SDK's default, thousands on a large machine.
 */
const MAX_CACHED_RUNS = 240;

/**
 * Tasks at a time, with the looks that are done within them (ADR 38). Two cores do some twenty a second: with more of them under
 * way each takes so long that it would outlive its five seconds, and be done twice.
 */
const MAX_TASKS = 40;

/** The worker that serves every machine's run. Any number of them may serve one task queue. */
export function createMachineWorker(options: MachineWorkerOptions): Promise<Worker> {
  const { connection, namespace, taskQueue, workflowBundle, build, identity } = options;
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    identity,
    workflowBundle,
    maxCachedWorkflows: MAX_CACHED_RUNS,
    maxConcurrentWorkflowTaskExecutions: MAX_TASKS,
    activities: createActivities(options.activities),
    interceptors: journalInterceptors(options.activities.journal),
    sinks: lifeSinks(options.meter),
    ...(build !== undefined && { workerDeploymentOptions: deploymentOptions(build) }),
    // Activities are short; one that still runs after this is retried elsewhere.
    shutdownGraceTime: '5s',
    shutdownForceTime: '8s',
  });
}
