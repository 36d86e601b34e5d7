import {
  isGrpcDeadlineError,
  QueryRejectedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { machineWorkflowId, parseMachineWorkflowId } from '../../domain/life/run-id.ts';
import { machineRunQuery } from '../../domain/life/run-query.ts';
import { CliError, Refusal } from '../world/failures.ts';
import type { KubeAccess } from './kube-access.ts';
import type { RunSource } from './temporal-client.ts';

/**
 * Asks a run for what only a live worker can answer.
 * @param unanswered what else to say when none does
 * @throws Refusal with the run's own words; CliError when there is no run or no worker
 */
export async function askRun<T>(
  fleet: RunSource,
  workflowId: string,
  ask: (handle: WorkflowHandle) => Promise<T>,
  unanswered = '',
): Promise<T> {
  try {
    return await ask(fleet.client.workflow.getHandle(workflowId));
  } catch (error) {
    const cause = { cause: error };
    if (error instanceof WorkflowUpdateFailedError) throw new Refusal(error.cause?.message ?? error.message, cause);
    if (error instanceof WorkflowNotFoundError) throw new CliError(`The run cannot be asked: ${error.message}`, cause);
    if (error instanceof QueryRejectedError)
      throw new CliError('The run is paused in Temporal and tells nothing', cause);
    if (!isGrpcDeadlineError(error)) throw error;
    const hint = `Does one run, with this Temporal namespace and its task queue?${unanswered}`;
    throw new CliError(`No worker answers for ${workflowId}. ${hint}`, cause);
  }
}

/**
 * Workflow id of a machine's run: of the object that Kubernetes has now, else, where it has none or cannot be asked, the
 * newest run of that name in our task queue. One that is given as such is taken as it is, for it names one object.
 * @throws CliError when there is none
 */
export async function findWorkflowId(
  fleet: RunSource,
  kube: KubeAccess | undefined,
  text: string,
  key: ObjectKey,
): Promise<string> {
  if (parseMachineWorkflowId(text) !== undefined) return text;
  const uid = await findUid(kube, key);
  return uid === undefined ? findNewest(fleet, key) : machineWorkflowId({ ...key, uid });
}

/** undefined as well where Kubernetes says nothing. */
async function findUid(kube: KubeAccess | undefined, key: ObjectKey): Promise<string | undefined> {
  try {
    return (await kube?.client.find(baremetalMachines, key))?.metadata.uid;
  } catch {
    return undefined;
  }
}

async function findNewest({ client, taskQueue }: RunSource, { namespace, name }: ObjectKey): Promise<string> {
  const query = machineRunQuery(taskQueue, { idPrefix: `machine/${namespace}/${name}/` });
  let newest: { workflowId: string; startTime: Date } | undefined;
  for await (const run of client.workflow.list({ query })) {
    if (newest === undefined || run.startTime > newest.startTime) newest = run;
  }
  if (newest !== undefined) return newest.workflowId;
  const where = `in the task queue '${taskQueue}' of the Temporal namespace '${client.options.namespace}'`;
  const hint = "IRONLOOM_TASK_QUEUE and TEMPORAL_NAMESPACE say where to look; 'get machines' shows what there is";
  throw new CliError(`BaremetalMachine ${namespace}/${name} has no run ${where}. ${hint}`);
}
