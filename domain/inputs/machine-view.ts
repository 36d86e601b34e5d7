import { reasons } from '../../api/conditions.ts';
import { annotations, foreign, MACHINE_FINALIZER, type MachinePhase, WORKER_NAME } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { bounded, MAX_NAME, MAX_OPERATION, MAX_TOKEN } from './bounded-text.ts';
import { groupOf, type Preference, preferenceOf } from './preference.ts';
import { findPlanTime } from './plan-time.ts';

/** The small part of a `BaremetalMachine` that bridge and worker keep in memory and decide by. */
export interface MachineView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  /** RFC 3339, seconds; waiting machines are served in this order. */
  creationTimestamp: string;
  deleting: boolean;
  hasFinalizer: boolean;
  /** The object itself carries CAPI's paused annotation. */
  pausedByAnnotation: boolean;
  /** The workflow reported that it is paused, by CAPI or by an operator. */
  reportsPaused: boolean;
  /** clusterctl deletes the object because it lives on elsewhere now. */
  deletedForMove: boolean;
  /** Name of the CAPI Machine that controls the object. */
  ownerMachine: string | undefined;
  clusterName: string | undefined;
  /** Of a control plane. */
  isControlPlane: boolean;
  pool: string;
  preference: Preference;
  providerID: string | undefined;
  phase: MachinePhase | undefined;
  inventory: string | undefined;
  /** `status.planSecretRef.name`: stands there as long as the machine holds a host. */
  planSecret: string | undefined;
  /** Under which name its host registers, as far as the workflow knows. */
  nodeName: string | undefined;
  /** Names of hosts that an operator gave up for this machine. */
  avoidedHosts: readonly string[];
  /** The failure domain from which its host has to come, while it waits for one. undefined: any will do. */
  awaitedFailureDomain: string | undefined;
  /** The workflow reported that it waits for a host (`PoolMissing`, `PoolExhausted` or `FailureDomainExhausted`). */
  waitsForHost: boolean;
  /** The workflow reported that it has all that its plan needs but a slot (`WaitingForSlot`). */
  waitsForSlot: boolean;
  /** The reprovision plan that its host applied. undefined: its status does not tell how long that took. */
  lastPlan: { appliedAtMs: number; tookMs: number } | undefined;
  /** Reason of the condition, where it is False. */
  hostReason: string | undefined;
  bootstrapReason: string | undefined;
  imageReason: string | undefined;
  /** Reason of PlanApplied, where it is False. */
  planReason?: string | undefined;
  /** The reason that whoever asked for the last operation gave, if it was a reboot that was accepted. */
  rebootOrder?: string | undefined;
  /** Reason of the condition Ready, whatever its status; one that no workflow of ours gives is `Other`. */
  readyReason: string | undefined;
  /** Since when Ready is False (RFC 3339). */
  unreadySince: string | undefined;
  /** What should have happened by now, by the deadlines of the installation. */
  overdue: 'plan' | 'boot' | 'node' | undefined;
  provisioned: boolean;
  /** The condition Booted is True. */
  reportsBooted: boolean;
  observedInputs: string | undefined;
  /** The run that wrote the status last, and the number of that status: `<run id>/<number>`. */
  statusWrittenBy: string | undefined;
  /** When somebody else than a worker wrote to the status last (RFC 3339). */
  statusEditedAt: string | undefined;
  /** Text of the operation annotation, if any. */
  operation: string | undefined;
  /** Id of that request, if it has got one; may be left from an older text. */
  operationId: string | undefined;
}

/**
 * As `viewMachine`. A machine outside of the installation's watch filter has no bridge that would wake it: it waits for no
 * host, whatever its status still says, and keeps none from the others.
 */
export function viewWaitingMachine(machine: BaremetalMachine, watchFilter: string | undefined): MachineView {
  const view = viewMachine(machine);
  const served = watchFilter === undefined || machine.metadata.labels[foreign.watchFilterLabel] === watchFilter;
  return served ? view : { ...view, waitsForHost: false, waitsForSlot: false };
}

/** The last write to the status by a program that is not ours, as the API server keeps it for each field manager. */
function findForeignEdit({ managedFields }: BaremetalMachine['metadata']): string | undefined {
  return (managedFields ?? [])
    .filter(({ manager, subresource }) => subresource === 'status' && manager !== WORKER_NAME)
    .flatMap(({ time }) => time ?? [])
    .toSorted()
    .at(-1);
}

