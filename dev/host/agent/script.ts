import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlanRun } from './plan-run.ts';
import type { RunResult } from './agent.ts';
import type { HostCommandFolder } from '../os/command-folder.ts';
import type { HostDisk } from '../os/disk.ts';
import type { HostPlanInstruction, OutputMap } from '../../elemental/host-plan.ts';
import { createLineCapture } from './line-capture.ts';

export interface HostScriptOptions {
  disk: HostDisk;
  commands: HostCommandFolder;
  /** Waited for before the first instruction, in milliseconds. */
  slowMs: number;
  /** Its abort kills what runs; the run then rejects with its reason. */
  signal: AbortSignal;
}

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
      outputs[instruction.name] = ended.stdout?.toString('base64') ?? null;
    }
    if (ended.exitCode !== 0) return { succeeded: false, outputs };
  }
  return { succeeded: true, outputs };
}

interface InstructionEnd {
  /** Undefined when it could not be started. */
  stdout: Buffer | undefined;
  exitCode: number;
}

/** Runs one command in a process group of its own and waits until nobody holds its output any more. */
async function runInstruction(
  instruction: HostPlanInstruction,
  folder: string,
  attempt: number,
  { disk, commands, signal }: HostScriptOptions,
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
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group is gone already.
    }
  };
  signal.addEventListener('abort', kill, { once: true });
  const capture = createLineCapture(child.stdout);
  createLineCapture(child.stderr);
  const { promise, resolve } = Promise.withResolvers<InstructionEnd>();
  child.on('error', () => resolve({ stdout: undefined, exitCode: -1 }));
  child.on('close', (code) => resolve({ stdout: capture.content(), exitCode: code ?? -1 }));
  // A hung capture never closes: the end of the process group, by the agent's end, is the only way out.
  signal.addEventListener('abort', () => resolve({ stdout: undefined, exitCode: -1 }), { once: true });
  if (signal.aborted) kill();
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', kill);
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
