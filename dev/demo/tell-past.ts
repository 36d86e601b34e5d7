import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Fact } from './facts.ts';
import type { JournalVariables } from './journal.ts';
import type { DemoStage } from './stage.ts';

const cli = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** What the tool told of a host's past. */
export interface ToldPast {
  host: string;
  /** As people type it. */
  command: string;
  /** A table, its head first. */
  lines: string[];
}

/** Asks the tool, as people do, what happened to a host that a machine gave back. @throws Error when it fails */
export async function tellPast(
  { cluster, site, watch }: DemoStage,
  journal: JournalVariables,
  signal: AbortSignal,
): Promise<ToldPast> {
  const host = watch.view().gone.find((machine) => machine.host !== undefined)?.host;
  if (host === undefined) throw new Error('No machine has given a host back');
  const args = ['history', 'host', host, '-n', site.namespace];
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfigs.admin, ...journal };
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { env, signal });
  return { host, command: ['ironloom', ...args].join(' '), lines: stdout.trimEnd().split('\n') };
}

/** The host's past is known: its pool took it in, a machine had it, and it is free again. */
export function checkPast({ host, lines: [, ...entries] }: ToldPast): Fact {
  const phases = entries.map((entry) => entry.split(/\s+/)[1] ?? '');
  return {
    name: `the journal knows what happened to ${host}: taken into its pool, Allocated, …, Available`,
    holds: phases[0] === 'Available' && phases[1] === 'Allocated' && phases.length > 2 && phases.at(-1) === 'Available',
    seen: phases.join(', ') || 'nothing',
  };
}
