import type { Command } from 'commander';
import { stringify } from 'yaml';
import { lifeQuery } from '../workflows/messages.ts';
import type { CliWorld } from './cli-world.ts';
import type { GlobalOptions } from './global-options.ts';
import { withKube } from './kube-access.ts';
import { keyOf, machineArgument } from './machine-name.ts';
import { askRun, findWorkflowId } from './machine-run.ts';
import { withTemporal } from './temporal-client.ts';

/** `ironloom show`: all that a machine's run knows, as YAML. */
export function addShowCommand(program: Command, world: CliWorld): void {
  program
    .command('show')
    .description("Show what a machine's run knows")
    .addArgument(machineArgument())
    .action((machine: string, _options: object, command: Command) => show(world, machine, command.optsWithGlobals()));
}

function show(world: CliWorld, machine: string, options: GlobalOptions): Promise<void> {
  return withKube(world, options, (access) =>
    withTemporal(world.answerTimeoutMs, async (fleet) => {
      const workflowId = await findWorkflowId(fleet, access.kube, machine, keyOf(machine, options, access));
      const life = await askRun(fleet, workflowId, (run) => run.query(lifeQuery));
      world.print(stringify({ workflowId, life }));
    }),
  );
}
