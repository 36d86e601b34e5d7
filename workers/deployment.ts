import { isGrpcServiceError } from '@temporalio/client';
import type proto from '@temporalio/proto';
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import { assertNever } from '../domain/assert-never.ts';
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

type Service = proto.temporal.api.workflowservice.v1.WorkflowService;
type Request<Call extends 'describeWorkerDeployment' | 'setWorkerDeploymentCurrentVersion'> = Parameters<
  Service[Call]
>[0];

/** What is used here of `NativeConnection`. */
export interface DeploymentConnection {
  readonly workflowService: {
    describeWorkerDeployment(
      request: Request<'describeWorkerDeployment'>,
    ): Promise<proto.temporal.api.workflowservice.v1.IDescribeWorkerDeploymentResponse>;
    setWorkerDeploymentCurrentVersion(request: Request<'setWorkerDeploymentCurrentVersion'>): Promise<unknown>;
  };
  withDeadline<R>(deadline: number, run: () => Promise<R>): Promise<R>;
}

export interface Succession {
  connection: DeploymentConnection;
  namespace: string;
  build: Build;
  /** Whether the open runs can go on with this build; tried again when it rejects. */
  canTakeOver: () => Promise<boolean>;
  logger: Logger;
  signal: AbortSignal;
}

const { invalidArgument, permissionDenied, unimplemented, unauthenticated } = grpcCodes;
/** What is answered to a call that will never be taken. All else passes: a server whose database is away has many answers. */
const lasting = [invalidArgument, permissionDenied, unimplemented, unauthenticated];

/** Runs change: those that this build could not go on with may be gone by then. */
const CHECK_AGAIN = { initialMs: 15_000, maxMs: 5 * 60_000 };
const LOOK_AGAIN_MS = 30_000;

/**
 * Makes this build the current one of its deployment once the open runs can go on with it: so a Deployment that is rolled
 * out needs no command. A build follows only builds that Temporal knew before it, and once: an old worker that starts
 * again in the middle of a rollout does not take the tasks back, and neither does a new one after an operator went back.
 * Looks on until the signal aborts: a Temporal that lost its data knows of no current build any more.
 * @throws the signal's reason, or AbortError; what Temporal answers to a call that it will never take
 */
export async function becomeCurrent(succession: Succession): Promise<never> {
  const early = createBackoff({ initialMs: 250, maxMs: 10_000 });
  const settled = createBackoff({ initialMs: LOOK_AGAIN_MS, maxMs: LOOK_AGAIN_MS });
  const unfit = createBackoff(CHECK_AGAIN);
  const follow = createFollower(succession);
  let said = '';
  for (;;) {
    succession.signal.throwIfAborted();
    const { standing, conflictToken } = await lookUp(succession);
    const isNews = said !== JSON.stringify(standing);
    said = JSON.stringify(standing);
    switch (standing.kind) {
      case 'unknownYet':
        await early.wait(succession.signal);
        break;
      case 'mayFollow':
        await ((await follow(standing.current, conflictToken)) === 'unfit' ? unfit : early).wait(succession.signal);
        break;
      case 'current':
      case 'managed':
      case 'older':
      case 'replaced':
        if (isNews) sayWhy(standing, succession);
        early.reset();
        await settled.wait(succession.signal);
        break;
      default:
        assertNever(standing);
    }
  }
}

/** Takes over if the open runs can go on with the build, which is found out once. */
function createFollower(succession: Succession) {
  const { build, canTakeOver, logger, signal } = succession;
  let fit = false;
  return async (before: string | undefined, conflictToken: ConflictToken): Promise<'tried' | 'unfit'> => {
    fit ||= await canTakeOver().catch((error: unknown) => {
      if (!signal.aborted) logger.warn({ err: error, build }, 'Could not look whether open runs can go on');
      return false;
    });
    if (!fit) return 'unfit';
    const done = await setCurrent(succession, conflictToken);
    if (done) logger.info({ build, before }, 'Made this build the current version of its deployment');
    return 'tried';
  };
}

type ConflictToken = Uint8Array | null | undefined;

function sayWhy(standing: Standing, { build, logger }: Succession): void {
  const { deploymentName, buildId } = build;
  const advice = `temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId}`;
  const about = { build, standing, advice };
  if (standing.kind === 'older') logger.warn(about, 'A younger build is current: this one waits for an operator');
  if (standing.kind === 'replaced')
    logger.warn(about, 'Another build took over from this one: it waits for an operator');
  if (standing.kind === 'managed') logger.warn(about, 'Somebody else decides which build is current');
}

async function lookUp({ connection, namespace, build }: Succession) {
  const { deploymentName } = build;
  const describe = () => connection.workflowService.describeWorkerDeployment({ namespace, deploymentName });
  const found = await unlessEarly(() => connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, describe));
  return { standing: judgeStanding(build, found?.workerDeploymentInfo), conflictToken: found?.conflictToken };
}

async function setCurrent(
  { connection, namespace, build }: Succession,
  conflictToken: ConflictToken,
): Promise<boolean> {
  const request = { namespace, ...build, ...(conflictToken && { conflictToken }) };
  const set = () => connection.workflowService.setWorkerDeploymentCurrentVersion(request);
  const answer = await unlessEarly(() => connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, set));
  return answer !== undefined;
}

/** undefined: the server learns of a deployment and of its versions from their pollers, a moment later; or it cannot now. */
async function unlessEarly<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!isGrpcServiceError(error) || lasting.some((code) => code === Number(error.code))) throw error;
    return undefined;
  }
}
