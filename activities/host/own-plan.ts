import type { Secret } from '../../api/core.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { BoundHost, WrittenPlan } from '../../domain/life/machine-life.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { reportsBoot } from '../../domain/plan/boot-report.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { readStandingAnswer } from './plan-answer.ts';
import { pendingPlan } from './plan-writer.ts';

/**
 * The plan of this machine that stands in the host's Secret, with its answer: a run that begins anew shows no waiting
 * for what the host has said already.
 */
export async function findOwnPlan(
  deps: ActivityDependencies,
  ref: MachineRef,
  host: BoundHost,
  { plan: recorded }: HostView,
  secret: Secret | undefined,
): Promise<WrittenPlan | null> {
  if (secret === undefined) return null;
  const { planAttempt = '', planChecksum: checksum } = viewPlanSecret(secret);
  const standing = parseAttemptId(planAttempt);
  // A host can write any plan and number there, and not the record on its inventory.
  if (standing === undefined || standing.uid !== ref.uid || recorded?.attemptId !== planAttempt) return null;
  const { planType, attempt, claim } = standing;
  if (planType === 'validate') return null;
  const { reprovisionDeadlineMs, cleanDeadlineMs } = deps.policy;
  const deadlineMs = planType === 'clean' ? cleanDeadlineMs : reprovisionDeadlineMs;
  const written = { attempt, checksum, ...(claim !== undefined && { claim }) };
  const reports = planType !== 'clean' && reportsBoot(Buffer.from(secret.data['plan'] ?? '', 'base64'));
  const plan = {
    ...pendingPlan({ planType }, written, deadlineMs, null),
    ...(reports && { reportsBoot: true as const }),
  };
  const answer = await readStandingAnswer(deps.reader, secret, { checksum, attemptId: planAttempt }, host.inventory);
  return answer === undefined ? plan : { ...plan, progress: answer };
}
