import { defineSearchAttributeKey } from '@temporalio/common';
import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import { machinePhases, searchAttributeNames } from '../api/constants.ts';
import { parseMachineWorkflowId } from '../domain/life/run-id.ts';
import { machineRunQuery } from '../domain/life/run-query.ts';
import type { CliWorld } from './cli-world.ts';
import { withTemporal } from './temporal-client.ts';

interface ListOptions {
  cluster?: string;
  pool?: string;
  phase?: string;
  reason?: string;
}

/** `ironloom list`: the open runs, filtered by what they can be found by in the Temporal UI, too. */
export function addListCommand(program: Command, world: CliWorld): void {
  program
    .command('list')
    .description('List the machines that have an open run')
    .option('--cluster <name>', 'of this Cluster only')
    .option('--pool <name>', 'of this pool only')
    .addOption(new Option('--phase <phase>', 'in this phase only').choices(machinePhases))
    .option('--reason <reason>', 'whose Ready condition has this reason only')
    .action((options: ListOptions) => printRuns(world, options));
}

async function printRuns(world: CliWorld, options: ListOptions): Promise<void> {
  const columns = ['cluster', 'pool', 'inventory', 'phase', 'reason'] as const;
  const table = new Table({ head: ['Machine', 'Cluster', 'Pool', 'Host', 'Phase', 'Reason', 'Since'] });
  await withTemporal(world.answerTimeoutMs, async ({ client, taskQueue }) => {
    for await (const run of client.workflow.list({ query: toQuery(taskQueue, options) })) {
      const machine = parseMachineWorkflowId(run.workflowId);
      const cells = columns.map((column) => {
        const key = defineSearchAttributeKey(searchAttributeNames[column], 'KEYWORD');
        return printable(run.typedSearchAttributes.get(key) ?? '');
      });
      const name = machine === undefined ? printable(run.workflowId) : `${machine.namespace}/${machine.name}`;
      table.push([name, ...cells, run.startTime.toISOString()]);
    }
  });
  world.print(table.toString());
}

/** Whoever may start workflows chooses their ids: what could deceive a terminal is replaced. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '\u{FFFD}');
}

function toQuery(taskQueue: string, options: ListOptions): string {
  const given = (['cluster', 'pool', 'phase', 'reason'] as const).flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [[searchAttributeNames[name], value] as const];
  });
  return machineRunQuery(taskQueue, { open: true, attributes: Object.fromEntries(given) });
}
