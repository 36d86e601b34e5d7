import type { PlanAnswer } from './machine-life.ts';

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
