import { log } from '@temporalio/workflow';
import type { Run } from './run.ts';

const LOG_EVERY_MS = 60_000;

/** Logs that a signal was ignored, and why: each kind once a minute at most, with the number of those before it. */
export function ignore({ ignored }: Run, signal: string, why: string): void {
  const { count, loggedAtMs } = ignored.get(signal) ?? { count: 0, loggedAtMs: -Infinity };
  const due = Date.now() - loggedAtMs >= LOG_EVERY_MS;
  ignored.set(signal, due ? { count: 0, loggedAtMs: Date.now() } : { count: count + 1, loggedAtMs });
  if (due) log.warn(`Ignoring a signal ${why}`, { signal, ignoredSinceLastLine: count });
}
