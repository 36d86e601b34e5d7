import { defineSearchAttributeKey } from '@temporalio/common';
import { searchAttributeNames } from '../../api/constants.ts';
import { parseMachineWorkflowId } from '../../domain/life/run-id.ts';
import { machineRunQuery } from '../../domain/life/run-query.ts';
import type { CliWorld } from '../world/cli-world.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import type { Line, Listing } from '../output/output-format.ts';
import { printable } from '../output/printable.ts';
import type { Column } from '../output/table.ts';
import { withTemporal } from '../access/temporal-client.ts';

interface RunFilters extends GlobalOptions {
  cluster?: string;
  pool?: string;
  phase?: string;
  reason?: string;
}

const attributes = ['phase', 'inventory', 'reason', 'cluster', 'pool'] as const;
const filters = ['cluster', 'pool', 'phase', 'reason'] as const;

const column = (head: string, key: string): Column<Line> => ({ head, key, text: ({ texts }) => texts[key] ?? '' });
const columns = [
  column('NAME', 'name'),
  column('PHASE', 'phase'),
  column('HOST', 'inventory'),
  column('REASON', 'reason'),
  column('CLUSTER', 'cluster'),
  column('POOL', 'pool'),
  column('RUN-SINCE', 'runSince'),
];

/** The open runs of our task queue, by what they can be found by in the Temporal UI, too. */
export async function listRuns(world: CliWorld, options: RunFilters): Promise<Listing> {
  const given = filters.flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [[searchAttributeNames[name], value] as const];
  });
  const { namespace, allNamespaces } = options;
  const only = namespace === undefined || allNamespaces ? {} : { idPrefix: `machine/${namespace}/` };
  const items = await withTemporal(world.answerTimeoutMs, async ({ client, taskQueue }) => {
    const query = machineRunQuery(taskQueue, { open: true, attributes: Object.fromEntries(given), ...only });
    const lines: Line[] = [];
    for await (const run of client.workflow.list({ query })) {
      const machine = parseMachineWorkflowId(run.workflowId);
      const texts = attributes.map((name) => {
        const key = defineSearchAttributeKey(searchAttributeNames[name], 'KEYWORD');
        return [name, printable(run.typedSearchAttributes.get(key) ?? '')] as const;
      });
      const name = machine?.name ?? printable(run.workflowId);
      const runSince = run.startTime.toISOString();
      lines.push({
        namespace: machine?.namespace ?? '',
        name,
        stuck: false,
        calm: false,
        texts: { name, ...Object.fromEntries(texts), runSince },
      });
    }
    return lines;
  });
  return { kind: 'machine', columns, items };
}
