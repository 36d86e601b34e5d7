import { ApplicationFailure, CompleteAsyncError } from '@temporalio/activity';
import { secrets } from '../api/resources.ts';
import type { BoundHost, PlanAnswer, WrittenPlan } from '../domain/life/machine-life.ts';
import { PLAN_NOT_APPLIED, tellNotApplied } from '../domain/life/plan-answer.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/status/machine-status.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { startFence } from './step/fence.ts';
import { findReadable } from './step/unreadable.ts';
import { attemptIdOf, readStandingAnswer } from './host/plan-answer.ts';
import { publishUnlessRefused } from './publish-status.ts';

/**
 * Says on the object that the host is waited for where that is not said yet, reads the plan Secret once, and, while the
 * host is still at it, leaves the answer to the bridge, which completes this activity by workflow id and activity id.
 */
export function createAwaitPlanResult(deps: ActivityDependencies) {
  return async function awaitPlanResult(input: {
    machine: MachineRef;
    host: BoundHost;
    plan: WrittenPlan;
    /** Absent: the step that wrote the plan wrote it. */
    status?: NumberedStatus;
  }): Promise<PlanAnswer> {
    const { machine, host, plan } = input;
    if (input.status !== undefined) await publishUnlessRefused(deps, startFence(), machine, input.status);
    const secret = await findReadable(deps, secrets, { namespace: machine.namespace, name: host.planSecret });
    const expected = { checksum: plan.checksum, attemptId: attemptIdOf(machine, plan) };
    const answer = await readStandingAnswer(deps.reader, secret, expected, host.inventory);
    if (answer === undefined) throw new CompleteAsyncError();
    const message = tellNotApplied(answer);
    if (message === undefined) return answer;
    // Nothing of ours failed: no warning.
    throw ApplicationFailure.create({
      type: PLAN_NOT_APPLIED,
      message,
      details: [answer],
      nonRetryable: true,
      category: 'BENIGN',
    });
  };
}
