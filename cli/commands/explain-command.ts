import type { Command } from 'commander';
import { secrets } from '../../api/resources.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { assertNever } from '../../domain/assert-never.ts';
import type { HostAcceptance } from '../../domain/inputs/host-acceptance.ts';
import type { SecretSight } from '../../domain/hosts/recorded-plan.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import { tellOutputs } from '../../domain/plan/told-outputs.ts';
import { chooseHost } from '../../domain/pool/candidates.ts';
import { explainHost } from '../../domain/report/explain/explain-host.ts';
import { explainMachine } from '../../domain/report/explain/explain-machine.ts';
import { explainPool, listMembers, type MemberLine } from '../../domain/report/fleet/explain-pool.ts';
import { describePreference } from '../../domain/report/preference-words.ts';
import { describeAge } from '../../domain/report/time-in-phase.ts';
import { describeWay, type Explanation } from '../../domain/report/explain/way.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { CliError, describeCause } from '../world/failures.ts';
import { readFleet, type SeenFleet } from '../access/fleet-reader.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { type KindName, kindArgument } from '../world/kinds.ts';
import { findObject, type KubeAccess, needKube, withKube } from '../access/kube-access.ts';
import { tellLastLives } from './last-lives.ts';
import { keyOf, nameArgument } from '../access/machine-name.ts';
import { createPaint } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { tellRun } from './show-command.ts';

/** `ironloom explain`: why a thing is where it is, in one screen: expected, observed, next, and what ends it. */
export function addExplainCommand(program: Command, world: CliWorld): void {
  program
    .command('explain')
    .description('Explain why a machine, a host or a pool is where it is, and what ends that')
    .addArgument(kindArgument(['machine', 'host', 'pool']))
    .addArgument(nameArgument('machine, host or pool'))
    .action((kind: KindName, name: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      return withKube(world, options, async (access) => {
        if (access.kube === undefined && kind === 'machine') {
          world.complain(
            `note: Kubernetes cannot be asked: ${access.missing}. This is what the run of the machine says`,
          );
          return tellRun(world, access, name, options);
        }
        const kube = needKube(access);
        const key = keyOf(name, options, access);
        const seen = await readFleet(kube.client, world, key.namespace);
        const lines = await explain(kind, key, { seen, kube, world });
        const [title = '', ...rest] = lines.map(printable);
        world.print([createPaint(world, options)('head', title), ...rest].join('\n'));
        for (const note of seen.missing) world.complain(`note: ${note}`);
      });
    });
}

interface Scene {
  seen: SeenFleet;
  kube: KubeAccess;
  world: CliWorld;
}

function explain(kind: KindName, key: ObjectKey, scene: Scene): Promise<string[]> | string[] {
  switch (kind) {
    case 'machine':
      return tellMachine(key, scene);
    case 'host':
      return tellHost(key, scene);
    case 'pool':
      return tellPool(key, scene);
    default:
      return assertNever(kind);
  }
}

function tellMachine(key: ObjectKey, { seen, world }: Scene): string[] {
  const machine = seen.machines.find(({ metadata }) => metadata.name === key.name);
  const view = seen.views.find(({ name }) => name === key.name);
  if (machine === undefined || view === undefined)
    throw new CliError(`There is no BaremetalMachine ${key.namespace}/${key.name}`);
  const explained = explainMachine(machine, seen.fleet.runOf(view.uid));
  const age = describeAge(explained.since, world.now());
  const lines = tell(
    `BaremetalMachine ${key.namespace}/${key.name}`,
    `${explained.state} for ${age} · ${explained.reason}`,
    explained,
    key,
  );
  if (view.inventory !== undefined)
    lines.push(`Host      ${view.inventory} (ironloom explain host ${view.inventory} -n ${key.namespace})`);
  const domain = machine.status?.failureDomain;
  if (domain !== undefined) lines.push(`Domain    ${domain}`);
  const preference = describePreference(view.preference);
  if (preference !== '') lines.push(`Prefers   ${preference}`);
  const pool = seen.pools.find(({ name }) => name === view.pool);
  if (pool === undefined || !view.waitsForHost) return lines;
  const choice = chooseHost(pool.members, seen.fleet.lookup(pool, view), seen.fleet.choiceOf(view));
  const turn = choice.kind === 'host' ? `It would claim ${choice.host.name} now` : choice.message;
  return [
    ...lines,
    '',
    `Hosts of pool ${pool.name}, in its order: ${turn}`,
    ...tellMembers(listMembers(pool, seen.fleet, view), key),
  ];
}

