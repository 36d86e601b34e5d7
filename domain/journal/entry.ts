import type { Reason } from '../../api/conditions.ts';
import type { MachinePhase } from '../../api/constants.ts';
import type { MachineRef } from '../inputs/machine-snapshot.ts';
import type { OperatorVerb } from '../life/machine-life.ts';
import type { Step } from '../life/step.ts';

/** How a machine leaves its host, or is gone without one. */
export const leftPhases = ['Available', 'Unavailable', 'Lost', 'Moved', 'Gone'] as const;

/**
 * Where a machine was or came to: a phase of its life while it lives, else how it left its host: given back (`Available`),
 * let go uncleaned (`Unavailable`), lost to somebody else or with its inventory (`Lost`), taken along by a move (`Moved`);
 * `Gone`: the machine ended without a host.
 */
export type JournalPhase = MachinePhase | (typeof leftPhases)[number];

export const journalCauses = [
  /** A step of ours did it. */
  'Step',
  /** The host answered to its plan. */
  'HostAnswered',
  /** A deadline passed. */
  'DeadlinePassed',
  /** The machine is being deleted. */
  'Deletion',
  /** An operator asked for it. */
  'Operator',
  /** Something else that the bridge saw: an input changed. */
  'Observed',
  /** A run that knows nothing of what was before took the machine over: the time of the entry is unknown. */
  'Adopted',
  /** Older entries, of which there were too many to be kept. */
  'Collapsed',
] as const;
export type JournalCause = (typeof journalCauses)[number];

/** What a run keeps of an entry until it is written; plain JSON, and nothing that a host or its data said. */
export interface JournalRecord {
  /** Temporal's id of the run that made it; with the number it is the key of the entry. */
  runId: string;
  /** Counts the entries of a machine's runs, which continue each other. */
  number: number;
  /** Milliseconds since 1970, by the clock of the run; never before that of the entry before. */
  at: number;
  /** null: no host. */
  host: string | null;
  cluster: string | null;
  pool: string;
  /** See `groupOf`; null: none, or not known. */
  group: string | null;
  /** Image of the last reprovision plan; null: there was none. */
  image: string | null;
  /** null: nothing was noted before. */
  from: JournalPhase | null;
  to: JournalPhase;
  /** The step that ended, or the verb that an operator asked for. */
  step: Step['kind'] | OperatorVerb;
  /** Why it is not better, or what became of a request; null: all is well. */
  reason: Reason | 'Accepted' | 'Refused' | null;
  cause: JournalCause;
  /** Number of the plan, where one was written or answered. */
  attempt: number | null;
  /** Who asked, as they say. */
  actor: string | null;
  /** Time spent in `from`; null: not known. */
  durationMs: number | null;
  /** How many entries this one stands for. Absent: itself only. */
  collapsed?: number;
}

/** One line of the journal. */
export interface JournalEntry extends JournalRecord {
  machine: MachineRef;
}

/** Whether the host is in use by the machine after an entry that leads there. */
export function holdsHost({ host, to }: { host: string | null; to: string }): boolean {
  return host !== null && !hasLeft(to);
}

/** What an operator asked for moves nothing, and can be noted after the step that it came too late for. */
export function isRequest(entry: {
  cause: string;
  durationMs: number | null;
  from: string | null;
  to: string;
}): boolean {
  return entry.cause === 'Operator' && entry.durationMs === null && entry.from === entry.to;
}

/** The host is not the machine's any more, or the machine is gone. */
export function hasLeft(phase: string): boolean {
  return leftPhases.some((left) => left === phase);
}
