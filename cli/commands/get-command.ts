import { type Command, Option } from 'commander';
import { machinePhases } from '../../api/constants.ts';
import { reasons } from '../../api/conditions.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { hostStates } from '../../domain/report/explain/explain-host.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { CliError } from '../world/failures.ts';
import { readFleet, type SeenFleet } from '../access/fleet-reader.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { hostColumns, hostItems, machineColumns, machineItems, poolColumns, poolItems } from './items.ts';
import { type KindName, kindArgument } from '../world/kinds.ts';
import { type KubeAccess, type MaybeKube, needKube, withKube } from '../access/kube-access.ts';
import { keyOf, optionalName } from '../access/machine-name.ts';
import { type Listing, outputFormats, type OutputFormat, printList, toListing } from '../output/output-format.ts';
import { listRuns } from './run-list.ts';
import { watchLines } from './watch-lines.ts';

export interface GetOptions extends GlobalOptions {
  output?: OutputFormat;
  watch?: true;
  cluster?: string;
  pool?: string;
  phase?: string;
  reason?: string;
  state?: string;
}

/** `ironloom get`: machines, hosts or pools, with where they are and what is to be done. */
export function addGetCommand(program: Command, world: CliWorld): void {
  program
    .command('get')
    .description('List machines, hosts or pools: where they are, since when, and the next verb')
    .addArgument(kindArgument(['machines', 'hosts', 'pools']))
    .addArgument(optionalName())
    .addOption(new Option('-o, --output <format>', 'how it is printed').choices(outputFormats))
    .option('-w, --watch', 'print what changes, until interrupted')
    .option('--cluster <name>', 'of this Cluster only')
    .option('--pool <name>', 'of this pool only')
    .addOption(new Option('--phase <phase>', 'machines in this phase only').choices(machinePhases))
    .addOption(new Option('--reason <reason>', 'machines with this reason only').choices(Object.values(reasons)))
    .addOption(new Option('--state <state>', 'hosts in this state only').choices(hostStates))
    .action((kind: KindName, name: string | undefined, _options: object, command: Command) => {
      const options = command.optsWithGlobals<GetOptions>();
      return withKube(world, options, (access) => get(world, access, kind, name, options));
    });
}

async function get(
  world: CliWorld,
  access: MaybeKube,
  kind: KindName,
  name: string | undefined,
  options: GetOptions,
): Promise<void> {
  const { kube } = access;
  if (kube === undefined) {
    if (kind !== 'machine') needKube(access);
    return listWithout(world, options, `Kubernetes cannot be asked: ${access.missing}`);
  }
  const list = () => look(world, kube, kind, name, options);
  if (options.watch) return watchLines(world, list, options);
  try {
    const { listing, missing } = await list();
    for (const note of missing) world.complain(`note: ${note}`);
    world.print(printList(listing, world, options));
  } catch (error) {
    if (kind !== 'machine' || error instanceof CliError) throw error;
    await listWithout(world, options, error instanceof Error ? error.message : String(error));
  }
}

/** What Temporal alone knows of machines. */
async function listWithout(world: CliWorld, options: GetOptions, why: string): Promise<void> {
  world.complain(`note: ${why}. Machines are listed as Temporal knows them; hosts and pools are not seen`);
  world.print(printList(await listRuns(world, options), world, options));
}

async function look(world: CliWorld, kube: KubeAccess, kind: KindName, name: string | undefined, options: GetOptions) {
  const key = name === undefined ? undefined : keyOf(name, options, { kube });
  const namespace = options.allNamespaces
    ? undefined
    : (key?.namespace ?? options.namespace ?? kube.namespace ?? 'default');
  const seen = await readFleet(kube.client, world, namespace);
  const listing = listingOf(kind, seen, world, options);
  const items = key === undefined ? listing.items : listing.items.filter((item) => item.name === key.name);
  if (key !== undefined && items.length === 0) throw new CliError(`There is no ${kind} ${key.namespace}/${key.name}`);
  return { listing: { ...listing, items, single: key !== undefined }, missing: seen.missing };
}

function listingOf(kind: KindName, seen: SeenFleet, world: CliWorld, options: GetOptions): Listing {
  const { cluster, pool, phase, reason, state } = options;
  const fits = (wanted: string | undefined, value: string): boolean => wanted === undefined || wanted === value;
  switch (kind) {
    case 'machine':
      return {
        kind,
        ...toListing(
          machineColumns(world.now()),
          machineItems(seen).filter(
            (item) =>
              fits(cluster, item.cluster) &&
              fits(pool, item.pool) &&
              fits(phase, item.explained.state) &&
              fits(reason, item.explained.reason),
          ),
        ),
      };
    case 'host':
      return {
        kind,
        ...toListing(
          hostColumns,
          hostItems(seen).filter((item) => fits(pool, item.pool) && fits(state, item.explained.state)),
        ),
      };
    case 'pool':
      return {
        kind,
        ...toListing(
          poolColumns,
          poolItems(seen).filter((item) => fits(cluster, item.cluster) && fits(pool, item.name)),
        ),
      };
    default:
      return assertNever(kind);
  }
}
