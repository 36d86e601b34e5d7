import { Command, CommanderError } from 'commander';

import type { CliWorld } from './world/cli-world.ts';
import { addCompletion } from './completion.ts';
import { describeFailure, UsageError } from './world/failures.ts';
import { addExplainCommand } from './commands/explain-command.ts';
import { addGetCommand } from './commands/get-command.ts';
import { addGlobalOptions } from './world/global-options.ts';
import { addHistoryCommand } from './commands/history-command.ts';
import { addHostCommands } from './commands/host-commands.ts';
import { addOperationCommands } from './commands/operation-commands.ts';
import { addOutputCommand } from './commands/output-command.ts';
import { addPlanCommand } from './commands/plan-command.ts';
import { addShowCommand } from './commands/show-command.ts';
import { addStatsCommand } from './commands/stats-command.ts';
import { addTopCommand } from './commands/top-command.ts';
import { addUsageCommand } from './commands/usage-command.ts';
import { readVersion } from './version.ts';

const exitCodes = { done: 0, failed: 1, wrongUsage: 2 } as const;

/**
 * `ironloom`: what an operator does with machines and hosts. Kubernetes is reached as kubectl does, with the rights of
 * whoever asks, and Temporal as its CLI does (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS…, or a profile). Answers
 * the exit code.
 */
export async function runCli(args: string[], world: CliWorld): Promise<number> {
  try {
    const program = createProgram(world);
    await addCompletion(program, world, args);
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    // Commander has said by now what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
    world.complain(describeFailure(error));
    return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.failed;
  }
}

/** The commands inherit how to exit and where to write, so that comes first. */
function createProgram(world: CliWorld): Command {
  const program = new Command('ironloom')
    .description('Inspect and recover bare-metal machines')
    .version(readVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.print(text.trimEnd()),
      writeErr: (text) => world.complain(text.trimEnd()),
    })
    .addHelpText('after', HELP);
  addGlobalOptions(program);
  addGetCommand(program, world);
  addTopCommand(program, world);
  addExplainCommand(program, world);
  addPlanCommand(program, world);
  addShowCommand(program, world);
  addOutputCommand(program, world);
  addOperationCommands(program, world);
  addHostCommands(program, world);
  addHistoryCommand(program, world);
  addUsageCommand(program, world);
  addStatsCommand(program, world);
  return program;
}

const HELP = `
Also as \`kubectl ironloom\`, and with completion: ironloom completion bash|zsh|fish.
Kubernetes is found as by kubectl, and asked with your own rights; a machine is meant by its name, in that namespace.
Temporal is found as by the Temporal CLI: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS…, or a profile.
The journal is found by IRONLOOM_JOURNAL_URL and IRONLOOM_JOURNAL_PASSWORD.
Only machines whose runs are in the task queue IRONLOOM_TASK_QUEUE are found; it is that of worker and bridge.
Exit codes: 0 done, 1 failed or refused, 2 wrong usage or environment.`;
