import { log } from '@temporalio/activity';
import { type CarriedJournal, type Journaled, tookEffect } from '../../domain/journal/carried.ts';
import type { JournalEntry, JournalRecord } from '../../domain/journal/entry.ts';
import { type FirstLook, lookAt, type LookTold, noteFirstLook } from '../../domain/journal/first-look.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { MachineLife } from '../../domain/life/machine-life.ts';

/** Where entries are written. */
export interface JournalSink {
  /** Resolves when they are safe; one that was written before is none again. Rejects soon if nobody takes them. */
  write(entries: readonly JournalEntry[]): Promise<void>;
}

export type { FirstLook } from '../../domain/journal/first-look.ts';

/** So long a step that has done its work waits for its entries: then the next one takes them. */
const LONGEST_WAIT_MS = 250;
/** No step follows a look after which the machine rests. */
const LONGEST_WAIT_OF_LOOK_MS = 1_000;

/** Writes the entries that came with a step once it has ended, and says which are written; a failure stops nothing. */
export async function journaling<Outcome>(
  sink: JournalSink,
  machine: MachineRef,
  { pending, own }: CarriedJournal,
  body: () => Promise<Outcome>,
): Promise<Journaled<Outcome>> {
  const outcome = await body();
  const records = own !== undefined && tookEffect(own.step, outcome) ? [...pending, own] : pending;
  const last = records.at(-1);
  const isWritten = last !== undefined && (await endsSoon(sink.write(toEntries(machine, records))));
  return { outcome, journaled: isWritten ? last.number : null };
}

/**
 * Writes the entry of the look that begins a run, after which the machine rests, and answers its time: now, for the look may have
 * waited for a worker. undefined: it is the run's to write.
 */
export async function writeFirstEntry(
  sink: JournalSink,
  machine: MachineRef,
  { look, after, outcome }: { look: FirstLook | undefined; after: MachineLife; outcome: LookTold },
): Promise<number | undefined> {
  if (look === undefined) return undefined;
  const noted = noteFirstLook(lookAt(look, Date.now()), after, outcome);
  if (noted === undefined) return undefined;
  const isWritten = await endsSoon(sink.write(toEntries(machine, [noted.entry])), LONGEST_WAIT_OF_LOOK_MS);
  return isWritten ? noted.entry.at : undefined;
}

/** Writes entries at a rest, and answers the number of the last one. Temporal tries again what fails. */
export function createRecordJournal(sink: JournalSink) {
  return async function recordJournal(input: {
    machine: MachineRef;
    entries: readonly JournalRecord[];
  }): Promise<number> {
    await sink.write(toEntries(input.machine, input.entries));
    return input.entries.at(-1)?.number ?? 0;
  };
}

function toEntries(machine: MachineRef, records: readonly JournalRecord[]): JournalEntry[] {
  return records.map((record) => ({ ...record, machine }));
}

/** Whether it ends well, and in time. */
async function endsSoon(writing: Promise<void>, longestMs = LONGEST_WAIT_MS): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), longestMs);
  const ended = writing.then(
    () => true,
    (error: unknown) => {
      log.debug('Entries of the journal wait for the next step', { error });
      return false;
    },
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}
