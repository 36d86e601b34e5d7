import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ManagedProcess, type ProcessCommand, startProcess } from './managed-process.ts';
import { waitUntilReady } from './ready.ts';

export interface ProcessSpec extends Omit<ProcessCommand, 'logPath'> {
  /** Answers true when the process can be used. */
  probe: () => Promise<boolean>;
}

/** Processes that belong together, addressed by name. */
export interface ProcessSet {
  /** Starts a process and waits until it is ready. @throws ProcessNotReadyError */
  start(spec: ProcessSpec): Promise<ManagedProcess>;
  /** Stops the process if it runs and starts it as before; `betweenRuns` runs while it is down. */
  restart(name: string, betweenRuns?: () => Promise<void>): Promise<void>;
  /** SIGKILL; `restart` brings it back. */
  kill(name: string): Promise<void>;
  names(): string[];
  /** Ends all with SIGKILL and lets none start any more: what they wrote is thrown away. */
  close(): Promise<void>;
}

/** Each process gets a log file of its name in `logsDir`. */
export function createProcessSet(logsDir: string): ProcessSet {
  const running = new Map<string, { spec: ProcessSpec; process: ManagedProcess }>();
  let closed = false;
  mkdirSync(logsDir, { recursive: true });

  function find(name: string) {
    const entry = running.get(name);
    if (entry === undefined) throw new Error(`No process ${name}; there are: ${[...running.keys()].join(', ')}`);
    return entry;
  }

  async function start(spec: ProcessSpec): Promise<ManagedProcess> {
    if (closed) throw new Error(`${spec.name} was not started: all is being stopped`);
    const process = startProcess({ ...spec, logPath: join(logsDir, `${spec.name}.log`) });
    running.set(spec.name, { spec, process });
    await waitUntilReady(process, spec.probe);
    return process;
  }

  return {
    start,
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
      await Promise.all([...running.values()].map(({ process }) => process.kill()));
    },
  };
}
