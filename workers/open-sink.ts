import type { JournalSink } from '../activities/index.ts';
import { openJournal } from '../journal/open-journal.ts';
import type { JournalEnv } from '../runtime/env.ts';
import type { Logger } from '../runtime/logger.ts';
import { createLogJournal } from './log-journal.ts';

/** The journal: lines of the log, and before them rows of a database if there is one. What no row is, is no line. */
export function openSink(env: JournalEnv | undefined, logger: Logger): JournalSink & { close(): Promise<void> } {
  const lines = createLogJournal(logger);
  if (env === undefined) return { ...lines, close: async () => {} };
  const journal = openJournal({ ...env, logger });
  return {
    async write(entries) {
      await journal.write(entries);
      await lines.write(entries);
    },
    close: () => journal.close(),
  };
}
