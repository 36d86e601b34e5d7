import { TemporalFailure } from '@temporalio/workflow';
import type { StepStopped } from '../domain/life/step-outcomes.ts';

/** The step's own word that it ended without its work done. */
export function isStopped(outcome: unknown): outcome is StepStopped {
  return typeof outcome === 'object' && outcome !== null && 'kind' in outcome && outcome.kind === 'stopped';
}

/**
 * The outcome of a short step; one that broke in each of its attempts is as one that reached nobody. We cancel none: one
 * that ends as cancelled was failed so by somebody's hand.
 */
export async function orBroken<Outcome>(step: Promise<Outcome>): Promise<Outcome | StepStopped> {
  try {
    return await step;
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    const message = `The step broke in each of its attempts: ${(error.cause ?? error).name}; see the worker's log`;
    return { kind: 'stopped', reason: 'Unreachable', message };
  }
}
