import { machineConditionTypes, reasons } from '../../../api/conditions.ts';
import type { BaremetalMachine, BaremetalMachineStatus } from '../../../api/machine.ts';
import { mergeConditions } from '../../conditions.ts';
import { fingerprintSnapshot } from '../../inputs/snapshot-fingerprint.ts';
import { machineWorkflowId } from '../../life/run-id.ts';
import type { DesiredStatus } from './machine-status.ts';

/** null removes a field. */
export type StatusPatch = { [Key in keyof BaremetalMachineStatus]: BaremetalMachineStatus[Key] | null };

/** When the patch is made, and where the machine's run is. */
export interface PatchCircumstances {
  temporalNamespace: string;
  now: Date;
}

/** A merge patch of the whole status of an object as it was read. */
export function toStatusPatch(
  current: BaremetalMachine,
  desired: DesiredStatus,
  circumstances: PatchCircumstances,
): StatusPatch {
  const { temporalNamespace, now } = circumstances;
  const { namespace, name, uid, generation } = current.metadata;
  const before = current.status;
  if (desired.unlooked && before?.phase !== undefined) return toUnlookedPatch(current, before, desired, circumstances);
  const avoided = desired.avoidedInventories ?? before?.avoidedInventories ?? [];
  const wanted = desired.conditions.map((condition) => ({ ...condition, observedGeneration: generation }));
  const provisioned = desired.provisioned || before?.initialization?.provisioned === true;
  return {
    phase: desired.phase ?? before?.phase ?? null,
    ready: provisioned || null,
    initialization: provisioned ? { provisioned } : null,
    machineInventoryRef: desired.inventory === null ? null : { name: desired.inventory },
    avoidedInventories: avoided.length > 0 ? avoided : null,
    pausedByOperator: (desired.pausedByOperator ?? before?.pausedByOperator) || null,
    planSecretRef: desired.planSecret === null ? null : { name: desired.planSecret },
    failureDomain: desired.failureDomain ?? keptOfHost('failureDomain', before, desired),
    awaitedFailureDomain: desired.awaitedFailureDomain ?? null,
    addresses: desired.addresses.length > 0 ? desired.addresses : ((provisioned ? before?.addresses : null) ?? null),
    nodeName: desired.nodeName === undefined ? keptOfHost('nodeName', before, desired) : desired.nodeName,
    lastAppliedPlanChecksum: desired.appliedPlanChecksum ?? before?.lastAppliedPlanChecksum ?? null,
    lastAppliedBootstrapHash: desired.appliedBootstrapHash ?? before?.lastAppliedBootstrapHash ?? null,
    workflow: { namespace: temporalNamespace, workflowID: machineWorkflowId({ namespace, name, uid }) },
    lastOperation: desired.lastOperation ?? before?.lastOperation ?? null,
    writtenBy: before?.writtenBy ?? null,
    observedInputs: fingerprintSnapshot(desired.observed),
    conditions: [...mergeConditions(before?.conditions, wanted, now, machineConditionTypes).conditions],
  };
}

/** A run that took the machine over does not know it, and it holds as long as the host does. */
function keptOfHost(
  field: 'nodeName' | 'failureDomain',
  before: BaremetalMachineStatus | undefined,
  { inventory }: DesiredStatus,
): string | null {
  return before?.machineInventoryRef?.name === inventory ? (before?.[field] ?? null) : null;
}

/**
 * What a run may say of a machine that an earlier run has described, before it has looked itself: whether it is paused, and
 * why it has not looked. Nothing that stands there is taken away, neither that the machine is Ready.
 */
function toUnlookedPatch(
  { metadata }: BaremetalMachine,
  before: BaremetalMachineStatus,
  desired: DesiredStatus,
  { temporalNamespace: namespace, now }: PatchCircumstances,
): StatusPatch {
  const stopped = desired.conditions.filter(({ type, reason }) => type === 'Paused' || haltReasons.includes(reason));
  const isReady = before.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const wanted = stopped
    .filter(({ type }) => type !== 'Ready' || !isReady)
    .map((condition) => ({ ...condition, observedGeneration: metadata.generation }));
  return {
    ...before,
    pausedByOperator: (desired.pausedByOperator ?? before.pausedByOperator) || null,
    workflow: { namespace, workflowID: machineWorkflowId(metadata) },
    lastOperation: desired.lastOperation ?? before.lastOperation ?? null,
    observedInputs: fingerprintSnapshot(desired.observed),
    conditions: [...mergeConditions(before.conditions, wanted, now).conditions],
  };
}

const haltReasons: readonly string[] = [
  reasons.WriteRefused,
  reasons.InventoryUnreadable,
  reasons.Unreachable,
  reasons.Restless,
];
