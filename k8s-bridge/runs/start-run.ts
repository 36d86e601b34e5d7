import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { searchAttributeNames, WITHOUT_ATTRIBUTES_MEMO } from '../../api/constants.ts';
import type { MachineRef, MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { MACHINE_LIFECYCLE, machineWorkflowId } from '../../domain/life/run-id.ts';
import { findDetails, grpcCodes } from '../../runtime/temporal/connection.ts';
import { machineObservedSignal, type MachineLifecycleInput } from '../../workflows/messages.ts';

/** By what a run can be found in the Temporal UI from its first moment on. */
export interface RunLabels {
  cluster: string | undefined;
  pool: string;
}

/** Which search attributes a run may be started with: a server refuses a start with one that it does not know. */
export interface StartAttributes {
  isUsable(name: string): boolean;
  /** A start was refused for its search attributes, and went on without any. */
  noteRefused(why: string): void;
}

export interface StartOptions {
  taskQueue: string;
  attributes: StartAttributes;
}

/** What a run is told with, and started for. */
interface Start {
  machine: MachineRef;
  snapshot: MachineSnapshot;
  labels: RunLabels;
}

const clusterKey = defineSearchAttributeKey(searchAttributeNames.cluster, 'KEYWORD');
const poolKey = defineSearchAttributeKey(searchAttributeNames.pool, 'KEYWORD');

/**
 * Tells the machine's run what is seen, and starts the run if there is none. It can be found by as many of its labels as
 * the server takes.
 * @throws when Temporal does not answer, or refuses the start for another reason than its search attributes
 */
export async function signalWithStart(client: Client, start: Start, options: StartOptions): Promise<void> {
  const { attributes } = options;
  const without = Object.values(searchAttributeNames).filter((name) => !attributes.isUsable(name));
  const memo = without.length === 0 ? {} : { memo: { [WITHOUT_ATTRIBUTES_MEMO]: without } };
  const labels = pairsOf(start.labels).filter(({ key }) => attributes.isUsable(key.name));
  try {
    await send(client, start, options.taskQueue, { typedSearchAttributes: labels, ...memo });
  } catch (error) {
    const refusal = labels.length === 0 ? undefined : findRefusal(error);
    if (refusal === undefined) throw error;
    attributes.noteRefused(refusal);
    await send(client, start, options.taskQueue, memo);
  }
}

/** By what the run can be found, and by what it cannot. */
interface Findable {
  typedSearchAttributes?: ReturnType<typeof pairsOf>;
  memo?: Record<string, readonly string[]>;
}

async function send(client: Client, start: Start, taskQueue: string, found: Findable): Promise<void> {
  const { machine, snapshot } = start;
  await client.workflow.signalWithStart(MACHINE_LIFECYCLE, {
    workflowId: machineWorkflowId(machine),
    taskQueue,
    args: [{ machine } satisfies MachineLifecycleInput],
    signal: machineObservedSignal,
    signalArgs: [snapshot],
    staticSummary: `BaremetalMachine ${machine.namespace}/${machine.name}`,
    ...found,
    // A run that was terminated, or lost, is started again and adopts what it finds.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}

function pairsOf({ cluster, pool }: RunLabels) {
  return [{ key: poolKey, value: pool }, ...(cluster === undefined ? [] : [{ key: clusterKey, value: cluster }])];
}

/** The server's words when it refuses search attributes; it learns of new ones up to a minute late. */
function findRefusal(error: unknown): string | undefined {
  const details = findDetails(error, grpcCodes.invalidArgument);
  return details !== undefined && /search attribute/i.test(details) ? details : undefined;
}
