import type { MachineRef } from '../inputs/machine-snapshot.ts';

/** Name of the one workflow type. */
export const MACHINE_LIFECYCLE = 'machineLifecycle';

/** The run of one object: a recreated object has a new uid and so a new run. */
export function machineWorkflowId({ namespace, name, uid }: MachineRef): string {
  return `machine/${namespace}/${name}/${uid}`;
}

/** The object that a workflow id names, or undefined for an id that is not ours. */
export function parseMachineWorkflowId(workflowId: string): MachineRef | undefined {
  const [kind, namespace, name, uid, ...rest] = workflowId.split('/');
  if (kind !== 'machine' || rest.length > 0 || !namespace || !name || !uid) return undefined;
  return { namespace, name, uid };
}
