import type proto from '@temporalio/proto';
import type { Build } from '../runtime/temporal/task-queue.ts';

type DeploymentInfo = proto.temporal.api.deployment.v1.IWorkerDeploymentInfo;

/** How a build stands in its Temporal worker deployment. */
export type Standing =
  | { kind: 'current' }
  /** Nobody is current, or a build that Temporal has known for longer. */
  | { kind: 'mayFollow'; current: string | undefined }
  /** The build that is current came after this one. */
  | { kind: 'older'; current: string }
  /** It was current, or got a share, before: somebody decided otherwise since. */
  | { kind: 'replaced'; current: string | undefined }
  /** Only this identity may change what is current. */
  | { kind: 'managed'; manager: string }
  /** Temporal has not heard of this build yet. */
  | { kind: 'unknownYet' };

/** Says how a build stands in the deployment as Temporal describes it; undefined: there is none yet. */
export function judgeStanding({ buildId }: Build, info: DeploymentInfo | null | undefined): Standing {
  const current = info?.routingConfig?.currentDeploymentVersion?.buildId || undefined;
  if (current === buildId) return { kind: 'current' };
  const summary = summaryOf(info, buildId);
  const ours = toNanoseconds(summary?.createTime);
  if (ours === undefined) return { kind: 'unknownYet' };
  if (info?.managerIdentity) return { kind: 'managed', manager: info.managerIdentity };
  if (summary?.lastCurrentTime || summary?.firstActivationTime) return { kind: 'replaced', current };
  if (current === undefined) return { kind: 'mayFollow', current };
  const theirs = toNanoseconds(summaryOf(info, current)?.createTime);
  return theirs !== undefined && theirs < ours ? { kind: 'mayFollow', current } : { kind: 'older', current };
}

function summaryOf(info: DeploymentInfo | null | undefined, buildId: string) {
  return info?.versionSummaries?.find(({ deploymentVersion }) => deploymentVersion?.buildId === buildId);
}

function toNanoseconds(time: proto.google.protobuf.ITimestamp | null | undefined): bigint | undefined {
  if (time?.seconds === undefined || time.seconds === null) return undefined;
  return BigInt(String(time.seconds)) * 1_000_000_000n + BigInt(time.nanos ?? 0);
}
