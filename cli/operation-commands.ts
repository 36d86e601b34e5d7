import type { WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { annotations } from '../api/constants.ts';
import { operatorVerbs, type OperatorVerb } from '../domain/life/machine-life.ts';
import { dashed } from '../domain/report/way.ts';
import { operationUpdates } from '../workflows/messages.ts';
import { findActor } from './actor.ts';
import type { CliWorld } from './cli-world.ts';
import { CliError } from './failures.ts';
import type { GlobalOptions } from './global-options.ts';
import { withKube } from './kube-access.ts';
import { keyOf, machineArgument } from './machine-name.ts';
import { askRun, findWorkflowId } from './machine-run.ts';
import { UnreachedError, withTemporal } from './temporal-client.ts';

const descriptions: Record<OperatorVerb, string> = {
  retry: 'Run the step that failed again, as a new attempt',
  reallocate: 'Give up the host of a machine that is not Running yet, and claim another',
  forceRelease: 'Let a host go that cannot be cleaned; it is quarantined',
  pause: 'Write nothing to the host until resume',
  resume: 'Go on after pause',
};

interface OperationOptions extends GlobalOptions {
  reason: string;
  actor?: string;
}

const UNANSWERED = ' The request may still be carried out when one is back; see what `show` tells then.';

/** One command a verb; each is the Update of that name, whose validator says why it is refused. */
export function addOperationCommands(program: Command, world: CliWorld): void {
  for (const verb of operatorVerbs) {
    program
      .command(dashed(verb))
      .description(descriptions[verb])
      .addArgument(machineArgument())
      .requiredOption('--reason <text>', "why; recorded in the machine's status and history")
      .option('--actor <name>', 'who asks (default: as Kubernetes knows the user of the kubeconfig)')
      .action(async (machine: string, _options: object, command: Command) =>
        world.print(await operate(world, machine, verb, command.optsWithGlobals<OperationOptions>())),
      );
  }
}

function operate(world: CliWorld, machine: string, verb: OperatorVerb, options: OperationOptions): Promise<string> {
  return withKube(world, options, async (access) => {
    const { kube } = access;
    const key = keyOf(machine, options, access);
    const { reason } = options;
    const actor = await findActor(options.actor, kube, world);
    try {
      return await withTemporal(world.answerTimeoutMs, async (fleet) => {
        const workflowId = await findWorkflowId(fleet, kube, machine, key);
        const ask = (run: WorkflowHandle) => run.executeUpdate(operationUpdates[verb], { args: [{ actor, reason }] });
        return (await askRun(fleet, workflowId, ask, UNANSWERED)).answer;
      });
    } catch (error) {
      if (!(error instanceof UnreachedError) || kube === undefined || key.name === '') throw error;
      const request = JSON.stringify(`${verb}: ${reason}`);
      const note = `kubectl annotate bmm -n ${key.namespace} ${key.name} ${annotations.operation}=${request}`;
      throw new CliError(`${error.message}. Kubernetes takes the request until Temporal is back: ${note}`, {
        cause: error,
      });
    }
  });
}
