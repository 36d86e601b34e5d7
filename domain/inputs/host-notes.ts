import { annotations } from '../../api/constants.ts';
import { type HostNote, hostNotesSchema } from '../../api/host-notes.ts';
import type { HostView } from './host-view.ts';

/** What the bridge does to a host that no run has, or beside it. */
export type HostStep =
  /** A pool took the host in, or let it go. */
  | 'join'
  | 'leave'
  /** Verbs of operators; the first one also of a MachineHealthCheck. */
  | 'quarantine'
  | 'unquarantine'
  | 'validate'
  /** The checks of its pool began, or ended. */
  | 'checks';

/** Where a host is, as its inventory says. */
export type HostPlace = 'Available' | 'Unavailable' | 'InUse' | 'Quarantined' | 'Validating' | 'NotAccepted';

/** A note that is to be made. */
export interface NewNote extends Omit<HostNote, 'at' | 'from' | 'to' | 'step' | 'cause' | 'reason' | 'pool'> {
  step: HostStep;
  /** Absent: the host stays where it is. */
  to?: HostPlace | undefined;
  cause: 'Step' | 'HostAnswered' | 'DeadlinePassed' | 'Operator' | 'Observed';
  reason?: 'ChecksFailed' | 'ChecksTimedOut';
  /** Absent: that which the host has. */
  pool?: string | undefined;
}

/** As many are kept on the host: who writes them to the journal may be away meanwhile. */
export const MAX_NOTES = 8;
/** More than they ever take. */
export const MAX_NOTES_CHARS = 8_192;

/** No clocks of ours are so far apart: whoever else wrote such a time would hide all that is noted until then. */
const MAX_AHEAD_MS = 3_600_000;

/** What was done to the host last, oldest first; nothing where that cannot be read, or is said of a time to come. */
export function readHostNotes({ uid, journal }: Pick<HostView, 'uid' | 'journal'>, now: Date): readonly HostNote[] {
  if (journal === undefined) return [];
  try {
    const read = hostNotesSchema.safeParse(JSON.parse(journal)).data;
    return read?.uid === uid ? read.notes.filter(({ at }) => at <= now.getTime() + MAX_AHEAD_MS) : [];
  } catch {
    return [];
  }
}

/**
 * The annotation that tells of one more thing, to be written together with the thing itself: what was done and that it is
 * to be told are one write, whatever dies then. None where the API server would refuse it for its size, and the thing with it.
 */
export function noteOnHost(host: HostView, note: NewNote, now: Date): Readonly<Record<string, string>> {
  if (host.annotationsFull) return {};
  const { step, to, cause, reason, attempt, actor, pool = host.pool, cluster, machine } = note;
  const last = readHostNotes(host, now);
  const from = placeOfHost(host);
  const at = Math.max(now.getTime(), (last.at(-1)?.at ?? 0) + 1);
  const names = {
    pool: pool && plain(pool),
    cluster: cluster && plain(cluster),
    machine: machine && { name: plain(machine.name), uid: plain(machine.uid) },
  };
  const added: HostNote = { at, step, from, to: to ?? from, cause, reason, attempt, actor, ...names };
  const notes = [...last, added].slice(-MAX_NOTES);
  return { [annotations.journal]: JSON.stringify({ uid: host.uid, notes }) };
}

/** Names come from annotations, which anybody may have written. */
function plain(text: string): string {
  return text.replaceAll(/[^-\w.:/ ]/g, '?');
}

function placeOfHost({ quarantined, owner, allocationState, acceptance }: HostView): HostPlace {
  if (quarantined) return 'Quarantined';
  if (owner !== undefined) return 'InUse';
  if (allocationState === 'Available') return 'Available';
  return acceptance === undefined || acceptance.state === 'Accepted' ? 'Unavailable' : acceptance.state;
}
