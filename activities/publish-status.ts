import { isDeepStrictEqual } from 'node:util';
import { activityInfo } from '@temporalio/activity';
import type { BaremetalMachine } from '../api/machine.ts';
import { baremetalMachines } from '../api/resources.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/status/machine-status.ts';
import { type StatusPatch, toStatusPatch } from '../domain/report/status/status-patch.ts';
import { isConflict } from '../runtime/kube/client.ts';
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

/** The status of the wait for a plan that was just written, if the order of the plan came with one. `read`: see `StatusOccasion`. */
export async function writeStatusOfWait(
  deps: ActivityDependencies,
  fence: Fence,
  { machine, status }: { machine: MachineRef; status?: NumberedStatus },
  read?: BaremetalMachine,
): Promise<{ statusUnwritten?: true }> {
  if (status === undefined || (await publishUnlessRefused(deps, fence, machine, status, { read }))) return {};
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
  const status = toStatusPatch(current, desired, { temporalNamespace: deps.temporalNamespace, now: new Date() });
  const isUnsigned = signs && !current.status?.writtenBy?.startsWith(`${author.runId}/`);
  if (!isUnsigned && desired.answersOnly !== true && isDeepStrictEqual(withoutNulls(status), current.status ?? {}))
    return current;
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

/**
 * Writes the status of a claim that is about to be tried: the name of the host stands there in any case. A later status of
 * the same run, by an attempt that was lost or by the run meanwhile, keeps all the rest. A machine that has said nothing yet
 * names its host and no more: Cluster API copies what is Ready's message into the Machine, and this one holds for a moment.
 */
export async function writeClaimStatus(
  deps: ActivityDependencies,
  fence: Fence,
  current: BaremetalMachine,
  desired: NumberedStatus & { inventory: string },
): Promise<BaremetalMachine> {
  const written = current.status?.phase === undefined ? current : await writeStatus(deps, fence, current, desired);
  if (written.status?.machineInventoryRef?.name === desired.inventory) return written;
  fence.assertAlive();
  const { namespace, name, uid, resourceVersion } = current.metadata;
  return deps.kube.patch(
    baremetalMachines,
    { namespace, name },
    { metadata: { uid, resourceVersion }, status: { machineInventoryRef: { name: desired.inventory } } },
    { subresource: 'status' },
  );
}

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

function withoutNulls(patch: StatusPatch): object {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null));
}
