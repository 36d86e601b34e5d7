import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection, WorkerDeploymentOptions } from '@temporalio/worker';
import { createBackoff } from '../runtime/backoff.ts';
import type { Logger } from '../runtime/logger.ts';
import { CALL_TIMEOUT_MS, grpcCodes } from '../runtime/temporal/connection.ts';
import type { Build } from '../runtime/temporal/task-queue.ts';
import { judgeStanding, type Standing } from './standing.ts';

/**
 * Makes the worker a version of its deployment. Runs live for years and move on to the version that is current: workflow
 * code changes under `patched()` only, and recorded histories are replayed before a release.
 */
export function deploymentOptions(version: Build): WorkerDeploymentOptions {
  return { useWorkerVersioning: true, version, defaultVersioningBehavior: 'AUTO_UPGRADE' };
}

export interface Succession {
  connection: NativeConnection;
  namespace: string;
  build: Build;
  /** Whether the open runs can go on with this build; tried again when it rejects. */
  canTakeOver: () => Promise<boolean>;
  logger: Logger;
  signal: AbortSignal;
}

const { deadlineExceeded, notFound, failedPrecondition, aborted, unavailable } = grpcCodes;
const passing = [deadlineExceeded, notFound, failedPrecondition, aborted, unavailable];

/** Runs change: those that this build could not go on with may be gone by then. */
const CHECK_AGAIN = { initialMs: 15_000, maxMs: 5 * 60_000 };

/**
 * Makes this build the current one of its deployment once the open runs can go on with it: so a Deployment that is rolled
 * out needs no command. It follows only builds that Temporal knew before it: a worker of the old one that starts again in
 * the middle of a rollout does not take the tasks back, and going back stays an operator's decision. Ends when there is
 * nothing left to do.
 * @throws the signal's reason, or AbortError; what Temporal answers to a call that it will never take
 */
export async function becomeCurrent(succession: Succession): Promise<void> {
  const { build, canTakeOver, logger, signal } = succession;
  const backoff = createBackoff({ initialMs: 250, maxMs: 10_000 });
  const checkAgain = createBackoff(CHECK_AGAIN);
  let checked = false;
  for (;;) {
    signal.throwIfAborted();
    const { standing, conflictToken } = await lookUp(succession);
    if (standing.kind === 'mayFollow') {
      checked ||= await canTakeOver().catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ err: error, build }, 'Could not look whether open runs can go on');
        return false;
      });
      if (!checked) {
        await checkAgain.wait(signal);
        continue;
      }
      if (await setCurrent(succession, conflictToken)) {
        logger.info({ build, before: standing.current }, 'Made this build the current version of its deployment');
        return;
      }
    } else if (standing.kind !== 'unknownYet') {
      sayWhy(standing, succession);
      return;
    }
    await backoff.wait(signal);
  }
}

function sayWhy(standing: Standing, { build, logger }: Succession): void {
  const { deploymentName, buildId } = build;
  const advice = `temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId}`;
  if (standing.kind === 'older') {
    const { current } = standing;
    logger.warn(
      { build, current, advice },
      'A younger build is current: this one gets no task until an operator says so',
    );
  }
  if (standing.kind === 'managed') {
    logger.warn({ build, manager: standing.manager, advice }, 'Somebody else decides which build is current');
  }
}

async function lookUp({ connection, namespace, build }: Succession) {
  const { deploymentName } = build;
  const describe = () => connection.workflowService.describeWorkerDeployment({ namespace, deploymentName });
  const found = await unlessEarly(() => connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, describe));
  return { standing: judgeStanding(build, found?.workerDeploymentInfo), conflictToken: found?.conflictToken };
}

async function setCurrent(
  { connection, namespace, build }: Succession,
  conflictToken: Uint8Array | null | undefined,
): Promise<boolean> {
  const request = { namespace, ...build, ...(conflictToken && { conflictToken }) };
  const set = () => connection.workflowService.setWorkerDeploymentCurrentVersion(request);
  const answer = await unlessEarly(() => connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, set));
  return answer !== undefined;
}

/** undefined: the server learns of a deployment and of its versions from their pollers, a moment later; or it is away. */
async function unlessEarly<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isGrpcServiceError(error) && passing.some((code) => code === Number(error.code))) return undefined;
    throw error;
  }
}
