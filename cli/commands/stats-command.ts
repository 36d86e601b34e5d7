import { type Command, Option } from 'commander';
import { tellDuration } from '../../domain/report/duration-words.ts';
import { readStats, statsGroups, type StepStats } from '../../journal/queries.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { withJournal } from '../access/journal-access.ts';
import { withKube } from '../access/kube-access.ts';
import { momentOption } from '../world/moment.ts';
import { printRecords, type RecordOptions, recordOutputOption } from '../output/record-output.ts';
import type { Column } from '../output/table.ts';

interface StatsOptions extends RecordOptions {
  by: keyof typeof statsGroups;
  since?: number;
}

const group: Column<StepStats> = { head: 'OF', key: 'of', text: (stats) => stats.group };
const columns: readonly Column<StepStats>[] = [
  { head: 'STEP', key: 'step', text: ({ step }) => step },
  { head: 'FAILED', key: 'failures', text: ({ failures }) => String(failures) },
  { head: 'COUNT', key: 'count', text: ({ count }) => String(count) },
  { head: 'P50', key: 'p50', text: ({ p50Ms }) => tellDuration(p50Ms) },
  { head: 'P90', key: 'p90', text: ({ p90Ms }) => tellDuration(p90Ms) },
  { head: 'P99', key: 'p99', text: ({ p99Ms }) => tellDuration(p99Ms) },
];

const DAY_MS = 24 * 3_600_000;
const DEFAULT_DAYS = 90;

/** `ironloom stats`: how long each step of a life takes here, and how often it fails. */
export function addStatsCommand(program: Command, world: CliWorld): void {
  const kinds = Object.keys(statsGroups);
  program
    .command('stats')
    .description('How long each step of a life takes, and how often it fails, from the journal')
    .addOption(new Option('--by <what>', 'apart by pool, image or host').choices(kinds).default('step'))
    .addOption(momentOption('--since <time>', `only what came later (default: ${DEFAULT_DAYS}d)`, world))
    .addOption(recordOutputOption())
    .action((_options: object, command: Command) => tell(world, command.optsWithGlobals<StatsOptions>()));
}

async function tell(world: CliWorld, options: StatsOptions): Promise<void> {
  const { by, since = world.now().getTime() - DEFAULT_DAYS * DAY_MS } = options;
  const own = await withKube(world, options, async ({ kube }) => options.namespace ?? kube?.namespace ?? 'default');
  const namespace = options.allNamespaces ? undefined : own;
  const stats = await withJournal((pool) =>
    readStats(pool, { by, namespaces: namespace === undefined ? undefined : [namespace], sinceMs: since }),
  );
  if (stats.length === 0) world.complain(`note: the journal knows of no step in ${namespace ?? 'any namespace'}`);
  const [step, ...others] = columns;
  const shown = step === undefined || by === 'step' ? columns : [step, group, ...others];
  const toneOf = ({ failures }: StepStats) => (failures > 0 ? 'stuck' : 'well');
  printRecords(shown, stats, world, { ...options, toneOf, asJson: stats });
}
