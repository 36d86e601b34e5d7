import type { JournalEntry } from '../domain/journal/entry.ts';
import { type JournalOptions, prepareDatabase } from './prepared-database.ts';
import { createJournalWriter, type JournalWriter } from './writer.ts';

export interface OpenJournal extends JournalWriter {
  close(): Promise<void>;
}

/** The journal in PostgreSQL. The database may be away at any time: a write then fails at once, and is asked for again. */
export function openJournal(options: JournalOptions): OpenJournal {
  const database = prepareDatabase(options, 'entries wait in the runs');
  void database.begin();
  const writer = createJournalWriter(database.pool, (entry: JournalEntry) =>
    options.logger.error(
      { runId: entry.runId, number: entry.number },
      'The database of the journal does not take an entry',
    ),
  );
  return {
    write: (entries) => database.use(() => writer.write(entries)),
    close: () => database.close(),
  };
}
