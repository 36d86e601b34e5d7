import type { Secret } from '../../api/core.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { explainFailure } from '../../domain/plan/failure-output.ts';
import type { PlanProgress } from '../../domain/life/machine-life.ts';
import { readPlanResult, viewPlanSecret } from '../../domain/plan/secret.ts';

/** What a host said, or what became of its Secret. */
export type StandingAnswer = Exclude<PlanProgress, { kind: 'pending' | 'timedOut' }>;

/** What stands in a host's plan Secret about an attempt of ours; undefined while the host is at it. */
export function readStandingAnswer(
  secret: Secret | undefined,
  expected: { checksum: string; attemptId: string },
): StandingAnswer | undefined {
  if (secret === undefined) return { kind: 'secretMissing' };
  const result = readPlanResult(viewPlanSecret(secret), expected);
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
