import type { WorkflowHandle } from '@temporalio/client';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { annotations } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { operatorVerbs, type OperatorVerb } from '../../domain/life/machine-life.ts';
import { dashed } from '../../domain/report/explain/way.ts';
import { parseDurationMs } from '../../runtime/duration.ts';
import { operationUpdates } from '../../workflows/messages.ts';
import { findActor } from '../access/actor.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { CliError } from '../world/failures.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { type KubeAccess, needKube, withKube } from '../access/kube-access.ts';
import { keyOf, machineArgument } from '../access/machine-name.ts';
import { askRun, findWorkflowId } from '../access/machine-run.ts';
import { UnreachedError, withTemporal } from '../access/temporal-client.ts';
import { type AskedOperation, waitForMachine } from './wait-for-machine.ts';

const descriptions: Record<OperatorVerb, string> = {
  retry: 'Run the step that failed again, as a new attempt',
  reboot: 'Reboot the host of a Running machine; node and disks stay as they are',
  reallocate: 'Give up the host of a machine that is not Running yet, and claim another',
  forceRelease: 'Let a host go that cannot be cleaned; it is quarantined',
  pause: 'Write nothing to the host until resume',
  resume: 'Go on after pause',
};

interface OperationOptions extends GlobalOptions {
  reason: string;
  actor?: string;
  wait?: true;
  timeout: number;
}

const DEFAULT_TIMEOUT_MS = 3_600_000;
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
      .option('--wait', 'until the machine runs, is gone, or is stuck (that is an error)')
      .addOption(
        new Option('--timeout <duration>', 'how long --wait waits')
          .argParser(parseTimeout)
          .default(DEFAULT_TIMEOUT_MS, '1h'),
      )
      .action((machine: string, _options: object, command: Command) =>
        operate(world, machine, verb, command.optsWithGlobals<OperationOptions>()),
      );
  }
}

function parseTimeout(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('It is no duration such as 90s or 1h30m.');
  return ms;
}

function operate(world: CliWorld, machine: string, verb: OperatorVerb, options: OperationOptions): Promise<void> {
  return withKube(world, options, async (access) => {
    const key = keyOf(machine, options, access);
    const { reason } = options;
    const asked = { verb, reason, actor: await findActor(options.actor, access.kube, world) };
    world.print(await ask(world, access.kube, machine, key, asked));
    if (options.wait) world.print(await waitForMachine(world, needKube(access), key, asked, options.timeout));
  });
}

/** @throws Refusal with the run's own words; CliError also where Temporal cannot be asked, with what Kubernetes takes instead */
async function ask(
  world: CliWorld,
  kube: KubeAccess | undefined,
  machine: string,
  key: ObjectKey,
  { verb, actor, reason }: AskedOperation,
): Promise<string> {
  try {
    return await withTemporal(world.answerTimeoutMs, async (source) => {
      const workflowId = await findWorkflowId(source, kube, machine, key);
      const update = (run: WorkflowHandle) => run.executeUpdate(operationUpdates[verb], { args: [{ actor, reason }] });
      return (await askRun(source, workflowId, update, UNANSWERED)).answer;
    });
  } catch (error) {
    if (!(error instanceof UnreachedError) || kube === undefined) throw error;
    const request = JSON.stringify(`${verb}: ${reason}`);
    const note = `kubectl annotate bmm -n ${key.namespace} ${key.name} ${annotations.operation}=${request}`;
    throw new CliError(`${error.message}. Kubernetes takes the request until Temporal is back: ${note}`, {
      cause: error,
    });
  }
}
