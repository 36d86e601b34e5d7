import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection, WorkerDeploymentOptions } from '@temporalio/worker';
import { createBackoff } from '../runtime/backoff.ts';
import type { Logger } from '../runtime/logger.ts';

/** A build of the worker among those of its Temporal worker deployment, which is called as the task queue. */
export interface WorkerBuild {
  deploymentName: string;
  buildId: string;
}

/**
 * Makes the worker a version of its deployment. Runs live for years and move on to the version that is current: workflow
 * code changes under `patched()` only, and recorded histories are replayed before a release.
 */
export function deploymentOptions(version: WorkerBuild): WorkerDeploymentOptions {
  return { useWorkerVersioning: true, version, defaultVersioningBehavior: 'AUTO_UPGRADE' };
}

const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const ABORTED = 10;

/**
 * Makes this build the current one of a deployment that has none: without one no versioned worker gets any task. Which
 * build follows is the operator's decision. Ends when the deployment has a current version.
 * @throws the signal's reason, or AbortError; what Temporal answers to a call that it will never take
 */
export async function ensureCurrentVersion(
  connection: NativeConnection,
  namespace: string,
  build: WorkerBuild,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<void> {
  const backoff = createBackoff({ initialMs: 250, maxMs: 10_000 });
  const { deploymentName, buildId } = build;
  for (;;) {
    signal.throwIfAborted();
    try {
      const service = connection.workflowService;
      const { conflictToken, workerDeploymentInfo } = await service.describeWorkerDeployment({
        namespace,
        deploymentName,
      });
      const current = workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
      if (current === buildId) return;
      if (current) {
        const advice = `temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId}`;
        logger.warn({ build, current, advice }, 'Another build is current: this one gets no workflow task until then');
        return;
      }
      await service.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId, conflictToken });
      logger.info({ build }, 'Made this build the current version of a deployment that had none');
      return;
    } catch (error) {
      // The server learns of a deployment and of its versions from their pollers, a moment later.
      const early = isGrpcServiceError(error) && [NOT_FOUND, FAILED_PRECONDITION, ABORTED].includes(error.code);
      if (!early) throw error;
    }
    await backoff.wait(signal);
  }
}
