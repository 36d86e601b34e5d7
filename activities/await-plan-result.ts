import { CompleteAsyncError } from '@temporalio/activity';
import { secrets } from '../api/resources.ts';
import type { BoundHost, PlanAnswer, WrittenPlan } from '../domain/machine-life.ts';
import type { MachineRef } from '../domain/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/machine-status.ts';
import { explainFailure } from '../domain/failure-output.ts';
import { attemptId } from '../domain/plan-attempt.ts';
import { readPlanResult, viewPlanSecret } from '../domain/plan-secret.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { startFence } from './fence.ts';
import { publishDesiredStatus } from './publish-status.ts';

/**
 * Reads the plan Secret once. While the host is still at it, says so on the object and leaves the answer to the bridge,
 * which completes this activity by workflow id and activity id. A run that was begun anew finds an old answer at once,
 * and the object shows no waiting in between.
 */
export function createAwaitPlanResult(deps: ActivityDependencies) {
  return async function awaitPlanResult(input: {
    machine: MachineRef;
    host: BoundHost;
    plan: WrittenPlan;
    status: NumberedStatus;
  }): Promise<PlanAnswer> {
    const { machine, host, plan } = input;
    const fence = startFence();
    const secret = await deps.kube.find(secrets, { namespace: machine.namespace, name: host.planSecret });
    if (secret === undefined) return { kind: 'secretMissing' };
    const id = attemptId({ uid: machine.uid, planType: plan.type, attempt: plan.attempt });
    const result = readPlanResult(viewPlanSecret(secret), { checksum: plan.checksum, attemptId: id });
    switch (result.kind) {
      case 'applied':
        return { kind: 'applied' };
      case 'failed':
        return { kind: 'failed', message: explainFailure(secret.data['failed-output']).message };
      case 'taken':
        return { kind: 'taken' };
      case 'running':
        await publishDesiredStatus(deps, fence, machine, input.status);
        throw new CompleteAsyncError();
    }
  };
}
