import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; ends early, and without an error, when the signal aborts. */
export async function waitMs(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => {});
}
