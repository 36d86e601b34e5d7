import type { HostEntry } from '../domain/journal/host-entry.ts';
import { insertHostEntries, readLastHostEntries } from './host-rows.ts';
import { type JournalOptions, prepareDatabase } from './prepared-database.ts';

/** Where the entries of hosts are written. All of it rejects while nobody takes them, and is to be asked again. */
export interface HostJournal {
  /** Until when all entries of each host are written, by its uid; milliseconds since 1970. */
  readLast(): Promise<ReadonlyMap<string, number>>;
  /** Resolves when they are safe, with those that were not written before. */
  write(entries: readonly HostEntry[]): Promise<readonly HostEntry[]>;
  close(): Promise<void>;
}

/** The entries of hosts in PostgreSQL, which may be away at any time. */
export function openHostJournal(options: JournalOptions): HostJournal {
  const database = prepareDatabase(options, 'entries wait on the inventories');
  return {
    readLast: () => database.use(() => readLastHostEntries(database.pool)),
    write: (entries) => database.use(() => insertHostEntries(database.pool, entries)),
    close: () => database.close(),
  };
}
