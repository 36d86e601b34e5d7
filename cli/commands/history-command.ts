import { Argument, type Command } from 'commander';
import type { Pool } from 'pg';
import type { HostEntry } from '../../domain/journal/host-entry.ts';
import { tellCause, tellStep } from '../../domain/journal/told-lives.ts';
import { tellDuration } from '../../domain/report/duration-words.ts';
import { type HistoryQuestion, readHistory, readHostHistory } from '../../journal/queries.ts';
import type { ReadEntry } from '../../journal/rows.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { withJournal } from '../access/journal-access.ts';
import { withKube } from '../access/kube-access.ts';
import { keyOf, nameArgument } from '../access/machine-name.ts';
import { momentOption } from '../world/moment.ts';
import { printRecords, type RecordOptions, recordOutputOption } from '../output/record-output.ts';
import type { Column } from '../output/table.ts';

interface HistoryOptions extends RecordOptions {
  since?: number;
}

/** The newest entries; a host of many years has more. */
const MAX_ENTRIES = 10_000;

/** What a run tells, or the bridge of a host. */
type HistoryLine = ReadEntry | HostEntry;

const columns: readonly Column<HistoryLine>[] = [
  { head: 'AT', key: 'at', text: ({ at }) => new Date(at).toISOString() },
  { head: 'TO', key: 'to', text: ({ to }) => to },
  { head: 'FROM', key: 'from', text: ({ from }) => from ?? '' },
  { head: 'AFTER', key: 'after', text: ({ durationMs }) => tellDuration(durationMs) },
  { head: 'REASON', key: 'reason', text: ({ reason }) => reason ?? '' },
  { head: 'STEP', key: 'step', text: tellStep },
  { head: 'CAUSE', key: 'cause', text: tellCause },
  { head: 'HOST', key: 'host', text: ({ host }) => host ?? '' },
  { head: 'MACHINE', key: 'machine', text: ({ machine }) => machine?.name ?? '' },
  { head: 'CLUSTER', key: 'cluster', text: ({ cluster }) => cluster ?? '' },
];

/** `ironloom history`: what the journal knows of a machine, a host or a cluster, also when it is long gone. */
export function addHistoryCommand(program: Command, world: CliWorld): void {
  program
    .command('history')
    .description('What happened to a machine, a host or a cluster, from the journal, also when it is long gone')
    .addArgument(new Argument('<kind>', 'whose past').choices(['machine', 'host', 'cluster']))
    .addArgument(nameArgument('machine, host or cluster'))
    .addOption(momentOption('--since <time>', 'only what came later', world))
    .addOption(recordOutputOption())
    .action((kind: HistoryQuestion['kind'], name: string, _options: object, command: Command) =>
      tell(world, kind, name, command.optsWithGlobals<HistoryOptions>()),
    );
}

async function tell(
  world: CliWorld,
  kind: HistoryQuestion['kind'],
  text: string,
  options: HistoryOptions,
): Promise<void> {
  const key = await withKube(world, options, async (access) => keyOf(text, options, access));
  const question = { kind, ...key, sinceMs: options.since ?? 0, limit: MAX_ENTRIES };
  const entries = await withJournal((pool) => readLines(pool, question));
  if (entries.length === 0) world.complain(`note: the journal knows nothing of ${kind} ${key.namespace}/${key.name}`);
  if (entries.length === MAX_ENTRIES) world.complain(`note: only the last ${MAX_ENTRIES} entries; --since tells more`);
  const asJson = entries.map((entry) => ({ ...entry, at: new Date(entry.at).toISOString() }));
  const toneOf = ({ to }: HistoryLine) => (to === 'Failed' || to === 'NotAccepted' ? 'stuck' : 'well');
  printRecords(columns, entries, world, { ...options, toneOf, asJson });
}

async function readLines(pool: Pool, question: HistoryQuestion): Promise<HistoryLine[]> {
  const [ofRuns, ofBridge] = await Promise.all([
    readHistory(pool, question),
    question.kind === 'host' ? readHostHistory(pool, question) : [],
  ]);
  return [...ofRuns, ...ofBridge].toSorted((a, b) => a.at - b.at).slice(-question.limit);
}
