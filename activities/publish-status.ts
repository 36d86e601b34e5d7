import { isDeepStrictEqual } from 'node:util';
import { activityInfo } from '@temporalio/activity';
import { machineConditionTypes, reasons } from '../api/conditions.ts';
import type { BaremetalMachine, BaremetalMachineStatus } from '../api/machine.ts';
import { baremetalMachines } from '../api/resources.ts';
import { mergeConditions } from '../domain/conditions.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/machine-status.ts';
import { fingerprintSnapshot } from '../domain/inputs/snapshot-fingerprint.ts';
import { isConflict } from '../runtime/kube/client.ts';
import { machineWorkflowId } from '../domain/life/run-id.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { noteTransition } from './step/event-recorder.ts';
import type { Fence } from './step/fence.ts';
import { findMachine } from './step/find-machine.ts';
import { logStep } from './step/log.ts';
import { isRefused, stoppedBy } from './step/stopped.ts';

/** What a step knows of the status that it writes. */
interface StatusOccasion {
  /** The object as the step has read it a moment ago. */
  read?: BaremetalMachine | undefined;
  /**
   * The run writes for the first time: what stands there is to bear its name, also when it says the same. The bridge takes a
   * run that has written nothing for one that was reset, and tells it all anew each time that it starts.
   */
  signs?: boolean;
}

/** Writes the status where it differs from what stands there, and an Event where the machine has come somewhere new. */
export async function publishDesiredStatus(
  deps: ActivityDependencies,
  fence: Fence,
  machine: MachineRef,
  desired: NumberedStatus,
  { read, signs = false }: StatusOccasion = {},
): Promise<void> {
  for (let known = read; ; known = undefined) {
    const current = known ?? (await findMachine(deps, machine));
    if (current === undefined) return;
    try {
      await writeStatus(deps, fence, current, desired, signs);
      return;
    } catch (error) {
      // CAPI writes labels and owner references at any time; the fence ends this when the attempt is over.
      if (!isConflict(error)) throw error;
    }
  }
}

/** As above; a status that is refused for good stops nothing. False: it was. */
export async function publishUnlessRefused(
  deps: ActivityDependencies,
  fence: Fence,
  machine: MachineRef,
  status: NumberedStatus,
  occasion?: StatusOccasion,
): Promise<boolean> {
  try {
    await publishDesiredStatus(deps, fence, machine, status, occasion);
    return true;
  } catch (error) {
    if (!isRefused(error)) throw error;
    logStep('Could not write the status', machine, { problem: stoppedBy(error)?.message });
    return false;
  }
}

/** The status of the wait for a plan that was just written, if the order of the plan came with one. */
export async function writeStatusOfWait(
  deps: ActivityDependencies,
  fence: Fence,
  { machine, status }: { machine: MachineRef; status?: NumberedStatus },
): Promise<{ statusUnwritten?: true }> {
  if (status === undefined || (await publishUnlessRefused(deps, fence, machine, status))) return {};
  return { statusUnwritten: true };
}

/** Writes the status of an object as it was read; a conflict means that somebody wrote it meanwhile. */
export async function writeStatus(
  deps: ActivityDependencies,
  fence: Fence,
  current: BaremetalMachine,
  desired: NumberedStatus,
  signs = false,
): Promise<BaremetalMachine> {
  const author = statusAuthor(desired);
  if (isOutdated(author, current.status?.writtenBy)) return current;
  const status = toStatus(deps, current, desired);
  const isUnsigned = signs && !current.status?.writtenBy?.startsWith(`${author.runId}/`);
  if (!isUnsigned && isDeepStrictEqual(withoutNulls(status), current.status ?? {})) return current;
  status.writtenBy = `${author.runId}/${author.number}`;
  fence.assertAlive();
  const { namespace, name, uid, resourceVersion } = current.metadata;
  const written = await deps.kube.patch(
    baremetalMachines,
    { namespace, name },
    { metadata: { uid, resourceVersion }, status },
    { subresource: 'status' },
  );
  noteTransition(deps, current, written);
  return written;
}

/** A merge patch of the whole status: null removes a field. */
function toStatus(deps: ActivityDependencies, current: BaremetalMachine, desired: NumberedStatus): StatusPatch {
  const { namespace, name, uid, generation } = current.metadata;
  const before = current.status;
  if (desired.unlooked && before?.phase !== undefined) return toUnlookedStatus(deps, current, before, desired);
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
    workflow: { namespace: deps.temporalNamespace, workflowID: machineWorkflowId({ namespace, name, uid }) },
    lastOperation: desired.lastOperation ?? before?.lastOperation ?? null,
    writtenBy: before?.writtenBy ?? null,
    observedInputs: fingerprintSnapshot(desired.observed),
    conditions: [...mergeConditions(before?.conditions, wanted, new Date(), machineConditionTypes).conditions],
  };
}

/** A run that took the machine over does not know it, and it holds as long as the host does. */
function keptOfHost(
  field: 'nodeName' | 'failureDomain',
  before: BaremetalMachineStatus | undefined,
  { inventory }: NumberedStatus,
): string | null {
  return before?.machineInventoryRef?.name === inventory ? (before?.[field] ?? null) : null;
}

/**
 * What a run may say of a machine that an earlier run has described, before it has looked itself: whether it is paused, and
 * why it has not looked. Nothing that stands there is taken away.
 */
function toUnlookedStatus(
  { temporalNamespace: namespace }: ActivityDependencies,
  { metadata }: BaremetalMachine,
  before: BaremetalMachineStatus,
  desired: NumberedStatus,
): StatusPatch {
  const stopped = desired.conditions.filter(({ type, reason }) => type === 'Paused' || haltReasons.includes(reason));
  const wanted = stopped
    .filter(({ type }) => type !== 'Ready')
    .map((condition) => ({ ...condition, observedGeneration: metadata.generation }));
  return {
    ...before,
    pausedByOperator: (desired.pausedByOperator ?? before.pausedByOperator) || null,
    workflow: { namespace, workflowID: machineWorkflowId(metadata) },
    lastOperation: desired.lastOperation ?? before.lastOperation ?? null,
    observedInputs: fingerprintSnapshot(desired.observed),
    conditions: [...mergeConditions(before.conditions, wanted, new Date()).conditions],
  };
}

const haltReasons: readonly string[] = [
  reasons.WriteRefused,
  reasons.InventoryUnreadable,
  reasons.Unreachable,
  reasons.Restless,
];

interface StatusAuthor {
  runId: string;
  number: number;
}

function statusAuthor({ number }: NumberedStatus): StatusAuthor {
  return { runId: activityInfo().workflowExecution?.runId ?? '', number };
}

/** A later status of the same run stands there: this one was held up on its way. */
function isOutdated({ runId, number }: StatusAuthor, writtenBy: string | undefined): boolean {
  const [lastRunId, lastNumber] = writtenBy?.split('/') ?? [];
  return lastRunId === runId && Number(lastNumber) > number;
}

type StatusPatch = { [Key in keyof BaremetalMachineStatus]: BaremetalMachineStatus[Key] | null };

function withoutNulls(patch: StatusPatch): object {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null));
}
