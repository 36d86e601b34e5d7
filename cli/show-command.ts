import type { Command } from 'commander';
import { stringify } from 'yaml';
import { lifeQuery } from '../workflows/messages.ts';
import type { CliWorld } from './cli-world.ts';
import { askRun, machineArgument } from './machine-run.ts';
import { withTemporal } from './temporal-client.ts';

/** `ironloom show`: all that a machine's run knows, as YAML. */
export function addShowCommand(program: Command, world: CliWorld): void {
  program
    .command('show')
    .description("Show what a machine's run knows")
    .addArgument(machineArgument())
    .action((machine: string) =>
      withTemporal(world.answerTimeoutMs, async (fleet) => {
        const shown = await askRun(fleet, machine, async (run) => ({
          workflowId: run.workflowId,
          life: await run.query(lifeQuery),
        }));
        world.print(stringify(shown));
      }),
    );
}