async function tellHost(key: ObjectKey, { seen, kube, world }: Scene): Promise<string[]> {
  const known = seen.fleet.factsOf(key);
  if (known.inventory.kind === 'missing' && known.pool === undefined) {
    throw new CliError(`There is no MachineInventory ${key.namespace}/${key.name}, and no pool names one`);
  }
  const { sight, outputs } = await lookIntoSecret(
    known.inventory.kind === 'found' ? known.inventory.host : undefined,
    seen,
    kube,
  );
  const facts = sight === undefined ? known : seen.fleet.factsOf(key, sight);
  const explained = explainHost(facts);
  const lines = tell(`MachineInventory ${key.namespace}/${key.name}`, explained.state, explained, key);
  const { inventory, pool } = facts;
  if (inventory.kind !== 'found') return lines;
  const { owner, plan, failedReprovision, failureDomain, lastGroup, acceptance } = inventory.host;
  return [
    ...lines,
    `Pool      ${pool ?? 'none'}`,
    ...(failureDomain === undefined ? [] : [`Domain    ${failureDomain}`]),
    `Owner     ${owner === undefined ? 'none' : `BaremetalMachine ${owner.baremetalMachine}, Machine ${owner.machine}, Cluster ${owner.cluster}`}`,
    ...(lastGroup === undefined
      ? []
      : [`Last      ${lastGroup}: its machines with hostReuse Prefer claim the host first`]),
    `Plan      ${plan?.attemptId ?? 'none is recorded'}`,
    ...(failedReprovision === undefined
      ? []
      : [`Failed    ${failedReprovision}: other hosts are claimed before this one`]),
    ...tellChecks(acceptance),
    ...outputs.map((text) => `Said      ${text}`),
    ...(await tellLastLives(key, world.now().getTime(), seen.missing)),
  ];
}

/** What the checks of its pool found, the last time. */
function tellChecks(acceptance: HostAcceptance | undefined): string[] {
  if (acceptance === undefined) return [];
  const { state, since, results } = acceptance;
  const again = acceptance.checks === undefined ? '; they are to be done again' : '';
  const lines = [`Checks    ${state} since ${since ?? 'an unknown time'}${again}`];
  if (results?.timedOut === true)
    lines.push('Check     the host said nothing in time; is it on, and does its agent run?');
  if (results?.problem !== undefined) lines.push(`Check     ${results.problem}`);
  for (const { name, passed, measured, message } of results?.checks ?? []) {
    const found = [measured, message].filter((text) => text !== '').join('; ');
    lines.push(`Check     ${name} ${passed ? 'passed' : 'failed'}${found === '' ? '' : `: ${found}`}`);
  }
  return lines;
}

/** What its plan Secret says, with the rights of whoever asks; without them the host is explained all the same. */
async function lookIntoSecret(
  host: { namespace: string; planSecretName: string | undefined } | undefined,
  { missing }: SeenFleet,
  { client }: KubeAccess,
): Promise<{ sight: SecretSight; outputs: string[] }> {
  if (host?.planSecretName === undefined) return { sight: undefined, outputs: [] };
  try {
    const secret = await findObject(client, secrets, { namespace: host.namespace, name: host.planSecretName });
    if (secret === undefined) return { sight: undefined, outputs: [] };
    const outputs = tellOutputs(secret, 1).filter(({ title }) => title.startsWith('Failed'));
    return { sight: viewPlanSecret(secret), outputs: outputs.map(({ title }) => title) };
  } catch (error) {
    missing.push(`What the host said is not seen: ${describeCause(error)}`);
    return { sight: 'unread', outputs: [] };
  }
}

function tellPool(key: ObjectKey, { seen }: Scene): string[] {
  const pool = seen.pools.find(({ name }) => name === key.name);
  if (pool === undefined) throw new CliError(`There is no MachineInventoryPool ${key.namespace}/${key.name}`);
  const explained = explainPool(pool, seen.fleet, seen.views);
  const lines = tell(`MachineInventoryPool ${key.namespace}/${key.name}`, explained.state, explained, key);
  return [...lines, '', 'Hosts, in its order', ...tellMembers(listMembers(pool, seen.fleet), key)];
}

function tell(title: string, state: string, { expected, observed, next, ways }: Explanation, key: ObjectKey): string[] {
  return [
    `${title} · ${state}`,
    `Expected  ${expected}`,
    `Observed  ${observed}`,
    `Next      ${next}`,
    ...ways.map((way) => `Way out   ${describeWay(way, key)}  → ${way.leads}`),
  ];
}

function tellMembers(members: readonly MemberLine[], { namespace }: ObjectKey): string[] {
  const width = Math.max(0, ...members.map(({ host }) => host.length));
  const domains = members.map(({ failureDomain = '' }) => failureDomain);
  const domainWidth = Math.max(0, ...domains.map(({ length }) => length));
  return members.map(({ host, failureDomain = '', problem, way }) => {
    const name = host.padEnd(width) + (domainWidth === 0 ? '' : `  ${failureDomain.padEnd(domainWidth)}`);
    if (problem === undefined) return `  ${name}  is free`;
    const out = way === undefined ? '' : `  → ${describeWay(way, { namespace, name: host })}`;
    return `  ${name}  ${problem}${out}`;
  });
}
