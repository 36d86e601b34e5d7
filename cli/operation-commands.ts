import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Command } from 'commander';
import { operatorVerbs, type OperatorVerb } from '../domain/machine-life.ts';
import { type OperationRequest, operationUpdates } from '../workflows/messages.ts';
import { findActor } from './actor.ts';
import { findWorkflowId, machineArgument } from './machine-run.ts';
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
export function addOperationCommands(program: Command, whoAsks = findActor): void {
  for (const verb of operatorVerbs) {
    program
      .command(verb.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
      .description(descriptions[verb])
      .argument(machineArgument)
      .requiredOption('--reason <text>', "why; recorded in the machine's status and history")
      .option('--actor <name>', 'who asks (default: the user that runs this)')
      .action((machine: string, { reason, actor = whoAsks() }: OperationOptions) =>
        operate(machine, verb, { actor, reason }),
      );
  }
}

async function operate(machine: string, verb: OperatorVerb, request: OperationRequest): Promise<void> {
  await withTemporal(async (client) => {
    const handle = client.workflow.getHandle(await findWorkflowId(client, machine));
    try {
      const { answer } = await handle.executeUpdate(operationUpdates[verb], { args: [request] });
      console.log(answer);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError)
        throw new Error(`refused: ${error.cause?.message}`, { cause: error });
      throw error;
    }
  });
}
