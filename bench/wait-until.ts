import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until `look` answers true. @throws Error that names `what` after `timeoutMs` */
export async function waitUntil(
  what: string,
  look: () => Promise<boolean>,
  { timeoutMs, everyMs = 100 }: { timeoutMs: number; everyMs?: number },
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await look())) {
    if (performance.now() > deadlineMs) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await sleep(everyMs);
  }
}
