import type { Command } from 'commander';
import { operatorVerbs, type OperatorVerb } from '../domain/life/machine-life.ts';
import { type OperationRequest, operationUpdates } from '../workflows/messages.ts';
import type { CliWorld } from './cli-world.ts';
import { askRun, machineArgument } from './machine-run.ts';
import { withTemporal } from './temporal-client.ts';

const descriptions: Record<OperatorVerb, string> = {
  retry: 'Run the step that failed again, as a new attempt',
  reallocate: 'Give up the host of a machine that is not Running yet, and claim another',
  forceRelease: 'Let a host go that cannot be cleaned; it is quarantined',
  pause: 'Write nothing to the host until resume',
  resume: 'Go on after pause',
};

interface OperationOptions {
  reason: string;
  actor?: string;
}

/** One command a verb; each is the Update of that name, whose validator says why it is refused. */
export function addOperationCommands(program: Command, world: CliWorld): void {
  for (const verb of operatorVerbs) {
    program
      .command(verb.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
      .description(descriptions[verb])
      .addArgument(machineArgument())
      .requiredOption('--reason <text>', "why; recorded in the machine's status and history")
      .option('--actor <name>', 'who asks (default: the user that runs this)')
      .action(async (machine: string, { reason, actor = world.whoAsks() }: OperationOptions) =>
        world.print(await operate(world, machine, verb, { actor, reason })),
      );
  }
}

function operate(world: CliWorld, machine: string, verb: OperatorVerb, request: OperationRequest): Promise<string> {
  const unanswered = ' The request may still be carried out when one is back; see what `show` tells then.';
  return withTemporal(world.answerTimeoutMs, async (fleet) => {
    const { answer } = await askRun(
      fleet,
      machine,
      (run) => run.executeUpdate(operationUpdates[verb], { args: [request] }),
      unanswered,
    );
    return answer;
  });
}
