import { CompleteAsyncError } from '@temporalio/activity';
import { secrets } from '../api/resources.ts';
import { assertNever } from '../domain/assert-never.ts';
import type { BoundHost, PlanAnswer, WrittenPlan } from '../domain/machine-life.ts';
import type { MachineRef } from '../domain/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/machine-status.ts';
import { explainFailure } from '../domain/failure-output.ts';
import { attemptId } from '../domain/plan-attempt.ts';
import { readPlanResult, viewPlanSecret } from '../domain/plan-secret.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { startFence } from './fence.ts';
import { findMachine, publishDesiredStatus } from './publish-status.ts';

/**
 * Says on the object that the host is waited for, reads the plan Secret once, and, while the host is still at it,
 * leaves the answer to the bridge, which completes this activity by workflow id and activity id. A run that was begun
 * anew may find a failure that the object tells of already: then it shows no waiting in between.
 */
export function createAwaitPlanResult(deps: ActivityDependencies) {
  return async function awaitPlanResult(input: {
    machine: MachineRef;
    host: BoundHost;
    plan: WrittenPlan;
    status: NumberedStatus;
  }): Promise<PlanAnswer> {
    const { machine } = input;
    const fence = startFence();
    const answer = await readAnswer(deps, input);
    const told =
      answer !== undefined &&
      answer.kind !== 'applied' &&
      (await findMachine(deps, machine))?.status?.phase === 'Failed';
    if (!told) await publishDesiredStatus(deps, fence, machine, input.status);
    if (answer === undefined) throw new CompleteAsyncError();
    return answer;
  };
}

/** What stands in the Secret; undefined while the host is at it. */
async function readAnswer(
  deps: ActivityDependencies,
  { machine, host, plan }: { machine: MachineRef; host: BoundHost; plan: WrittenPlan },
): Promise<PlanAnswer | undefined> {
  const secret = await deps.kube.find(secrets, { namespace: machine.namespace, name: host.planSecret });
  if (secret === undefined) return { kind: 'secretMissing' };
  const id = attemptId({ uid: machine.uid, planType: plan.type, attempt: plan.attempt });
  const result = readPlanResult(viewPlanSecret(secret), { checksum: plan.checksum, attemptId: id });
  switch (result.kind) {
    case 'applied':
    case 'taken':
      return { kind: result.kind };
    case 'failed':
      return { kind: 'failed', message: explainFailure(secret.data['failed-output']).message };
    case 'running':
      return undefined;
    default:
      return assertNever(result);
  }
}
