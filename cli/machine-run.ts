import type { Client } from '@temporalio/client';
import { MACHINE_LIFECYCLE, parseMachineWorkflowId } from '../workflows/ids.ts';

/** `namespace/name` of a BaremetalMachine, or its whole workflow id. */
export const machineArgument = '<namespace/name>';

/** Workflow id of the newest run of a machine. @throws Error when the machine has none */
export async function findWorkflowId(client: Client, machine: string): Promise<string> {
  if (parseMachineWorkflowId(machine) !== undefined) return machine;
  const [namespace, name, ...rest] = machine.split('/');
  if (!namespace || !name || rest.length > 0 || !/^[a-z0-9.-]+\/[a-z0-9.-]+$/.test(machine)) {
    throw new Error(`'${machine}' is not <namespace/name> of a BaremetalMachine`);
  }
  const query = `WorkflowType='${MACHINE_LIFECYCLE}' AND WorkflowId STARTS_WITH 'machine/${namespace}/${name}/'`;
  let newest: { workflowId: string; startTime: Date } | undefined;
  for await (const run of client.workflow.list({ query })) {
    if (newest === undefined || run.startTime > newest.startTime) newest = run;
  }
  if (newest === undefined)
    throw new Error(`BaremetalMachine ${machine} has no run in namespace ${client.options.namespace}`);
  return newest.workflowId;
}
