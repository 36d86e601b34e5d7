import { CompleteAsyncError } from '@temporalio/activity';
import { secrets } from '../api/resources.ts';
import type { BoundHost, PlanAnswer, WrittenPlan } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/machine-status.ts';
import { attemptId } from '../domain/plan/attempt.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { startFence } from './step/fence.ts';
import { readStandingAnswer } from './host/plan-answer.ts';
import { publishDesiredStatus } from './publish-status.ts';

/**
 * Says on the object that the host is waited for, reads the plan Secret once, and, while the host is still at it,
 * leaves the answer to the bridge, which completes this activity by workflow id and activity id.
 */
export function createAwaitPlanResult(deps: ActivityDependencies) {
  return async function awaitPlanResult(input: {
    machine: MachineRef;
    host: BoundHost;
    plan: WrittenPlan;
    status: NumberedStatus;
  }): Promise<PlanAnswer> {
    const { machine, host, plan } = input;
    await publishDesiredStatus(deps, startFence(), machine, input.status);
    const secret = await deps.kube.find(secrets, { namespace: machine.namespace, name: host.planSecret });
    const id = attemptId({ uid: machine.uid, planType: plan.type, attempt: plan.attempt });
    const answer = readStandingAnswer(secret, { checksum: plan.checksum, attemptId: id });
    if (answer === undefined) throw new CompleteAsyncError();
    return answer;
  };
}
