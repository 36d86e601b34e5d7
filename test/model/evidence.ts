import { copyFile, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Client } from '@temporalio/client';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import type { HistoryEntry } from './history.ts';
import { describeEntry } from './judge.ts';
import type { Lane } from './lane.ts';

/** Leaves what a sequence was seen to do, the logs of its processes, and the histories of its runs in a new folder; answers its path. */
export async function keepEvidence(
  entries: readonly HistoryEntry[],
  { logs, namespace, temporal }: Pick<Lane, 'logs' | 'namespace' | 'temporal'>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ironloom-model-'));
  const lines = entries.map(
    (entry) =>
      `${entry.revision} step ${entry.step} at ${Math.round(entry.seenAtMs)} ms ${entry.kind} ${describeEntry(entry)}`,
  );
  await writeFile(join(folder, 'history.txt'), `${lines.join('\n')}\n`);
  const names = (await readdir(logs)).filter((name) => name.startsWith(namespace));
  await Promise.all(names.map((name) => copyFile(join(logs, name), join(folder, name))));
  await Promise.all(machinesIn(entries).map((machine) => keepHistory(temporal, machine, folder)));
  return folder;
}

function machinesIn(entries: readonly HistoryEntry[]): MachineRef[] {
  const machines = entries.flatMap(({ kind, object }) => (kind === 'machine' ? [refOf(object.metadata)] : []));
  return [...new Map(machines.map((machine) => [machine.uid, machine])).values()];
}

const refOf = ({ namespace, name, uid }: MachineRef): MachineRef => ({ namespace, name, uid });

/** Of the machine's last run, if Temporal still has it. */
async function keepHistory(temporal: Client, machine: MachineRef, folder: string): Promise<void> {
  const handle = temporal.workflow.getHandle(machineWorkflowId(machine));
  const history = await handle.fetchHistory().catch(() => undefined);
  if (history === undefined) return;
  const name = `${machine.name}-${machine.uid.slice(0, 8)}.json`;
  await writeFile(join(folder, name), historyToJSON(history));
}
