import { InvalidArgumentError, type Command } from 'commander';
import { CliError } from '../world/failures.ts';
import type { CliWorld } from '../world/cli-world.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { foreseeClaims } from '../../domain/report/fleet/foresee-claims.ts';
import { tellSlots } from '../../domain/report/fleet/slot-use.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { readFleet, type SeenFleet } from '../access/fleet-reader.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { needKube, withKube } from '../access/kube-access.ts';
import { keyOf, machineArgument, nameArgument } from '../access/machine-name.ts';
import { readDeployment } from './machine-deployment.ts';
import { previewPlan } from './plan-preview.ts';
import { tellPlanTime } from './plan-time.ts';
import { printable } from '../output/printable.ts';
import type { ObjectKey } from '../../api/meta.ts';

/** `ironloom plan`: what would happen, by the functions that do it; nothing is written. */
export function addPlanCommand(program: Command, world: CliWorld): void {
  const plan = program.command('plan').description('Show what would happen; nothing is written');
  plan
    .command('machine')
    .description('Which host it would claim, the image, the network, and the plan beside the one that stands there')
    .addArgument(machineArgument())
    .action((name: string, _options: object, command: Command) => show(world, name, command, planMachine));
  plan
    .command('scale')
    .description('Which hosts the new machines of a MachineDeployment would claim')
    .addArgument(nameArgument('MachineDeployment'))
    .argument('<replicas>', 'how many machines it should have', parseReplicas)
    .action((name: string, replicas: number, _options: object, command: Command) =>
      show(world, name, command, (question) => planScale(question, replicas)),
    );
}

function parseReplicas(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It is no number of machines.');
  return Number(text);
}

/** What the answers are made of. */
interface Question {
  key: ObjectKey;
  seen: SeenFleet;
  client: KubeClient;
  now: Date;
}

type Tell = (question: Question) => Promise<string[]>;

function show(world: CliWorld, name: string, command: Command, tell: Tell): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  return withKube(world, options, async (access) => {
    const { client } = needKube(access);
    const key = keyOf(name, options, access);
    const seen = await readFleet(client, world, key.namespace);
    const lines = await tell({ key, seen, client, now: world.now() });
    world.print(lines.map(printable).join('\n'));
    for (const note of seen.missing) world.complain(`note: ${note}`);
  });
}

async function planMachine({ key, seen, client, now }: Question): Promise<string[]> {
  const machine = seen.machines.find(({ metadata }) => metadata.name === key.name);
  const view = seen.views.find(({ name }) => name === key.name);
  if (machine === undefined || view === undefined) {
    throw new CliError(`There is no BaremetalMachine ${key.namespace}/${key.name}`);
  }
  const title = `BaremetalMachine ${key.namespace}/${key.name} · ${view.phase ?? 'New'}`;
  if (view.deleting || view.providerID !== undefined) {
    const host = view.inventory ?? 'none';
    return [
      title,
      `Host      ${host}, which it has`,
      'Plan      The clean plan of its deletion comes next; it wipes nothing',
    ];
  }
  const pool = seen.pools.find(({ name }) => name === view.pool);
  if (pool === undefined) return [title, `Host      none: there is no pool ${view.pool}`];
  const [claim] = foreseeClaims(pool, seen.fleet, seen.views, 0).filter(({ claimant }) => claimant?.uid === view.uid);
  const own = view.inventory;
  const chosen = claim?.choice.kind === 'host' ? claim.choice.host.name : undefined;
  const host = own ?? chosen;
  if (host === undefined)
    return [
      title,
      `Host      none: ${claim?.choice.kind === 'exhausted' ? claim.choice.message : 'it does not wait for one'}`,
    ];
  const how = own === undefined ? `the one that it would claim of pool ${pool.name}` : 'which it has';
  const preview = await previewPlan({ client, machine, view, pool, seen, host, now });
  return [title, `Host      ${host}, ${how}`, ...slotLines(pool), ...preview];
}

async function planScale({ key, seen, client, now }: Question, replicas: number): Promise<string[]> {
  const deployment = await readDeployment(client, key);
  const { current, poolName, failureDomain, preference } = deployment;
  const title = `MachineDeployment ${key.namespace}/${key.name} · ${current} machines, ${replicas} wanted, of pool ${poolName}${failureDomain === undefined ? '' : `, failure domain ${failureDomain}`}`;
  if (replicas <= current) {
    const gone = current - replicas;
    return [
      title,
      gone === 0
        ? 'Nothing changes'
        : `${gone} machines go: Cluster API chooses which; each host is cleaned and free again`,
    ];
  }
  const pool = seen.pools.find(({ name }) => name === poolName);
  if (pool === undefined) return [title, `There is no pool ${poolName}: the new machines wait for it`];
  const claims = foreseeClaims(pool, seen.fleet, seen.views, replicas - current, { failureDomain, preference });
  const waiting = claims.filter(({ claimant }) => claimant !== undefined).length;
  const lines = claims.map(({ claimant, choice }, index) => {
    const who = claimant === undefined ? `new machine ${index + 1 - waiting}` : `${claimant.name}, which waits,`;
    return `  ${who} ${choice.kind === 'host' ? `claims ${choice.host.name}` : `waits: ${choice.message}`}`;
  });
  const took = await tellPlanTime({ namespace: key.namespace, pool: pool.name }, seen, now);
  return [title, ...lines, ...slotLines(pool), `Took      ${took}`];
}

function slotLines(pool: PoolView): string[] {
  const slots = tellSlots(pool);
  return slots === undefined ? [] : [`Slots     ${slots}`];
}
