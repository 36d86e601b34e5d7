import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface ProcessCommand {
  /** How messages call it. */
  name: string;
  /** The program and its arguments. */
  command: readonly [string, ...string[]];
  /** Added to our own environment. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** Whose rights it has; default: ours. */
  user?: { uid: number; gid: number } | undefined;
  /** Stdout and stderr are appended here. */
  logPath: string;
  /** What asks it to end; default: SIGTERM. */
  stopSignal?: 'TERM' | 'INT';
  /** Between that and SIGKILL, in whole seconds; default 5. */
  stopGraceSeconds?: number;
}

/** A child process that never outlives this one, however this one ends. */
export interface ManagedProcess {
  name: string;
  logPath: string;
  /** Of the process group in which it runs. */
  groupId: number;
  /** Exit code, or 128 + signal; undefined while it runs. */
  exitCode(): number | undefined;
  /** Resolves when the process is gone, with what `exitCode` then answers. */
  exited: Promise<number>;
  /** Asks it to end, and SIGKILL after the grace; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL at once; resolves when it is gone. */
  kill(): Promise<void>;
}

/**
 * Runs what comes after $1 until it ends or until nobody holds the other end of stdin any more (we closed it, or died by
 * any signal): then the signal $1 tells it to end, and it is killed after the grace in $0.
 */
const WATCHER = `
stop=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
(
  trap 'exit 0' TERM
  read -r _ <&3
  kill -"$stop" "$child"
  sleep "$0" &
  wait "$!"
  kill -KILL 0
) >/dev/null 2>&1 &
exec 3<&-
wait "$child"
code=$?
trap : TERM
kill -TERM 0
exit "$code"
`;

/** Starts a program in its own process group, so that Ctrl-C in a terminal does not reach it before our orderly stop. */
export function startProcess(options: ProcessCommand): ManagedProcess {
  const log = openSync(options.logPath, 'a', 0o600);
  const grace = String(options.stopGraceSeconds ?? 5);
  const child = spawn('/bin/sh', ['-c', WATCHER, grace, options.stopSignal ?? 'TERM', ...options.command], {
    detached: true,
    stdio: ['pipe', log, log],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.user,
  });
  closeSync(log);
  const { pid: groupId, stdin } = child;
  if (groupId === undefined || stdin === null) throw new Error(`${options.name}: /bin/sh could not be started`);
  // The end of the process breaks the pipe.
  stdin.on('error', () => undefined);

  let code: number | undefined;
  const exited = once(child, 'exit').then(() => {
    code = child.exitCode ?? 137;
    // Whatever is left of the group: nothing, unless somebody killed the shell alone.
    killGroup(groupId);
    stdin.destroy();
    return code;
  });
  return {
    name: options.name,
    logPath: options.logPath,
    groupId,
    exitCode: () => code,
    exited,
    async stop() {
      stdin.end();
      await exited;
    },
    async kill() {
      if (code === undefined) killGroup(groupId);
      await exited;
    },
  };
}

function killGroup(groupId: number): void {
  try {
    process.kill(-groupId, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** The last lines that a process wrote, for error messages. */
export function readLogTail(logPath: string, lines = 20): string {
  try {
    return readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
