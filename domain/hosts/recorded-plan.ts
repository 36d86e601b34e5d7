import type { HostView } from '../inputs/host-view.ts';
import { parseAttemptId, type PlanAttempt } from '../plan/attempt.ts';
import { type PlanSecretView, readPlanResult } from '../plan/secret.ts';

/** The plan that a host's inventory records, and what the plan Secret says to it. */
export interface RecordedPlan {
  /** undefined: the record names no attempt of ours. */
  attempt: PlanAttempt | undefined;
  /**
   * `taken`: another plan stands in the Secret, or it is about to be written. `unknown`: nobody has looked.
   */
  result: 'running' | 'applied' | 'failed' | 'taken' | 'secretMissing' | 'unknown';
}

/** A plan Secret; undefined: it is not there. `unread`: nobody has looked. */
export type SecretSight = PlanSecretView | 'unread' | undefined;

/** undefined: no plan is recorded. */
export function readRecordedPlan({ plan }: Pick<HostView, 'plan'>, secret: SecretSight): RecordedPlan | undefined {
  if (plan === undefined) return undefined;
  const attempt = parseAttemptId(plan.attemptId);
  if (secret === undefined) return { attempt, result: 'secretMissing' };
  return { attempt, result: secret === 'unread' ? 'unknown' : readPlanResult(secret, plan).kind };
}
