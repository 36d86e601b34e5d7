import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { annotations } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { machineInventories, secrets } from '../../api/resources.ts';
import { findHostUser } from '../../domain/hosts/host-user.ts';
import { type HostVerb, judgeHostVerb } from '../../domain/hosts/host-verbs.ts';
import { readRecordedPlan } from '../../domain/hosts/recorded-plan.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import { findActor } from '../access/actor.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { CliError, Refusal } from '../world/failures.ts';
import { readFleet } from '../access/fleet-reader.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { findObject, type KubeAccess, needKube, tellMissingRight, withKube } from '../access/kube-access.ts';
import { keyOf, nameArgument } from '../access/machine-name.ts';

interface HostOptions extends GlobalOptions {
  reason?: string;
  actor?: string;
  wait?: true;
}

const LOOK_EVERY_MS = 500;

/** The verbs of hosts: written to the annotation that the bridge hears, and judged before by the same function. */
export function addHostCommands(program: Command, world: CliWorld): void {
  const add = (verb: HostVerb, description: string): Command =>
    program
      .command(verb)
      .description(description)
      .addArgument(nameArgument('MachineInventory of the host'))
      .option('--wait', 'until it is done')
      .action((name: string, _options: object, command: Command) =>
        operate(world, verb, name, command.optsWithGlobals<HostOptions>()),
      );
  add('quarantine', 'Keep a host out of allocation, for repair; a stranded one loses its record and is cleaned')
    .requiredOption('--reason <text>', 'why; recorded on the host')
    .option('--actor <name>', 'who asks (default: as Kubernetes knows the user of the kubeconfig)');
  add('unquarantine', 'Let a host in again, as soon as it is clean');
  add('validate', 'Run the checks of its pool on a host that nobody uses, once more');
}

function operate(world: CliWorld, verb: HostVerb, name: string, options: HostOptions): Promise<void> {
  return withKube(world, options, async (access) => {
    const kube = needKube(access);
    const key = keyOf(name, options, access);
    const { reason = '' } = options;
    const verdict = await judge(world, kube, key, verb, reason);
    if (verdict.kind === 'refused') throw new Refusal(verdict.answer);
    const said = verb === 'quarantine' ? `: ${await findActor(options.actor, kube, world)}: ${reason}` : '';
    await ask(kube, key, `${verb}${said}`);
    world.print(verdict.answer);
    if (options.wait) await untilHeard(world, kube, key);
  });
}

/** As the bridge will, as far as that can be seen with the rights of whoever asks. */
async function judge(world: CliWorld, { client }: KubeAccess, key: ObjectKey, verb: HostVerb, reason: string) {
  const { fleet, missing } = await readFleet(client, world, key.namespace);
  const facts = fleet.factsOf(key);
  if (facts.inventory.kind !== 'found') {
    const why =
      facts.inventory.kind === 'missing' ? 'does not exist' : 'cannot be read, and the bridge hears nothing of it';
    throw new CliError(`MachineInventory ${key.namespace}/${key.name} ${why}`);
  }
  for (const note of missing) world.complain(`note: ${note}`);
  const { host } = facts.inventory;
  const { planSecretName } = host;
  const secret =
    planSecretName === undefined
      ? undefined
      : await findObject(client, secrets, { ...key, name: planSecretName }).then(
          (found) => found && viewPlanSecret(found),
          () => 'unread' as const,
        );
  const standing = { host, user: findHostUser(host, facts), plan: readRecordedPlan(host, secret) };
  return judgeHostVerb({ ...standing, asksForChecks: facts.acceptance !== undefined }, verb, reason);
}

async function ask({ client }: KubeAccess, key: ObjectKey, operation: string): Promise<void> {
  try {
    await client.patch(machineInventories, key, { metadata: { annotations: { [annotations.operation]: operation } } });
  } catch (error) {
    throw tellMissingRight(error, 'patch', machineInventories, key.namespace);
  }
}

/** The bridge takes the request away when it is done. */
async function untilHeard(world: CliWorld, { client }: KubeAccess, key: ObjectKey): Promise<void> {
  while (!world.signal.aborted) {
    const host = await findObject(client, machineInventories, key);
    if (host?.metadata.annotations[annotations.operation] === undefined) return;
    await sleep(LOOK_EVERY_MS, undefined, { signal: world.signal }).catch(() => {});
  }
}
