import type { HostView } from '../inputs/host-view.ts';
import { type PoolView, wantChecks, type WantedChecks } from '../inputs/pool-view.ts';
import { type PlanAttempt, parseAttemptId } from '../plan/attempt.ts';
import { type PlanSecretView, readPlanResult } from '../plan/secret.ts';
import { hasPassed, isKeptByChecks } from '../pool/acceptance.ts';
import { hostProblem } from '../pool/host-eligibility.ts';

/** What decides how a host goes on with the checks of its pool. */
export interface AcceptanceSight {
  host: HostView;
  /** The pool that the host names; undefined: none, or one that cannot be seen. */
  pool: Pick<PoolView, 'name' | 'acceptance'> | undefined;
  /** undefined: it is not there. */
  secret: PlanSecretView | undefined;
  /** A machine's providerID names the host. */
  named: boolean;
  /** The pool's Cluster is paused: another management cluster may be about to take the host over, and nothing new begins. */
  paused: boolean;
  /** How long the host may say nothing. */
  deadlineMs: number;
  /** Wall clock. */
  nowMs: number;
}

export type AcceptanceStep =
  /** Nothing, or nothing until something else changes. */
  | { kind: 'none' }
  | { kind: 'wait'; ms: number }
  /** Take the host out of allocation for another attempt, and give it the plan. */
  | { kind: 'begin'; wanted: WantedChecks }
  /** The attempt is recorded; its plan does not stand in the Secret yet. */
  | { kind: 'write'; wanted: WantedChecks }
  /** The host has answered. */
  | { kind: 'settle'; passed: boolean }
  /** The host has said nothing for too long; an answer counts all the same. */
  | { kind: 'giveUp' };

const none: AcceptanceStep = { kind: 'none' };
/** An agent that carries out a plan passes: what makes a host Ready again whose pool asks for nothing any more. */
const noChecks = wantChecks([]);

/**
 * What is next for a host. Only one that nobody uses, and that could be claimed but for its checks, is taken; one in use
 * keeps what it has passed.
 */
export function nextAcceptanceStep(sight: AcceptanceSight): AcceptanceStep {
  const { host, pool, secret, named, paused } = sight;
  if (paused || host.deleting || host.takenBySelector || host.quarantined || host.owner !== undefined || named)
    return none;
  if (secret === undefined || !isUsable(secret, host)) return none;
  if (isKeptByChecks(host)) return nextOfKept(sight, secret);
  const wanted = pool?.acceptance;
  if (pool === undefined || wanted === undefined || hasPassed(host, wanted.hash)) return none;
  const context = { poolName: pool.name, planSecretExists: true, planSecret: secret };
  const problem = hostProblem(host, { ...context, claimedByOtherPool: false, namedByProviderId: named });
  return problem === undefined && host.pool === pool.name ? { kind: 'begin', wanted } : none;
}

function isUsable(
  { isPlanSecret, controllerUid, foreignPlanType, immutable }: PlanSecretView,
  host: HostView,
): boolean {
  if (!isPlanSecret || foreignPlanType !== undefined || immutable) return false;
  return !host.storageBusy && (controllerUid === undefined || controllerUid === host.uid);
}

function nextOfKept(sight: AcceptanceSight, secret: PlanSecretView): AcceptanceStep {
  const { host, pool } = sight;
  const attempt = attemptOf(host);
  const result = attempt === undefined || host.plan === undefined ? undefined : readPlanResult(secret, host.plan).kind;
  if (result === 'applied') return { kind: 'settle', passed: true };
  const wanted = pool === undefined ? undefined : (pool.acceptance ?? noChecks);
  const isStale = wanted !== undefined && host.acceptance?.checks !== wanted.hash;
  if (result === undefined || attempt?.claim !== secret.uid || isStale) {
    return wanted === undefined ? none : { kind: 'begin', wanted };
  }
  const isValidating = host.acceptance?.state === 'Validating';
  switch (result) {
    case 'running':
      return isValidating ? waitOrGiveUp(sight) : none;
    case 'failed':
      return isValidating || host.acceptance?.results?.timedOut === true ? { kind: 'settle', passed: false } : none;
    case 'taken':
      return isValidating && wanted !== undefined ? { kind: 'write', wanted } : none;
  }
}

function waitOrGiveUp({ host, deadlineMs, nowMs }: AcceptanceSight): AcceptanceStep {
  const sinceMs = Date.parse(host.acceptance?.since ?? '');
  // A time that cannot be read is none.
  const ms = Number.isNaN(sinceMs) ? 0 : sinceMs + deadlineMs - nowMs;
  return ms > 0 ? { kind: 'wait', ms } : { kind: 'giveUp' };
}

/** The attempt of checks that is recorded on the host. */
function attemptOf({ plan, uid }: HostView): PlanAttempt | undefined {
  const attempt = plan === undefined ? undefined : parseAttemptId(plan.attemptId);
  return attempt?.planType === 'validate' && attempt.uid === uid ? attempt : undefined;
}

/** An attempt that no host has seen: what it has seen last stays on its disk, and in its record. */
export function nextValidateAttempt({ uid, plan, acceptance }: HostView, secret: PlanSecretView): PlanAttempt {
  const known = [plan?.attemptId, acceptance?.attempt, secret.planAttempt].flatMap(
    (id) => parseAttemptId(id ?? '') ?? [],
  );
  const numbers = known.filter((attempt) => attempt.uid === uid).map(({ attempt }) => attempt);
  return { uid, planType: 'validate', attempt: Math.max(0, ...numbers) + 1, claim: secret.uid };
}
