import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ManagedProcess, type ProcessCommand, startProcess } from './managed-process.ts';
import { ProcessNotReadyError, waitUntilReady } from './ready.ts';

export interface ProcessSpec extends Omit<ProcessCommand, 'logPath'> {
  /** Answers true when the process can be used. */
  probe: () => Promise<boolean>;
  /** `close` asks it to end: it has children out of the reach of a SIGKILL to its group. */
  endsInOrder?: true;
}

/** Processes that belong together, addressed by name. */
export interface ProcessSet {
  /** Starts a process and waits until it is ready. @throws ProcessNotReadyError */
  start(spec: ProcessSpec): Promise<ManagedProcess>;
  /** Runs a program to its end. @throws ProcessNotReadyError when that is not exit code 0 */
  run(command: Omit<ProcessCommand, 'logPath'>): Promise<void>;
  /** Stops the process if it runs and starts it as before; `betweenRuns` runs while it is down. */
  restart(name: string, betweenRuns?: () => Promise<void>): Promise<void>;
  /** SIGKILL; `restart` brings it back. */
  kill(name: string): Promise<void>;
  names(): string[];
  /** Ends all, mostly with SIGKILL, and lets none start any more: what they wrote is thrown away. */
  close(): Promise<void>;
}

/** Each process gets a log file of its name in `logsDir`. */
export function createProcessSet(logsDir: string): ProcessSet {
  const running = new Map<string, { spec: ProcessSpec; process: ManagedProcess }>();
  const programs = new Set<ManagedProcess>();
  let closed = false;
  mkdirSync(logsDir, { recursive: true });

  function find(name: string) {
    const entry = running.get(name);
    if (entry === undefined) throw new Error(`No process ${name}; there are: ${[...running.keys()].join(', ')}`);
    return entry;
  }

  function launch(command: Omit<ProcessCommand, 'logPath'>): ManagedProcess {
    if (closed) throw new Error(`${command.name} was not started: all is being stopped`);
    return startProcess({ ...command, logPath: join(logsDir, `${command.name}.log`) });
  }

  async function start(spec: ProcessSpec): Promise<ManagedProcess> {
    const process = launch(spec);
    running.set(spec.name, { spec, process });
    await waitUntilReady(process, spec.probe);
    return process;
  }

  return {
    start,
    async run(command) {
      const process = launch(command);
      programs.add(process);
      const exitCode = await process.exited;
      programs.delete(process);
      if (exitCode !== 0) throw new ProcessNotReadyError(process, `ended with exit code ${exitCode}`);
    },
    async restart(name, betweenRuns) {
      const { spec, process } = find(name);
      await process.stop();
      await betweenRuns?.();
      await start(spec);
    },
    kill: (name) => find(name).process.kill(),
    names: () => [...running.keys()],
    async close() {
      closed = true;
      const servers = [...running.values()].map(({ spec, process }) =>
        spec.endsInOrder === true ? process.stop() : process.kill(),
      );
      await Promise.all([...servers, ...[...programs].map((program) => program.kill())]);
    },
  };
}
