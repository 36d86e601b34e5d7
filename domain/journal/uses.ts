import type { MachineRef } from '../inputs/machine-snapshot.ts';
import { hasLeft, holdsHost, isRequest, type JournalEntry } from './entry.ts';

/** What an entry tells of the use of its host; phases and causes may be words of a later version. */
export interface UseEntry extends Pick<
  JournalEntry,
  'host' | 'machine' | 'cluster' | 'pool' | 'group' | 'number' | 'at' | 'durationMs'
> {
  from: string | null;
  to: string;
  cause: string;
}

/** A time in which a host was used by one machine, from Allocated to Available. */
export interface HostUse {
  host: string;
  machine: MachineRef;
  cluster: string | null;
  pool: string;
  group: string | null;
  /** Milliseconds since 1970. */
  fromMs: number;
  /** null: it lasts. */
  toMs: number | null;
}

/**
 * The uses of one host by its entries, in any order: disjoint, oldest first. A host has one user at a time, so another
 * one's beginning ends a use whose end nobody noted, also where clocks disagree. What a machine says after that without
 * having begun anew, as one does that moved away and is told so late, changes nothing.
 */
export function usesOf(entries: readonly UseEntry[]): HostUse[] {
  const uses: HostUse[] = [];
  const known = new Set<string>();
  let holder: string | undefined;
  for (const entry of entries.toSorted(byTime)) {
    if (entry.host === null || isRequest(entry)) continue;
    const { uid } = entry.machine;
    const isFirst = !known.has(uid);
    const begins = isFirst || entry.cause === 'Adopted' || !hasBegunBefore(entry);
    known.add(uid);
    if (!begins && uid !== holder) continue;
    if (holdsHost(entry)) holder = uid;
    const last = uses.at(-1);
    const open = last?.toMs === null ? last : undefined;
    if (open?.machine.uid === uid) {
      open.cluster ??= entry.cluster;
      open.group ??= entry.group;
      if (!holdsHost(entry)) open.toMs = entry.at;
      continue;
    }
    const endMs = last?.toMs ?? last?.fromMs ?? 0;
    // What ends without having begun was begun where nobody noted it.
    const use = begin(entry, Math.max(endMs, startOf(entry)));
    if (holdsHost(entry)) {
      if (open !== undefined) open.toMs = use.fromMs;
      uses.push(use);
    } else if (open === undefined && isFirst && hasBegunBefore(entry) && use.fromMs < entry.at) {
      uses.push({ ...use, toMs: entry.at });
    }
  }
  return uses;
}

/** A use, or the part of it that is asked for. */
export type ClosedUse = HostUse & { toMs: number };

/** The part of the uses in [fromMs, toMs): what is cut off is used, too, but at another time. */
export function usesWithin(uses: readonly HostUse[], fromMs: number, toMs: number): ClosedUse[] {
  return uses
    .map((use) => ({ ...use, fromMs: Math.max(use.fromMs, fromMs), toMs: Math.min(use.toMs ?? toMs, toMs) }))
    .filter((use) => use.fromMs < use.toMs);
}

function begin({ host, machine, cluster, pool, group }: UseEntry, fromMs: number): HostUse {
  return { host: host ?? '', machine, cluster, pool, group, fromMs, toMs: null };
}

/** Where entries are missing, the host was used in the time that they would tell of. */
function startOf(entry: UseEntry): number {
  return hasBegunBefore(entry) ? entry.at - (entry.durationMs ?? 0) : entry.at;
}

function hasBegunBefore({ from, cause }: UseEntry): boolean {
  if (cause === 'Adopted') return true;
  return from !== null && from !== 'Pending' && !hasLeft(from);
}

function byTime(a: UseEntry, b: UseEntry): number {
  return a.at - b.at || (a.machine.uid === b.machine.uid ? a.number - b.number : 0);
}
