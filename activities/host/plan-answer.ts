import type { Secret } from '../../api/core.ts';
import { assertNever } from '../../domain/assert-never.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { tellFailure } from '../../domain/plan/failure-output.ts';
import type { PlanProgress, WrittenPlan } from '../../domain/life/machine-life.ts';
import { attemptId, parseAttemptId } from '../../domain/plan/attempt.ts';
import { readPlanResult, viewPlanSecret } from '../../domain/plan/secret.ts';
import type { Reader } from '../../reading/reader.ts';

/** What a host said, or what became of its Secret. */
export type StandingAnswer = Exclude<PlanProgress, { kind: 'pending' | 'timedOut' }>;

/** What stands in a host's plan Secret about an attempt of ours; undefined while the host, the named inventory, is at it. */
export async function readStandingAnswer(
  reader: Pick<Reader, 'failure'>,
  secret: Secret | undefined,
  expected: { checksum: string; attemptId: string },
  host: string,
): Promise<StandingAnswer | undefined> {
  if (secret === undefined) return { kind: 'secretMissing' };
  const result = readPlanResult(viewPlanSecret(secret), expected);
  switch (result.kind) {
    case 'applied':
    case 'taken':
      return { kind: result.kind };
    case 'failed':
      return {
        kind: 'failed',
        message: tellFailure(await reader.failure(secret.data['failed-output']), { ...secret.metadata, name: host }),
      };
    case 'running':
      return undefined;
    default:
      return assertNever(result);
  }
}

/** How the plan that the run waited for stands by the Secret's own word; a plan that the run cannot name, by the record. */
export async function findStandingProgress(
  reader: Pick<Reader, 'failure'>,
  secret: Secret | undefined,
  machine: MachineRef,
  plan: WrittenPlan | undefined,
  { plan: recorded, name }: Pick<HostView, 'plan' | 'name'>,
): Promise<PlanProgress> {
  if (secret === undefined) return { kind: 'secretMissing' };
  // It was never written, because somebody else's stood there.
  if (plan?.checksum === '') return { kind: holdsForeignPlan(secret, machine) ? 'taken' : 'pending' };
  const expected = plan === undefined ? recorded : { checksum: plan.checksum, attemptId: attemptIdOf(machine, plan) };
  if (expected === undefined) return { kind: 'taken' };
  return (await readStandingAnswer(reader, secret, expected, name)) ?? { kind: 'pending' };
}

/** A plan that is written stands first in the host's record, and stays there until the host is given back. */
export function wasWritten(
  plan: WrittenPlan,
  machine: MachineRef,
  { plan: recorded }: Pick<HostView, 'plan'>,
): boolean {
  // It could not be written, and is known not to be.
  if (plan.checksum === '') return true;
  return recorded?.checksum === plan.checksum && recorded.attemptId === attemptIdOf(machine, plan);
}

function holdsForeignPlan(secret: Secret, machine: MachineRef): boolean {
  const { foreignPlanType, isEmpty, planAttempt = '' } = viewPlanSecret(secret);
  return foreignPlanType !== undefined || (!isEmpty && parseAttemptId(planAttempt)?.uid !== machine.uid);
}

/** The id under which a plan of the machine was written. */
export function attemptIdOf({ uid }: MachineRef, { type, attempt, claim }: WrittenPlan): string {
  return attemptId({ uid, planType: type, attempt, claim });
}
