import { log } from '@temporalio/activity';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';

/**
 * A line about one machine, and its host if it has one. Temporal adds the keys of the activity, `workflowId` among them.
 * Names and outcomes only: never content.
 */
export function logStep(
  message: string,
  machine: MachineRef,
  keys: { host?: string; [key: string]: unknown } = {},
): void {
  log.info(message, { machine: `${machine.namespace}/${machine.name}`, ...keys });
}
