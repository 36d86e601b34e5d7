import {
  isGrpcDeadlineError,
  QueryRejectedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { Argument, InvalidArgumentError } from 'commander';
import { parseMachineWorkflowId } from '../domain/life/run-id.ts';
import { machineRunQuery } from '../domain/life/run-query.ts';
import { CliError, Refusal } from './failures.ts';
import type { Fleet } from './temporal-client.ts';

/** The machine that a command is about, checked before anybody is asked. */
export function machineArgument(): Argument {
  return new Argument('<namespace/name>', 'the BaremetalMachine, or the workflow id of its run').argParser(
    (text: string) => {
      const known = parseMachineWorkflowId(text) !== undefined || /^[a-z0-9.-]+\/[a-z0-9.-]+$/.test(text);
      if (!known) throw new InvalidArgumentError('It is no <namespace/name> of a BaremetalMachine.');
      return text;
    },
  );
}

/**
 * Asks the run of a machine for what only a live worker can answer.
 * @param unanswered what else to say when none does
 * @throws Refusal with the run's own words; CliError when there is no run or no worker
 */
export async function askRun<T>(
  fleet: Fleet,
  machine: string,
  ask: (handle: WorkflowHandle) => Promise<T>,
  unanswered = '',
): Promise<T> {
  const workflowId = await findWorkflowId(fleet, machine);
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
 * Workflow id of the newest run of a machine; one that is given as such is taken as it is, for it names one object.
 * @throws CliError when the machine has none
 */
async function findWorkflowId({ client, taskQueue }: Fleet, machine: string): Promise<string> {
  if (parseMachineWorkflowId(machine) !== undefined) return machine;
  const query = machineRunQuery(taskQueue, { idPrefix: `machine/${machine}/` });
  let newest: { workflowId: string; startTime: Date } | undefined;
  for await (const run of client.workflow.list({ query })) {
    if (newest === undefined || run.startTime > newest.startTime) newest = run;
  }
  if (newest !== undefined) return newest.workflowId;
  const where = `in the task queue '${taskQueue}' of the Temporal namespace '${client.options.namespace}'`;
  const hint = "IRONLOOM_TASK_QUEUE and TEMPORAL_NAMESPACE say where to look; 'list' shows the machines that have one";
  throw new CliError(`BaremetalMachine ${machine} has no run ${where}. ${hint}`);
}
