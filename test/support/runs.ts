import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { z } from 'zod';
import { secrets } from '../../api/resources.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { findMachine } from './machines.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';

/** Where runs are reached. */
export type Reach = Pick<Site, 'temporal'>;

const detailsSchema = z.looseObject({ currentDetails: z.string().default('') });

/** Which object a machine's name stands for now. @throws when there is none */
export async function refOf(site: Site, name: string): Promise<MachineRef> {
  const machine = await findMachine(site, name);
  if (machine === undefined) throw new Error(`No machine ${name}`);
  const { namespace, uid } = machine.metadata;
  return { namespace, name, uid };
}

/** The run of a machine, whichever run it is at the time of each call. */
export function runOf({ temporal }: Reach, machine: MachineRef): WorkflowHandle {
  return temporal.workflow.getHandle(machineWorkflowId(machine));
}

export async function currentRunId(site: Reach, machine: MachineRef): Promise<string> {
  return (await runOf(site, machine).describe()).runId;
}

/** What the Temporal UI shows as current details. */
export async function readDetails(site: Site, machine: MachineRef): Promise<string> {
  return detailsSchema.parse(await runOf(site, machine).query('__temporal_workflow_metadata')).currentDetails;
}

async function stageOf(site: Site, machine: MachineRef): Promise<string | undefined> {
  return (await runOf(site, machine).query(lifeQuery))?.stage.kind;
}

/** Waits until the run is in this stage of the life, in a run other than `exceptRunId`. */
export async function untilStage(site: Site, machine: MachineRef, stage: string, exceptRunId?: string): Promise<void> {
  const look = async () => ({
    runId: await currentRunId(site, machine).catch(() => exceptRunId),
    stage: await stageOf(site, machine).catch(String),
  });
  await waitFor(
    `the run of ${machine.name} is ${stage}`,
    async () => {
      const seen = await look();
      return seen.runId !== exceptRunId && seen.stage === stage;
    },
    look,
    { timeoutMs: 90_000 },
  );
}

const { RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL: SIGNAL, RESET_REAPPLY_EXCLUDE_TYPE_UPDATE: UPDATE } =
  proto.temporal.api.enums.v1.ResetReapplyExcludeType;
const MAX_RESET_POINTS = 6;

/** Ids of events that the UI offers to reset to, oldest first: the first, the last, and some between them. */
export async function listResetPoints(site: Reach, machine: MachineRef, runId: string) {
  const handle = site.temporal.workflow.getHandle(machineWorkflowId(machine), runId);
  const events = (await handle.fetchHistory()).events ?? [];
  const points = events.flatMap(({ eventId, workflowTaskCompletedEventAttributes: completed }) =>
    completed === null || completed === undefined || eventId === null || eventId === undefined ? [] : [eventId],
  );
  const chosen = Array.from({ length: MAX_RESET_POINTS }, (_, index) =>
    Math.round((index * (points.length - 1)) / (MAX_RESET_POINTS - 1)),
  );
  return points.filter((_, index) => chosen.includes(index));
}

type ResetPoint = Awaited<ReturnType<typeof listResetPoints>>[number];

/** "Reset" of the Temporal UI, which gives the new run all later signals again, unless told not to. Answers the new run's id. */
export async function resetRun(
  { temporal }: Reach,
  machine: MachineRef,
  { runId, eventId, withSignals = true }: { runId: string; eventId: ResetPoint; withSignals?: boolean },
): Promise<string> {
  const { namespace } = temporal.options;
  const answer = await temporal.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId: machineWorkflowId(machine), runId },
    reason: 'tried in a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: eventId,
    resetReapplyExcludeTypes: withSignals ? [] : [SIGNAL, UPDATE],
  });
  return answer.runId;
}

/** What would change if anybody wrote a plan to the host: its Secret, and what its agent ran how often. */
export async function readFootprint(site: Site, name: string) {
  const { metadata } = await site.client.get(secrets, { namespace: site.namespace, name });
  const ran = site.host(name).plansReceived.map(({ attemptId, runs }) => `${attemptId} ${runs}`);
  return { secretVersion: metadata.resourceVersion, ran };
}
