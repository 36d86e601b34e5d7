import type { HostEntry } from '../domain/journal/host-entry.ts';
import { openHostJournal } from '../journal/open-host-journal.ts';
import type { JournalEnv } from '../runtime/env.ts';
import type { Logger } from '../runtime/logger.ts';
import type { HostJournalSink } from './hosts/journal-keeper.ts';

/** Without a database nobody knows which lines an earlier bridge has written: those of this time before are written again. */
const REPEATED_MS = 120_000;
/** No month is shorter. */
const MONTH_MS = 28 * 24 * 3_600_000;

/** Lines of the log, and before them rows of a database if there is one. What is no new row is no line. */
export function openHostSink(
  env: JournalEnv | undefined,
  logger: Logger,
  nowMs: number,
): HostJournalSink & { close(): Promise<void> } {
  if (env === undefined) {
    return {
      sinceMs: nowMs - REPEATED_MS,
      readLast: async () => new Map(),
      write: async (entries) => writeLines(entries, logger),
      close: async () => {},
    };
  }
  const journal = openHostJournal({ ...env, logger });
  return {
    sinceMs: nowMs - env.retentionMonths * MONTH_MS,
    readLast: () => journal.readLast(),
    write: async (entries) => writeLines(await journal.write(entries), logger),
    close: () => journal.close(),
  };
}

function writeLines(entries: readonly HostEntry[], logger: Logger): void {
  for (const { namespace, host, machine, at, ...entry } of entries) {
    const names = { host: `${namespace}/${host}`, machine: machine && `${machine.namespace}/${machine.name}` };
    const keys = { journal: true, ...names, uid: machine?.uid ?? null, at: new Date(at).toISOString() };
    logger.info({ ...keys, ...entry }, 'Journal');
  }
}
