import type { HostView } from '../inputs/host-view.ts';
import { parseAttemptId } from '../plan/attempt.ts';
import { type PlanSecretView, readPlanResult } from '../plan/secret.ts';
import { attemptOf, type SlotHolder } from './holders.ts';

/** The host of a holder, as it is now. undefined: not there. */
export interface HostEvidence {
  host: HostView | undefined;
  secret: PlanSecretView | undefined;
}

/**
 * What the world says of a slot that is taken for a plan. `busy`: the host has not answered. `over`: it has, or nobody can
 * expect an answer any more. `unwritten`: the plan does not stand there (yet): the step that took the slot writes it within
 * its time, or never.
 */
export type Occupation = 'busy' | 'over' | 'unwritten';

/**
 * Whether the host is still at what its machine took a slot for. A clean plan that replaced it does not end that: the host
 * comes to it when it is done with the other, and its answer says so. A host that was let go, or is not there any more, will
 * never answer: it was given up.
 */
export function judgeOccupation(holder: SlotHolder, { host, secret }: HostEvidence): Occupation {
  if (host?.owner?.uid !== holder.uid) return 'over';
  // Its run has taken the answer in: the agent may lose it at the next reboot.
  const isNoted = holder.plan !== null && host.plan?.attemptId === attemptOf(holder);
  if (isNoted && (host.allocationState === 'Allocated' || host.allocationState === 'Unavailable')) return 'over';
  // elemental-operator names it for as long as there is one.
  if (host.planSecretName === undefined) return 'busy';
  if (secret === undefined) return 'over';
  const standing = standingPlan(holder.uid, secret);
  if (standing === undefined) return 'unwritten';
  if (!standing.answered) return 'busy';
  const { planAttempt } = secret;
  const own = planAttempt === attemptOf(holder);
  const cleaned = standing.planType === 'clean' && host.plan?.attemptId === planAttempt;
  return own || cleaned ? 'over' : 'unwritten';
}

/** The machine's own plan that stands in the Secret, and whether the host has answered it; undefined: there is none. */
export function standingPlan(
  uid: string,
  secret: PlanSecretView,
): { planType: string; attempt: number; answered: boolean } | undefined {
  const attemptId = secret.planAttempt ?? '';
  const attempt = parseAttemptId(attemptId);
  if (attempt?.uid !== uid) return undefined;
  const answered = readPlanResult(secret, { checksum: secret.planChecksum, attemptId }).kind !== 'running';
  return { planType: attempt.planType, attempt: attempt.attempt, answered };
}

/** A reprovision plan that its machine wrote stands there without an answer: it counts, whoever allowed it. */
export function isAtReprovision({ host, secret }: HostEvidence): boolean {
  if (host?.owner === undefined || host.owner.uid === '' || secret === undefined) return false;
  const standing = standingPlan(host.owner.uid, secret);
  return standing?.planType === 'reprovision' && !standing.answered;
}

/**
 * Whether a step of the machine may write this attempt by the slot: it is granted and not taken yet, taken for this attempt,
 * or taken for one that the host is still at, which another one then replaces.
 */
export function coversAttempt(holder: SlotHolder, attemptId: string, secret: PlanSecretView): boolean {
  if (holder.plan === null || attemptOf(holder) === attemptId) return true;
  return secret.planAttempt === attemptOf(holder) && standingPlan(holder.uid, secret)?.answered === false;
}
