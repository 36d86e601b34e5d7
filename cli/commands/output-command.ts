import { type Command, InvalidArgumentError } from 'commander';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachines, machineInventories, secrets } from '../../api/resources.ts';
import { type OutputSection, tellOutputs } from '../../domain/plan/told-outputs.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { CliError } from '../world/failures.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { findObject, needKube, withKube } from '../access/kube-access.ts';
import { keyOf, nameArgument } from '../access/machine-name.ts';

const DEFAULT_LINES = 40;
const MAX_LINES = 100_000;

interface OutputOptions extends GlobalOptions {
  lines: number;
}

/** `ironloom output`: what a host said, from its plan Secret, with the rights of whoever asks. */
export function addOutputCommand(program: Command, world: CliWorld): void {
  program
    .command('output')
    .description('Print the end of what a host said about its plan, and about the last one that failed')
    .addArgument(nameArgument('BaremetalMachine, or of the MachineInventory of the host'))
    .option('--lines <number>', 'how many lines of each output', parseLines, DEFAULT_LINES)
    .action(async (name: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<OutputOptions>();
      await withKube(world, options, async (access) =>
        world.print(await printOutputs(needKube(access).client, keyOf(name, options, access), options.lines)),
      );
    });
}

function parseLines(text: string): number {
  const lines = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (lines < 1 || lines > MAX_LINES) throw new InvalidArgumentError(`It is no number from 1 to ${MAX_LINES}.`);
  return lines;
}

async function printOutputs(client: KubeClient, key: ObjectKey, maxLines: number): Promise<string> {
  const secretKey = { namespace: key.namespace, name: await findPlanSecretName(client, key) };
  const secret = await findObject(client, secrets, secretKey);
  const where = `Secret ${secretKey.namespace}/${secretKey.name}`;
  if (secret === undefined) throw new CliError(`${where} does not exist: what the host said is gone with it`);
  const sections = tellOutputs(secret, maxLines);
  if (sections.length === 0) return `Nothing: ${where} holds no output of a plan`;
  return sections.map(printSection).join('\n\n');
}

function printSection({ title, text }: OutputSection): string {
  return `== ${title}\n${text}`;
}

/** A machine goes before a host of the same name. @throws CliError when neither is there, or names no Secret */
async function findPlanSecretName(client: KubeClient, key: ObjectKey): Promise<string> {
  const machine = await findObject(client, baremetalMachines, key);
  const named = machine?.status?.planSecretRef?.name;
  if (named !== undefined) return named;
  const host = await findObject(client, machineInventories, key);
  const secret = host?.status?.plan?.secretRef?.name;
  if (secret !== undefined) return secret;
  const name = `${key.namespace}/${key.name}`;
  if (host !== undefined) throw new CliError(`MachineInventory ${name} names no plan Secret yet`);
  throw new CliError(
    machine === undefined
      ? `There is neither a BaremetalMachine nor a MachineInventory ${name}`
      : `BaremetalMachine ${name} holds no host; name the host that it had`,
  );
}
