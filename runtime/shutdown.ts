import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger } from './logger.ts';

export interface Shutdown {
  /** Aborts when the process is to end. */
  readonly signal: AbortSignal;
  /** Registers what to close; closed one after the other, the last registered first. */
  onShutdown(name: string, close: () => Promise<unknown> | void): void;
  /** Ends the process as if a signal had come; the first exit code counts. */
  shutdown(reason: string, exitCode?: number): void;
}

/** The part of `process` that is needed; replaced in tests. */
interface ProcessControl {
  on(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
}

export interface ShutdownOptions {
  logger: Logger;
  /** All closers together get this long; default 20 s (Kubernetes kills after 30 s). */
  deadlineMs?: number;
  process?: ProcessControl;
}

const DEFAULT_DEADLINE_MS = 20_000;
const EXIT_AFTER_SECOND_SIGNAL = 130;

/**
 * Ends a process in order on SIGTERM and SIGINT: aborts the signal, runs the closers, exits with 0 (1 when a closer
 * failed or the deadline passed). A second signal exits at once. What nobody caught is logged and exits with 1 at
 * once, without closers: the state of the process is unknown, and everything converges after a restart.
 */
export function installShutdown(options: ShutdownOptions): Shutdown {
  const { logger, deadlineMs = DEFAULT_DEADLINE_MS, process: control = process } = options;
  const ending = new AbortController();
  const closers: { name: string; close: () => Promise<unknown> | void }[] = [];

  async function closeAll(): Promise<boolean> {
    let ok = true;
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
      logger.debug({ part: closer.name }, 'Closing');
      try {
        await closer.close();
      } catch (error) {
        ok = false;
        logger.error({ err: error, part: closer.name }, 'Closing failed');
      }
    }
    return ok;
  }

  async function end(exitCode: number): Promise<void> {
    const outcome = await Promise.race([closeAll(), sleep(deadlineMs, 'late' as const)]);
    if (outcome === 'late')
      logger.error({ deadlineMs, left: closers.map(({ name }) => name) }, 'Closing took too long');
    control.exit(exitCode !== 0 ? exitCode : outcome === true ? 0 : 1);
  }

  function shutdown(reason: string, exitCode = 0): void {
    if (ending.signal.aborted) return;
    logger.info({ reason }, 'Shutting down');
    ending.abort(new Error(`Shutting down: ${reason}`));
    void end(exitCode);
  }

  function onSignal(name: string): void {
    if (!ending.signal.aborted) return shutdown(name);
    logger.warn({ reason: name }, 'Second signal, exiting at once');
    control.exit(EXIT_AFTER_SECOND_SIGNAL);
  }

  function onCrash(event: string, error: unknown): void {
    logger.fatal({ err: error }, event);
    control.exit(1);
  }

  control.on('SIGTERM', () => onSignal('SIGTERM'));
  control.on('SIGINT', () => onSignal('SIGINT'));
  control.on('unhandledRejection', (error) => onCrash('Unhandled rejection', error));
  control.on('uncaughtException', (error) => onCrash('Uncaught exception', error));
  return {
    signal: ending.signal,
    onShutdown: (name, close) => void closers.push({ name, close }),
    shutdown,
  };
}
