import { tellDuration } from '../report/duration-words.ts';
import type { ToldEntry, ToldLife } from '../report/journal-pages.ts';
import { endOfUse, type HostEntry } from './host-entry.ts';
import { type HostUse, type UseEntry, usesOf } from './uses.ts';

/** An entry as it is told; phases, steps and causes may be words of a later version. */
export interface TellableEntry extends UseEntry {
  step: string;
  reason: string | null;
  attempt: number | null;
  actor: string | null;
  collapsed?: number;
}

/**
 * The last lives of a host by its entries, oldest entry first, and by what the bridge did to it: who used it, how long, and what
 * failed; newest life first.
 */
export function tellLives(
  entries: readonly TellableEntry[],
  done: readonly HostEntry[],
  nowMs: number,
  max: number,
): ToldLife[] {
  return usesOf([...entries, ...done.flatMap(endOfUse)])
    .slice(-max)
    .toReversed()
    .map((use) => {
      const own = entries.filter((entry) => isOf(use, entry));
      const failed = own.filter((entry) => entry.to === 'Failed' && isNew(entry));
      const why = [...new Set(failed.flatMap(({ reason }) => reason ?? []))];
      const end = failed.length === 0 ? '' : `; failed: ${why.join(', ')}`;
      return { words: tellUse(use, nowMs) + end, failed: failed.length > 0, entries: own.map(tellEntry) };
    });
}

/** `provision 2`: the step, and the number of its plan. */
export function tellStep({ step, attempt }: Pick<TellableEntry, 'step' | 'attempt'>): string {
  return attempt === null ? step : `${step} ${attempt}`;
}

/** What moved the machine, and who asked for it. */
export function tellCause({
  cause,
  actor,
  collapsed = 1,
}: Pick<TellableEntry, 'cause' | 'actor' | 'collapsed'>): string {
  if (collapsed > 1) return `${cause}: ${collapsed} entries`;
  return actor === null ? cause : `${cause}: ${actor}`;
}

function tellEntry(entry: TellableEntry): ToldEntry {
  return {
    at: new Date(entry.at).toISOString(),
    to: entry.to,
    from: entry.from ?? '',
    after: tellDuration(entry.durationMs),
    reason: entry.reason ?? '',
    step: tellStep(entry),
    cause: tellCause(entry),
  };
}

function tellUse({ machine, cluster, fromMs, toMs }: HostUse, nowMs: number): string {
  const day = new Date(fromMs).toISOString().slice(0, 10);
  const length = tellDuration(Math.max(0, (toMs ?? nowMs) - fromMs));
  return `BaremetalMachine ${machine.name}, Cluster ${cluster ?? 'unknown'}, from ${day}, ${toMs === null ? 'now for' : 'for'} ${length}`;
}

/** A machine may come back to a host; what ends a use that nobody ended is of the next one. */
function isOf({ machine, fromMs, toMs }: HostUse, entry: TellableEntry): boolean {
  return entry.machine.uid === machine.uid && entry.at >= fromMs && entry.at <= (toMs ?? Infinity);
}

/** What operators ask for while a machine is Failed is no failure. */
function isNew({ from, cause }: TellableEntry): boolean {
  return from !== 'Failed' && cause !== 'Operator';
}
