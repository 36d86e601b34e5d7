import { assertNever } from '../assert-never.ts';
import type { MachineLife, OperatorVerb } from '../life/machine-life.ts';
import type { Step } from '../life/step.ts';
import { hasLeft, type JournalCause, type JournalPhase, type JournalRecord } from './entry.ts';
import { append, type Journal, type Place } from './journal.ts';
import { quoteShort } from './quote.ts';
import { placeOf } from './place.ts';

/** When, and of which run of Temporal's; `atMs` is the run's own time. */
export interface Moment {
  runId: string;
  atMs: number;
}

/** A step that ended: the life as it began with, and as it is now. */
export interface EndedStep {
  kind: Step['kind'];
  before: MachineLife;
  after: MachineLife;
}

/** Notes where the machine came to by a step, or while a run waited; the same journal if it is where it was. */
export function noteTransition(journal: Journal, step: EndedStep, moment: Moment): Journal {
  const to = placeOf(step.after);
  const { place } = journal;
  if (place !== null && isSamePlace(place, to)) return journal;
  if (place !== null && hasLeft(place.phase) && hasLeft(to.phase)) return journal;
  const { cause, actor } = causeOf(journal, step);
  const how = { step: step.kind, cause, actor, attempt: attemptIn(step.after) };
  const lost = place !== null && place.host !== null && place.host !== to.host;
  if (!lost) return move(toHostless(journal, step, moment, to), step.after, moment, to, how);
  // The end of a use is an entry of its own: a host that goes without a word is lost, to whomever.
  const phase = hasLeft(to.phase) && to.phase !== 'Gone' ? to.phase : 'Lost';
  const without = move(journal, step.after, moment, { phase, host: null, reason: to.reason }, how);
  return hasLeft(to.phase) ? without : move(without, step.after, moment, to, how);
}

/** What was believed of the machine's host is wrong, and the look that comes next shows what is right. */
export function awaitsLook({ place }: Journal, { stage }: MachineLife): boolean {
  return stage.kind === 'new' && place !== null && place.host !== null;
}

/** A machine that has just got its host was without one in the unknown time before: that is an entry of its own. */
function toHostless(journal: Journal, { kind, after }: EndedStep, moment: Moment, to: Place): Journal {
  if (journal.place !== null || journal.foundHostless !== true || to.host === null) return journal;
  const how = { step: kind, cause: 'Adopted', actor: null, attempt: null } as const;
  return move(journal, after, moment, { phase: 'Pending', host: null, reason: null }, how);
}

/** Notes what an operator asked for; it moves nothing by itself. */
export function noteOperation(journal: Journal, verb: OperatorVerb, life: MachineLife, moment: Moment): Journal {
  const place = journal.place ?? placeOf(life);
  const operation = life.lastOperation;
  const record = {
    ...describe(journal, life, moment),
    host: place.host,
    from: place.phase,
    to: place.phase,
    step: verb,
    reason: operation?.accepted === true ? 'Accepted' : 'Refused',
    cause: 'Operator',
    attempt: null,
    actor: toActor(operation?.actor),
    durationMs: null,
  } as const;
  return append(journal, record);
}

/** What moves a machine. */
interface How extends Pick<JournalRecord, 'step' | 'cause' | 'actor' | 'attempt'> {}

function move(journal: Journal, life: MachineLife, moment: Moment, to: Place, how: How): Journal {
  const record = toRecord(journal, life, moment, to, how);
  const { unknownSinceMs: _, foundHostless: __, ...known } = append(journal, record);
  return { ...known, place: to, sinceMs: record.at, image: record.image };
}

/** The entry that leads there. */
export function toRecord(journal: Journal, life: MachineLife, moment: Moment, to: Place, how: How): JournalRecord {
  const { place, sinceMs, unknownSinceMs } = journal;
  const described = describe(journal, life, moment);
  const spentMs = described.at - sinceMs;
  const unknown = place === null && unknownSinceMs !== undefined;
  return {
    ...described,
    host: to.host ?? place?.host ?? null,
    from: place?.phase ?? null,
    to: to.phase,
    reason: to.reason,
    durationMs: unknown ? Math.max(0, described.at - unknownSinceMs) : spentMs,
    ...how,
    ...(unknown && { cause: 'Adopted' }),
  };
}

function describe(journal: Journal, { snapshot }: MachineLife, { runId, atMs }: Moment) {
  return {
    runId,
    number: journal.number + 1,
    at: Math.max(atMs, journal.sinceMs, journal.pending.at(-1)?.at ?? 0),
    cluster: snapshot.cluster?.name ?? null,
    pool: snapshot.pool,
    group: journal.group,
    image: journal.image,
  };
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.phase === b.phase && a.host === b.host && a.reason === b.reason;
}

function causeOf(journal: Journal, step: EndedStep): { cause: JournalCause; actor: string | null } {
  const by = (cause: JournalCause) => ({ cause, actor: null });
  if (step.kind === 'end') return by('Observed');
  if (step.kind !== 'wait' && step.kind !== 'awaitPlan') return by('Step');
  const { before, after } = step;
  const operation = after.lastOperation;
  if (operation !== before.lastOperation && operation?.accepted === true) {
    return { cause: 'Operator', actor: toActor(operation.actor) };
  }
  if (after.snapshot.deleting && journal.place?.phase !== 'Preparing') return by('Deletion');
  const progress = progressIn(after);
  if (progress !== progressIn(before)) return by(progress === 'timedOut' ? 'DeadlinePassed' : 'HostAnswered');
  if (isNodeLate(after) && !isNodeLate(before)) return by('DeadlinePassed');
  return by('Observed');
}

function isNodeLate({ stage }: MachineLife): boolean {
  return stage.kind === 'running' && stage.nodeJoinTimedOut;
}

function progressIn({ stage }: MachineLife): string | undefined {
  return 'plan' in stage ? stage.plan?.progress.kind : undefined;
}

function attemptIn({ stage }: MachineLife): number | null {
  return 'plan' in stage ? (stage.plan?.attempt ?? null) : null;
}

const MAX_ACTOR_LENGTH = 100;

function toActor(actor: string | undefined): string | null {
  return actor === undefined ? null : quoteShort(actor, MAX_ACTOR_LENGTH);
}

/** What a step does to the machine when it does its work; undefined: that is told by its outcome only. */
export function aimOf(step: Step, { host }: Place): { phase: JournalPhase; attempt: number | null } | undefined {
  switch (step.kind) {
    case 'provision':
      return { phase: 'Reprovisioning', attempt: step.attempt };
    case 'complete':
      return { phase: 'Running', attempt: null };
    case 'clean':
      return { phase: 'Preparing', attempt: step.attempt };
    case 'release':
      return { phase: 'Available', attempt: null };
    case 'forceRelease':
      return { phase: 'Unavailable', attempt: null };
    case 'finish':
      return { phase: host === null ? 'Gone' : 'Lost', attempt: null };
    case 'begin':
    case 'confirmGone':
    case 'claim':
    case 'awaitPlan':
    case 'markUnavailable':
    case 'reboot':
    case 'settleReboot':
    case 'wait':
    case 'end':
      return undefined;
    default:
      return assertNever(step);
  }
}