/** By themselves: each is kept once, however many machines have it. */
const knownReasons = new Map<string, string>(Object.values(reasons).map((reason) => [reason, reason]));

const hostReasonsOfWaiting = new Set<string>([
  reasons.PoolMissing,
  reasons.PoolExhausted,
  reasons.FailureDomainExhausted,
]);

function findOverdue(falseReason: (type: string) => string | undefined): MachineView['overdue'] {
  if (falseReason('PlanApplied') === reasons.PlanTimedOut) return 'plan';
  if (falseReason('Booted') === reasons.BootTimedOut) return 'boot';
  return falseReason('NodeJoined') === reasons.NodeJoinTimedOut ? 'node' : undefined;
}

function timePlan(status: BaremetalMachine['status']): MachineView['lastPlan'] {
  const time = findPlanTime(status);
  if (time === undefined) return undefined;
  const appliedAtMs = Date.parse(time.appliedAt);
  return { appliedAtMs, tookMs: appliedAtMs - Date.parse(time.writtenAt) };
}

/** The owner that CAPI gives each machine. */
export function isMachineOfCapi({ kind, apiVersion }: { kind: string; apiVersion: string }): boolean {
  return kind === 'Machine' && apiVersion.startsWith('cluster.x-k8s.io/');
}

function withPlan(
  reason: string | undefined,
  operation: { verb: string; reason: string; accepted: boolean } | undefined,
): Pick<MachineView, 'planReason' | 'rebootOrder'> {
  const isReboot = operation?.verb === 'reboot' && operation.accepted;
  return {
    ...(reason !== undefined && { planReason: knownReasons.get(reason) ?? 'Other' }),
    ...(isReboot && { rebootOrder: bounded(operation.reason, MAX_TOKEN) }),
  };
}

/** Reduces a machine to what decisions need. */
export function viewMachine(machine: BaremetalMachine): MachineView {
  const { metadata, spec, status } = machine;
  const falseReason = (type: string): string | undefined =>
    status?.conditions?.find((condition) => condition.type === type && condition.status === 'False')?.reason;
  const hostReason = falseReason('InventoryAllocated');
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const paused = status?.conditions?.find(({ type }) => type === 'Paused');
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    creationTimestamp: metadata.creationTimestamp,
    deleting: metadata.deletionTimestamp !== undefined,
    hasFinalizer: metadata.finalizers.includes(MACHINE_FINALIZER),
    pausedByAnnotation: foreign.pausedAnnotation in metadata.annotations,
    reportsPaused: paused?.status === 'True',
    deletedForMove: foreign.deleteForMoveAnnotation in metadata.annotations,
    ownerMachine: metadata.ownerReferences.find(isMachineOfCapi)?.name,
    clusterName: metadata.labels[foreign.clusterNameLabel],
    isControlPlane: foreign.controlPlaneLabel in metadata.labels,
    pool: spec.machineInventoryPoolRef.name,
    preference: preferenceOf(spec, groupOf(metadata)),
    providerID: spec.providerID,
    phase: status?.phase,
    inventory: status?.machineInventoryRef?.name,
    planSecret: status?.planSecretRef?.name,
    nodeName: status?.nodeName,
    avoidedHosts: status?.avoidedInventories ?? [],
    awaitedFailureDomain: bounded(status?.awaitedFailureDomain, MAX_NAME),
    waitsForHost: hostReason !== undefined && hostReasonsOfWaiting.has(hostReason),
    waitsForSlot: falseReason('PlanApplied') === reasons.WaitingForSlot,
    lastPlan: timePlan(status),
    hostReason,
    bootstrapReason: falseReason('BootstrapReady'),
    imageReason: falseReason('ImageResolved'),
    ...withPlan(falseReason('PlanApplied'), status?.lastOperation),
    readyReason: ready === undefined ? undefined : (knownReasons.get(ready.reason) ?? 'Other'),
    unreadySince: ready?.status === 'False' ? ready.lastTransitionTime : undefined,
    overdue: findOverdue(falseReason),
    provisioned: status?.initialization?.provisioned === true,
    reportsBooted: status?.conditions?.some(({ type, status: is }) => type === 'Booted' && is === 'True') === true,
    observedInputs: status?.observedInputs,
    statusWrittenBy: status?.writtenBy,
    statusEditedAt: findForeignEdit(metadata),
    operation: bounded(metadata.annotations[annotations.operation], MAX_OPERATION),
    operationId: bounded(metadata.annotations[annotations.operationId], MAX_TOKEN),
  };
}
