import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ManagedProcess, readLogTail } from './managed-process.ts';

const POLL_EVERY_MS = 50;
const PROBE_TIMEOUT_MS = 2000;

/** A process ended or was not ready in time; the message ends with the last lines of its log. */
export class ProcessNotReadyError extends Error {
  override readonly name = 'ProcessNotReadyError';
  constructor(process: Pick<ManagedProcess, 'name' | 'logPath'>, what: string) {
    super(`${process.name} ${what}. The end of ${process.logPath}:\n${readLogTail(process.logPath)}`);
  }
}

/** Waits until `probe` answers true; a probe that throws counts as not yet. @throws ProcessNotReadyError */
export async function waitUntilReady(
  process: ManagedProcess,
  probe: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const exitCode = process.exitCode();
    if (exitCode !== undefined) throw new ProcessNotReadyError(process, `ended with exit code ${exitCode}`);
    if (await probe().catch(() => false)) return;
    if (performance.now() > deadline) throw new ProcessNotReadyError(process, `was not ready after ${timeoutMs} ms`);
    await sleep(POLL_EVERY_MS);
  }
}

/** Probe: an HTTP GET that answers 200. */
export async function answersHttp(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await response.arrayBuffer();
  return response.ok;
}

/** Probe: something accepts TCP connections. */
export function acceptsTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: PROBE_TIMEOUT_MS });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
