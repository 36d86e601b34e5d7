import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { MACHINE_LIFECYCLE, machineWorkflowId } from '../../domain/life/run-id.ts';
import { currentRunId, listResetPoints, type Reach, resetRun, runOf } from './runs.ts';
import type { Site } from './site.ts';

/* What the Temporal UI asks of the server when somebody presses its buttons. */

export async function readPending(site: Reach, machine: MachineRef) {
  const { raw } = await runOf(site, machine).describe();
  return (raw.pendingActivities ?? []).flatMap((activity) =>
    typeof activity.activityId === 'string' ? [{ ...activity, activityId: activity.activityId }] : [],
  );
}

export async function pauseRun(site: Reach, machine: MachineRef): Promise<void> {
  const why = { reason: 'tried in a test', requestId: randomUUID() };
  await site.temporal.workflowService.pauseWorkflowExecution({ ...nameRun(site, machine), ...why });
}

export async function unpauseRun(site: Reach, machine: MachineRef): Promise<void> {
  const why = { reason: 'tried enough', requestId: randomUUID() };
  await site.temporal.workflowService.unpauseWorkflowExecution({ ...nameRun(site, machine), ...why });
}

export async function deleteRun(site: Reach, machine: MachineRef): Promise<void> {
  const { namespace, workflowId } = nameRun(site, machine);
  const runId = await currentRunId(site, machine);
  await site.temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId, runId } });
}

/** The run has not come to an event yet to which it could be reset. */
export class NoResetPointError extends Error {
  override readonly name = 'NoResetPointError';
}

/** "Reset" to the first or the last event that can be chosen. @throws NoResetPointError */
export async function resetTo(
  site: Reach,
  machine: MachineRef,
  which: 'first' | 'last',
  withSignals = true,
): Promise<void> {
  const runId = await currentRunId(site, machine);
  const eventId = (await listResetPoints(site, machine, runId)).at(which === 'first' ? 0 : -1);
  if (eventId === undefined) throw new NoResetPointError(`The run of ${machine.name} cannot be reset`);
  await resetRun(site, machine, { runId, eventId, withSignals });
}

/** "Start workflow like this one": a second run of the same machine, of another id. */
export async function startCopy(
  { temporal, namespace }: Pick<Site, 'temporal' | 'namespace'>,
  machine: MachineRef,
): Promise<WorkflowHandle> {
  const workflowId = `${machineWorkflowId(machine)}-copy`;
  return temporal.workflow.start(MACHINE_LIFECYCLE, { workflowId, taskQueue: namespace, args: [{ machine }] });
}

export async function pauseActivity(site: Reach, machine: MachineRef, id: string): Promise<void> {
  await site.temporal.workflowService.pauseActivity({
    ...nameActivities(site, machine),
    id,
    reason: 'tried in a test',
  });
}

export async function unpauseActivity(site: Reach, machine: MachineRef, id: string): Promise<void> {
  await site.temporal.workflowService.unpauseActivity({ ...nameActivities(site, machine), id });
}

export async function resetActivity(site: Reach, machine: MachineRef, id: string, how: object = {}): Promise<void> {
  await site.temporal.workflowService.resetActivity({ ...nameActivities(site, machine), id, ...how });
}

/** `failure`: what kind of a failure it shall be. */
export async function failActivity(
  site: Reach,
  machine: MachineRef,
  activityId: string,
  failure: object,
): Promise<void> {
  await site.temporal.workflowService.respondActivityTaskFailedById({
    ...nameRun(site, machine),
    activityId,
    failure: { message: 'failed by hand', ...failure },
  });
}

export function nameRun({ temporal }: Reach, machine: MachineRef) {
  return { namespace: temporal.options.namespace, workflowId: machineWorkflowId(machine) };
}

export function nameActivities({ temporal }: Reach, machine: MachineRef) {
  const { namespace } = temporal.options;
  return { namespace, execution: { workflowId: machineWorkflowId(machine) } };
}
