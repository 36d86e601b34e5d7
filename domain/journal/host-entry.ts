import type { HostNote } from '../../api/host-notes.ts';
import type { MachineRef } from '../inputs/machine-snapshot.ts';
import type { UseEntry } from './uses.ts';

/** One line of the journal that no run wrote: what was done to a host by the bridge. Its key: the host's uid, and the time. */
export interface HostEntry {
  hostUid: string;
  namespace: string;
  host: string;
  /** Milliseconds since 1970. */
  at: number;
  pool: string | null;
  /** A use that ended by it: the record of a machine that was gone is taken away. */
  machine: MachineRef | null;
  cluster: string | null;
  from: string;
  to: string;
  step: string;
  reason: string | null;
  cause: string;
  attempt: number | null;
  actor: string | null;
  /** Time spent in `from`; null: not known. */
  durationMs: number | null;
}

/** The entries that the notes on a host stand for. */
export function entriesOf(
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
  notes: readonly HostNote[],
): HostEntry[] {
  return notes.map((note, index) => {
    const { pool, machine, cluster, reason, attempt, actor, ...words } = note;
    const before = notes[index - 1];
    return {
      hostUid: uid,
      namespace,
      host: name,
      pool: pool ?? null,
      machine: machine === undefined ? null : { namespace, ...machine },
      cluster: cluster ?? null,
      reason: reason ?? null,
      attempt: attempt ?? null,
      actor: actor ?? null,
      // A run may have had the host meanwhile: then it came from elsewhere.
      durationMs: before?.to === note.from ? note.at - before.at : null,
      ...words,
    };
  });
}

/** What such an entry tells of a use: its end. */
export function endOfUse({ host, machine, cluster, pool, at, cause }: HostEntry): UseEntry[] {
  if (machine === null) return [];
  const end = { host, machine, cluster, pool: pool ?? '', group: null, at, cause };
  return [{ ...end, number: Infinity, durationMs: null, from: null, to: 'Lost' }];
}
