import { Command, CommanderError } from 'commander';
import type { CliWorld } from './cli-world.ts';
import { describeFailure } from './failures.ts';
import { addListCommand } from './list-command.ts';
import { addOperationCommands } from './operation-commands.ts';
import { addOutputCommand } from './output-command.ts';
import { addShowCommand } from './show-command.ts';

const exitCodes = { done: 0, failed: 1, wrongUsage: 2 } as const;

/**
 * `ironloom`: what an operator does with machines, over Temporal; only `output` asks Kubernetes, as kubectl does. Temporal
 * is reached as the Temporal CLI does (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS…, or a profile). Answers the
 * exit code.
 */
export async function runCli(args: string[], world: CliWorld): Promise<number> {
  try {
    await createProgram(world).parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    // Commander has said by now what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
    world.complain(describeFailure(error));
    return exitCodes.failed;
  }
}

/** The commands inherit how to exit and where to write, so that comes first. */
function createProgram(world: CliWorld): Command {
  const program = new Command('ironloom')
    .description('Inspect and recover bare-metal machines')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.print(text.trimEnd()),
      writeErr: (text) => world.complain(text.trimEnd()),
    })
    .addHelpText('after', HELP);
  addListCommand(program, world);
  addShowCommand(program, world);
  addOutputCommand(program, world);
  addOperationCommands(program, world);
  return program;
}

const HELP = `
All commands but list and output need a live worker.
output reads the host's plan Secret with your own rights (KUBECONFIG); the others ask Temporal.
Temporal is found as by the Temporal CLI: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS…, or a profile.
Only machines whose runs are in the task queue IRONLOOM_TASK_QUEUE are found; it is that of worker and bridge.
Exit codes: 0 done, 1 failed or refused, 2 wrong usage or environment.`;
