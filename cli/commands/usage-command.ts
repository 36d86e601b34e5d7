import type { Command } from 'commander';
import { type ClosedUse, usesOf, usesWithin } from '../../domain/journal/uses.ts';
import { readHostsOf } from '../../journal/queries.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { UsageError } from '../world/failures.ts';
import { withJournal } from '../access/journal-access.ts';
import { withKube } from '../access/kube-access.ts';
import { keyOf } from '../access/machine-name.ts';
import { momentOption } from '../world/moment.ts';
import { printRecords, type RecordOptions, recordOutputOption } from '../output/record-output.ts';
import type { Column } from '../output/table.ts';

interface UsageOptions extends RecordOptions {
  cluster: string;
  from: number;
  to?: number;
}

const HOUR_MS = 3_600_000;

const columns: readonly Column<ClosedUse>[] = [
  { head: 'HOST', key: 'host', text: ({ host }) => host },
  { head: 'MACHINE', key: 'machine', text: ({ machine }) => machine.name },
  { head: 'GROUP', key: 'group', text: ({ group }) => group ?? '' },
  { head: 'POOL', key: 'pool', text: ({ pool }) => pool },
  { head: 'FROM', key: 'from', text: ({ fromMs }) => new Date(fromMs).toISOString() },
  { head: 'TO', key: 'to', text: ({ toMs }) => new Date(toMs).toISOString() },
  { head: 'HOURS', key: 'hours', text: (use) => hoursOf([use]).toFixed(2) },
];

/** `ironloom usage`: which hosts a cluster used when, from Allocated to Available, and their sum. */
export function addUsageCommand(program: Command, world: CliWorld): void {
  program
    .command('usage')
    .description('Which hosts a cluster used when, and the sum of it, from the journal')
    .requiredOption('--cluster <name>', 'the Cluster')
    .addOption(momentOption('--from <time>', 'begin', world).makeOptionMandatory())
    .addOption(momentOption('--to <time>', 'end (default: now)', world))
    .addOption(recordOutputOption())
    .action((_options: object, command: Command) => tell(world, command.optsWithGlobals<UsageOptions>()));
}

async function tell(world: CliWorld, options: UsageOptions): Promise<void> {
  const { from: fromMs, to: toMs = world.now().getTime() } = options;
  if (fromMs >= toMs) throw new UsageError('--from is not before --to');
  const key = await withKube(world, options, async (access) => keyOf(options.cluster, options, access));
  const { namespace, name: cluster } = key;
  const entries = await withJournal((pool) => readHostsOf(pool, { namespace, cluster, untilMs: toMs }));
  const uses = [...Map.groupBy(entries, ({ host }) => host).values()]
    .flatMap((ofHost) => usesWithin(usesOf(ofHost), fromMs, toMs))
    .filter((use) => use.cluster === cluster)
    .toSorted((a, b) => a.host.localeCompare(b.host) || a.fromMs - b.fromMs);
  const hours = hoursOf(uses);
  const asJson = { cluster, namespace, from: toTime(fromMs), to: toTime(toMs), hours, uses: uses.map(toJson) };
  printRecords(columns, uses, world, { ...options, asJson });
  if (options.output === undefined) {
    const hosts = new Set(uses.map(({ host }) => host)).size;
    world.print(`${hosts} hosts, ${hours.toFixed(2)} hours`);
  }
}

function toJson({ fromMs, toMs, ...use }: ClosedUse) {
  return { ...use, from: toTime(fromMs), to: toTime(toMs), hours: hoursOf([{ fromMs, toMs }]) };
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

function hoursOf(uses: readonly { fromMs: number; toMs: number }[]): number {
  return uses.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / HOUR_MS;
}
