import { assertNever } from '../assert-never.ts';
import type { PlanAnswer } from './machine-life.ts';

/** `type` of the failure with which the wait for a plan ends that was not applied: in the Temporal UI its bar is red and says why. */
export const PLAN_NOT_APPLIED = 'PlanNotApplied';

/** What the bar of a wait says that ends with this answer; undefined: it ends well, or goes on. */
export function tellNotApplied(answer: PlanAnswer): string | undefined {
  switch (answer.kind) {
    case 'applied':
    case 'lookAgain':
      return undefined;
    case 'failed':
      return answer.message;
    case 'secretMissing':
      return "The host's plan Secret is gone";
    case 'taken':
      return "Somebody else's plan stands in the host's plan Secret";
    default:
      return assertNever(answer);
  }
}

interface Failure {
  type?: string | null | undefined;
  details?: readonly unknown[] | null | undefined;
}

/** The answer that a failure holds; undefined: the wait itself broke. Whoever reaches Temporal can make one up. */
export function readNotApplied({ type, details }: Failure): PlanAnswer | undefined {
  const answer = type === PLAN_NOT_APPLIED ? details?.[0] : undefined;
  return isPlanAnswer(answer) ? answer : undefined;
}

/** Whether a value that completed the wait for a plan is an answer. */
export function isPlanAnswer(value: unknown): value is PlanAnswer {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  switch (value.kind) {
    case 'applied':
    case 'secretMissing':
    case 'taken':
    case 'lookAgain':
      return true;
    case 'failed':
      return 'message' in value && typeof value.message === 'string';
    default:
      return false;
  }
}
