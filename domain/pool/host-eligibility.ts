import type { HostView } from '../inputs/host-view.ts';

/** Why a host that exists cannot be claimed, most telling first. */
export const hostProblemReasons = [
  'deleting',
  'takenBySelector',
  'quarantined',
  'owned',
  'inUse',
  'inAnotherPool',
  'namedByMachine',
  'planSecretMissing',
  'storageUnprepared',
  'notReady',
] as const;
export type HostProblemReason = (typeof hostProblemReasons)[number];

export interface HostProblem {
  reason: HostProblemReason;
  /** A sentence part for people; follows the name of the host. */
  message: string;
}

/** What eligibility needs to know beside the host itself. */
export interface HostContext {
  /** The pool on whose behalf is asked. */
  poolName: string;
  /** The Secret that `host.planSecretName` names exists. */
  planSecretExists: boolean;
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
  return useProblem(host, context) ?? hardwareProblem(host, context);
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
  if (host.storageUnprepared) return { reason: 'storageUnprepared', message: 'has storage that is not prepared' };
  if (!host.ready) return { reason: 'notReady', message: 'is not Ready' };
  return undefined;
}
