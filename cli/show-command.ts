import type { Command } from 'commander';
import { stringify } from 'yaml';
import { lifeQuery } from '../workflows/messages.ts';
import { findWorkflowId, machineArgument } from './machine-run.ts';
import { withTemporal } from './temporal-client.ts';

/** `ironloom show`: all that a machine's run knows, as YAML. */
export function addShowCommand(program: Command): void {
  program
    .command('show')
    .description("Show what a machine's run knows; needs a live worker")
    .argument(machineArgument)
    .action((machine: string) =>
      withTemporal(async (client) => {
        const workflowId = await findWorkflowId(client, machine);
        const life = await client.workflow.getHandle(workflowId).query(lifeQuery);
        console.log(stringify({ workflowId, life }));
      }),
    );
}
