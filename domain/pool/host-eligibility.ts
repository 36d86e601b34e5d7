import type { HostView } from '../inputs/host-view.ts';
import { checksProblem, keptProblem } from './acceptance.ts';

/** Why a host that exists cannot be claimed, most telling first. */
export const hostProblemReasons = [
  'deleting',
  'takenBySelector',
  'quarantined',
  'owned',
  'validating',
  'notAccepted',
  'inUse',
  'inAnotherPool',
  'namedByMachine',
  'planSecretMissing',
  'foreignPlan',
  'refusesWrites',
  'storageBusy',
  'storageUnprepared',
  'notReady',
] as const;
export type HostProblemReason = (typeof hostProblemReasons)[number];

export interface HostProblem {
  reason: HostProblemReason;
  /** A sentence part for people; follows the name of the host. */
  message: string;
}

/** What is known of the plan Secret of a host beyond that it exists. */
export interface PlanSecretFacts {
  /** Somebody else's kind of plan, see `foreignPlanTypeOf`. */
  foreignPlanType: string | undefined;
  /** Unknown where only metadata is kept; a claim reads it live. */
  immutable?: boolean;
}

/** What eligibility needs to know beside the host itself. */
export interface HostContext {
  /** The pool on whose behalf is asked. */
  poolName: string;
  /** The Secret that `host.planSecretName` names exists. */
  planSecretExists: boolean;
  /** What is known of that Secret; asked again with the live Secret right before a claim. */
  planSecret?: PlanSecretFacts | undefined;
  /** Hash of the checks that its pool asks for; undefined: none. */
  acceptance?: string | undefined;
  /** The API server refused, in these words, the last write to the host. */
  refusal?: string | undefined;
  /** Another pool names a host without `pool` annotation and goes first, see `findOwningPool`. */
  claimedByOtherPool: boolean;
  /** The `spec.providerID` of some machine names the host (system.md section 3, after a move). */
  namedByProviderId: boolean;
}

/** The first rule of eligibility (system.md section 3.1) that the host breaks, or undefined if it can be claimed. */
export function hostProblem(host: HostView, context: HostContext): HostProblem | undefined {
  if (host.deleting) return { reason: 'deleting', message: 'is being deleted' };
  if (host.takenBySelector) return { reason: 'takenBySelector', message: 'is owned by a MachineInventorySelector' };
  if (host.quarantined) return { reason: 'quarantined', message: 'is quarantined until an operator unquarantines it' };
  return useProblem(host, context) ?? hardwareProblem(host, context) ?? checksProblem(host, context.acceptance);
}

/** The host can be claimed for the context's pool. */
export function isEligible(host: HostView, context: HostContext): boolean {
  return hostProblem(host, context) === undefined;
}

function useProblem(host: HostView, context: HostContext): HostProblem | undefined {
  const { owner, allocationState: state } = host;
  if (owner !== undefined) {
    return { reason: 'owned', message: `is used by BaremetalMachine ${owner.baremetalMachine || owner.uid}` };
  }
  const kept = keptProblem(host);
  if (kept !== undefined) return kept;
  if (state !== undefined && state !== 'Available') return { reason: 'inUse', message: `is in state ${state}` };
  if (host.pool !== undefined && host.pool !== context.poolName) {
    return { reason: 'inAnotherPool', message: `belongs to pool ${host.pool}` };
  }
  if (host.pool === undefined && context.claimedByOtherPool) {
    return { reason: 'inAnotherPool', message: 'is named by an older pool, too' };
  }
  if (context.namedByProviderId) {
    return { reason: 'namedByMachine', message: 'is named by the providerID of a machine' };
  }
  return undefined;
}

function hardwareProblem(host: HostView, context: HostContext): HostProblem | undefined {
  if (host.planSecretName === undefined) {
    return { reason: 'planSecretMissing', message: 'has no plan Secret in its status' };
  }
  if (!context.planSecretExists) {
    return { reason: 'planSecretMissing', message: `has lost its plan Secret ${host.planSecretName}` };
  }
  const foreign = context.planSecret?.foreignPlanType;
  if (foreign !== undefined) {
    return { reason: 'foreignPlan', message: `has a ${foreign} plan of somebody else in its plan Secret` };
  }
  const refused = writeObstacle(host, context);
  if (refused !== undefined) return { reason: 'refusesWrites', message: refused };
  if (host.storageBusy) return { reason: 'storageBusy', message: 'has a storage operation in flight' };
  if (host.storageUnprepared) return { reason: 'storageUnprepared', message: 'has storage that is not prepared' };
  if (!host.ready) return { reason: 'notReady', message: 'is not Ready' };
  return undefined;
}

/** Why a plan could not be written to the host, as a sentence part; undefined: nothing is known to refuse it. */
export function writeObstacle(
  host: HostView,
  { planSecret, refusal }: Pick<HostContext, 'planSecret' | 'refusal'>,
): string | undefined {
  if (planSecret?.immutable === true) return 'has an immutable plan Secret';
  if (host.annotationsFull) return 'has annotations that leave no room for ours';
  return refusal === undefined ? undefined : `refuses annotations: ${refusal}`;
}
