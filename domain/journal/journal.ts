import type { JournalPhase, JournalRecord } from './entry.ts';

/** Where the journal left the machine. */
export interface Place {
  phase: JournalPhase;
  host: string | null;
  reason: JournalRecord['reason'];
}

/** What a run keeps of the journal; plain JSON, carried through continue-as-new. */
export interface Journal {
  /** Number of the last entry. */
  number: number;
  /** null: nothing was noted yet. */
  place: Place | null;
  /** Since when the machine is there, or the run knows of it; milliseconds since 1970. */
  sinceMs: number;
  group: string | null;
  image: string | null;
  /** A run of before described the machine last at this time, and this one has not noted anything yet. */
  unknownSinceMs?: number;
  /** In that case: this one found no host, so the machine was without one before it claimed. */
  foundHostless?: true;
  /** Entries that nobody has confirmed as written, oldest first. */
  pending: readonly JournalRecord[];
}

/** More unwritten entries than these are told by the newest, and by one that says how many the others were. */
export const MAX_PENDING = 500;

export function startJournal(nowMs: number): Journal {
  return { number: 0, place: null, sinceMs: nowMs, group: null, image: null, pending: [] };
}

/** Adds an entry that is to be written. */
export function append(journal: Journal, record: JournalRecord): Journal {
  const pending = [...journal.pending, record].toSorted((a, b) => a.number - b.number);
  return { ...journal, number: Math.max(journal.number, record.number), pending: bound(pending) };
}

/** All entries up to this number are written. A number that was never given confirms nothing. */
export function confirm(journal: Journal, number: number): Journal {
  if (!Number.isInteger(number) || number > journal.number) return journal;
  const pending = journal.pending.filter((record) => record.number > number);
  return pending.length === journal.pending.length ? journal : { ...journal, pending };
}

function bound(pending: readonly JournalRecord[]): readonly JournalRecord[] {
  const surplus = pending.length - MAX_PENDING;
  if (surplus <= 0) return pending;
  return [collapse(pending.slice(0, surplus + 1)), ...pending.slice(surplus + 1)];
}

function collapse(records: readonly JournalRecord[]): JournalRecord {
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) throw new TypeError('Nothing to collapse');
  const startMs = first.durationMs === null ? first.at : first.at - first.durationMs;
  const collapsed = records.reduce((count, record) => count + (record.collapsed ?? 1), 0);
  return { ...last, from: first.from, cause: 'Collapsed', actor: null, durationMs: last.at - startMs, collapsed };
}
