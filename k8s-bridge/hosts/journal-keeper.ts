import type { HostNote } from '../../api/host-notes.ts';
import { readHostNotes } from '../../domain/inputs/host-notes.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import { entriesOf, type HostEntry } from '../../domain/journal/host-entry.ts';
import type { ReconcileResult } from '../reconcile/ports.ts';

/** Where the entries of hosts go. Rejects while nobody takes them. */
export interface HostJournalSink {
  /** What was noted until then is no concern of ours; milliseconds since 1970. */
  sinceMs: number;
  /** Until when all entries of each host are written, by its uid; milliseconds since 1970. */
  readLast(): Promise<ReadonlyMap<string, number>>;
  write(entries: readonly HostEntry[]): Promise<void>;
}

/** Entries of one write, at least; those of a host go together. */
const MAX_WRITTEN = 500;
const RETRY_MS = 10_000;

type Noted = Pick<HostView, 'namespace' | 'name' | 'uid' | 'journal'>;

/**
 * Takes what is noted on inventories to the journal. The notes stand there until newer ones take their place, so a bridge
 * that dies loses nothing: the next one asks the journal what it has, and writes the others. Of a host that is deleted it
 * remembers what is not written yet.
 */
export class HostJournalKeeper {
  readonly #sink: HostJournalSink;
  /** Until when each host's notes are written, by its uid; undefined: nobody was asked yet. */
  #written: Map<string, number> | undefined;
  readonly #pending = new Map<string, Noted>();

  constructor(sink: HostJournalSink) {
    this.#sink = sink;
  }

  /** A host as it is now; undefined: it is gone. True: something is to be written. */
  see(current: Noted | undefined, previous: Noted | undefined): boolean {
    if (current === undefined || (previous !== undefined && previous.uid !== current.uid)) {
      if (previous !== undefined && !this.#pending.has(previous.uid)) this.#written?.delete(previous.uid);
    }
    if (current?.journal === undefined) return false;
    if (previous?.uid === current.uid && previous.journal === current.journal) return this.#pending.has(current.uid);
    const { namespace, name, uid, journal } = current;
    this.#pending.set(uid, { namespace, name, uid, journal });
    return true;
  }

  /** Writes what waits. Never rejects: nothing else is held up by it, and it is tried again. */
  async write(): Promise<ReconcileResult> {
    try {
      this.#written ??= new Map(await this.#sink.readLast());
      while (this.#pending.size > 0) await this.#writeSome(this.#written);
      return {};
    } catch {
      // The sink has said what is wrong.
      return { requeueAfterMs: RETRY_MS };
    }
  }

  async #writeSome(written: Map<string, number>): Promise<void> {
    const taken: Noted[] = [];
    const entries: HostEntry[] = [];
    for (const host of this.#pending.values()) {
      if (entries.length >= MAX_WRITTEN) break;
      taken.push(host);
      entries.push(...this.#unwrittenOf(host, readHostNotes(host, new Date()), written));
    }
    if (entries.length > 0) await this.#sink.write(entries);
    for (const { hostUid, at } of entries) written.set(hostUid, at);
    // One that changed meanwhile stays.
    for (const host of taken) if (this.#pending.get(host.uid) === host) this.#pending.delete(host.uid);
  }

  #unwrittenOf(host: Noted, notes: readonly HostNote[], written: ReadonlyMap<string, number>): HostEntry[] {
    const untilMs = Math.max(written.get(host.uid) ?? 0, this.#sink.sinceMs);
    return entriesOf(host, notes).filter(({ at }) => at > untilMs);
  }
}
