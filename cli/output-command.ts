import { Argument, type Command, InvalidArgumentError } from 'commander';
import type { ObjectKey } from '../api/meta.ts';
import { baremetalMachines, machineInventories, type Resource, secrets } from '../api/resources.ts';
import { type OutputSection, tellOutputs } from '../domain/plan/told-outputs.ts';
import { readEnv } from '../runtime/env.ts';
import { createKubeClient, type KubeClient, KubeApiError } from '../runtime/kube/client.ts';
import type { CliWorld } from './cli-world.ts';
import { CliError } from './failures.ts';

const DEFAULT_LINES = 40;
const MAX_LINES = 100_000;

/** `ironloom output`: what a host said, from its plan Secret, with the rights of whoever asks. */
export function addOutputCommand(program: Command, world: CliWorld): void {
  program
    .command('output')
    .description('Print the end of what a host said about its plan, and about the last one that failed')
    .addArgument(
      new Argument('<namespace/name>', 'the BaremetalMachine, or the MachineInventory of the host').argParser(parseKey),
    )
    .option('--lines <number>', 'how many lines of each output', parseLines, DEFAULT_LINES)
    .action(async (key: ObjectKey, { lines }: { lines: number }) => {
      const client = createKubeClient({
        kubeconfigPath: readEnv().kubeconfigPath,
        userAgent: 'ironloom-cli',
        requestTimeoutMs: world.answerTimeoutMs,
      });
      try {
        world.print(await printOutputs(client, key, lines));
      } finally {
        await client.close();
      }
    });
}

function parseKey(text: string): ObjectKey {
  const [, namespace, name] = /^([a-z0-9.-]+)\/([a-z0-9.-]+)$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined) {
    throw new InvalidArgumentError('It is no <namespace/name> of a BaremetalMachine or a MachineInventory.');
  }
  return { namespace, name };
}

function parseLines(text: string): number {
  const lines = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (lines < 1 || lines > MAX_LINES) throw new InvalidArgumentError(`It is no number from 1 to ${MAX_LINES}.`);
  return lines;
}

async function printOutputs(client: KubeClient, key: ObjectKey, maxLines: number): Promise<string> {
  const secretKey = { namespace: key.namespace, name: await findPlanSecretName(client, key) };
  const secret = await ask(client, secrets, secretKey);
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
  const machine = await ask(client, baremetalMachines, key);
  const named = machine?.status?.planSecretRef?.name;
  if (named !== undefined) return named;
  const host = await ask(client, machineInventories, key);
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

/** undefined when it does not exist. @throws CliError when the API server refuses */
async function ask<T>(client: KubeClient, resource: Resource<T>, key: ObjectKey): Promise<T | undefined> {
  try {
    return await client.find(resource, key);
  } catch (error) {
    if (!(error instanceof KubeApiError) || (error.code !== 403 && error.code !== 401)) throw error;
    const kinds = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
    const needed = `This needs the right to get ${kinds} in namespace ${key.namespace}`;
    throw new CliError(`${needed}: ${error.message}`, { cause: error });
  }
}
