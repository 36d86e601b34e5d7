import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlanRun } from './plan-run.ts';
import type { RunResult } from './agent.ts';
import type { HostCommandFolder } from '../os/command-folder.ts';
import type { HostDisk } from '../os/disk.ts';
import type { HostPlanInstruction, HostPlanPeriodic, OutputMap } from '../../elemental/host-plan.ts';
import { createLineCapture } from './line-capture.ts';

export interface HostScriptOptions {
  disk: HostDisk;
  commands: HostCommandFolder;
  /** Waited for before the first instruction, in milliseconds. */
  slowMs: number;
  /** Its abort kills what runs; the run then rejects with its reason. */
  signal: AbortSignal;
}

/** Stands for systemd's minute and a half. */
const KILL_AFTER_MS = 500;
const workFolder = '/var/lib/elemental/agent/work';

/**
 * Runs a plan in the host's folder: files in order, then the instructions up to the first failure.
 * @throws UnreportedPlanError for a file that cannot be written
 */
export async function runHostPlan(run: PlanRun, options: HostScriptOptions): Promise<RunResult> {
  const { disk, signal } = options;
  await sleep(options.slowMs, undefined, { signal });
  for (const file of run.plan.files) await disk.applyFile(file);
  await disk.remove(workFolder);
  const outputs: OutputMap = { ...run.outputs };
  for (const [index, instruction] of run.plan.instructions.entries()) {
    signal.throwIfAborted();
    const folder = disk.locate(`${workFolder}/${run.checksum}_${index}`);
    await mkdir(folder, { recursive: true });
    const ended = await runInstruction(instruction, folder, run.attempt, options);
    signal.throwIfAborted();
    if (instruction.saveOutput && instruction.name !== '') {
      outputs[instruction.name] = ended.stdout;
    }
    if (ended.exitCode !== 0) return { succeeded: false, outputs };
  }
  return { succeeded: true, outputs };
}

/** Runs one periodic instruction in the host's folder. */
export async function runHostPeriodic(
  instruction: HostPlanPeriodic,
  options: Omit<HostScriptOptions, 'slowMs'>,
): Promise<InstructionEnd> {
  const folder = options.disk.locate(`${workFolder}/periodic`);
  await mkdir(folder, { recursive: true });
  return runInstruction(instruction, folder, 1, options);
}

interface InstructionEnd {
  /** Base64; null when nothing was captured. */
  stdout: string | null;
  stderr: string | null;
  exitCode: number;
}

/** Runs one command in a process group of its own and waits until nobody holds its output any more. */
async function runInstruction(
  instruction: HostPlanInstruction,
  folder: string,
  attempt: number,
  { disk, commands, signal }: Omit<HostScriptOptions, 'slowMs'>,
): Promise<InstructionEnd> {
  const child = spawn(locateCommand(instruction.command, disk), instruction.args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      HOME: disk.locate('/root'),
      TMPDIR: disk.locate('/tmp'),
      ...Object.fromEntries(instruction.env.map(splitAssignment)),
      CATTLE_AGENT_EXECUTION_PWD: folder,
      CATTLE_AGENT_ATTEMPT_NUMBER: String(attempt),
      PATH: `${commands.path}:${folder}`,
      IRONLOOM_ROOT: disk.root,
      SIMULATOR_COMMANDS: commands.scripts,
    },
  });
  // As systemd ends a unit: all of it is asked to end, and killed when it does not.
  const { promise, resolve } = Promise.withResolvers<InstructionEnd>();
  const kill = (): void => {
    // A hung capture never closes: the end of the process is the only way out.
    const end = (): void => resolve({ stdout: null, stderr: null, exitCode: -1 });
    child.once('exit', end);
    signalGroup(child, 'SIGTERM');
    setTimeout(() => {
      signalGroup(child, 'SIGKILL');
      end();
    }, KILL_AFTER_MS).unref();
  };
  signal.addEventListener('abort', kill, { once: true });
  const capture = createLineCapture(child.stdout);
  const errors = createLineCapture(child.stderr);
  child.on('error', () => resolve({ stdout: null, stderr: null, exitCode: -1 }));
  child.on('close', (code) => resolve({ stdout: capture.content(), stderr: errors.content(), exitCode: code ?? -1 }));
  if (signal.aborted) kill();
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function signalGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** `/bin/sh` is real; any other path is one of the stand-ins, by its last part, or cannot be started. */
function locateCommand(command: string, disk: HostDisk): string {
  if (command === '/bin/sh' || command === '') return command === '' ? './run.sh' : command;
  if (!command.includes('/')) return command;
  return /^\/(?:usr\/(?:local\/)?)?s?bin\//.test(command) ? basename(command) : disk.locate(command);
}

function splitAssignment(assignment: string): [string, string] {
  const [name = '', ...rest] = assignment.split('=');
  return [name, rest.join('=')];
}
