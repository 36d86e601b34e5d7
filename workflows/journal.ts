import { ActivityFailure, log, workflowInfo } from '@temporalio/workflow';
import { type CarriedJournal, type Journaled, loadJournal, unloadJournal } from '../domain/journal/carried.ts';
import { hasLeft } from '../domain/journal/entry.ts';
import {
  type FirstLook,
  firstLookOf,
  isFreshClaim,
  learnPast,
  lookAt,
  noteFirstLook,
} from '../domain/journal/first-look.ts';
import { confirm } from '../domain/journal/journal.ts';
import { awaitsLook, type Moment, noteOperation, noteTransition } from '../domain/journal/transitions.ts';
import { onceBegun } from '../domain/life/forecast.ts';
import type { MachineLife, OperatorVerb } from '../domain/life/machine-life.ts';
import type { Step } from '../domain/life/step.ts';
import type { BeginOutcome } from '../domain/life/step-outcomes.ts';
import { journalWrite } from './activity-proxies.ts';
import { livesBy } from './patches.ts';
import type { Run } from './run.ts';

/** Entries of one write at a rest. */
const MAX_WRITTEN = 100;

/**
 * Asks for a step's activity and lets it write what nobody has written yet, and the entry that the step is if it does its
 * work. `step` is null for an activity that moves nothing.
 */
export async function carry<Input extends object, Outcome>(
  run: Run,
  life: MachineLife,
  step: Step | null,
  activity: (input: Input) => Promise<Outcome>,
  input: Input,
): Promise<Outcome> {
  noteTask(run);
  const { journal, carried } = loadJournal(run.journal, life, step, thisMoment());
  run.journal = journal;
  return ask(run, activity, input, carried);
}

/**
 * As `carry`, within a task, which may be lost and begun anew at another time: of what it has noted itself nothing is written
 * yet.
 */
export async function carrySettled<Input extends object, Outcome>(
  run: Run,
  activity: (input: Input) => Promise<Outcome>,
  input: Input,
): Promise<Outcome> {
  const settled = noteTask(run);
  const pending = run.journal.pending.filter(({ number }) => number <= settled).slice(0, MAX_WRITTEN);
  return ask(run, activity, input, pending.length === 0 ? undefined : { pending });
}

async function ask<Input extends object, Outcome>(
  run: Run,
  activity: (input: Input) => Promise<Outcome>,
  input: Input,
  carried: CarriedJournal | undefined,
): Promise<Outcome> {
  if (carried === undefined) return activity(input);
  const answer: Outcome | Journaled<Outcome> = await activity({ ...input, journal: carried });
  const { outcome, journaled } = isJournaled(answer) ? answer : { outcome: answer, journaled: null };
  run.journal = unloadJournal(run.journal, carried, outcome, journaled);
  return outcome;
}

/** Notes where a step, or an event during a wait, brought the machine. */
export function noteStep(run: Run, before: MachineLife, { kind }: Step): void {
  noteTask(run);
  const after = run.life;
  if (after === null || (awaitsLook(run.journal, after) && livesBy('journalAfterLook'))) return;
  run.journal = noteTransition(run.journal, { kind, before, after }, thisMoment());
}

/** Notes an operator's request, as the life records it. */
export function noteRequest(run: Run, verb: OperatorVerb, life: MachineLife): void {
  noteTask(run);
  run.journal = noteOperation(run.journal, verb, life, thisMoment());
}

/** What the look needs that begins a run, to write the entry that it is. */
export function firstLook(run: Run): FirstLook | undefined {
  return firstLookOf(run.journal, thisMoment());
}

/** Notes what a look tells of the time before the run, and the entry that it wrote itself because the machine rests there. */
export function noteLook(
  run: Run,
  outcome: Exclude<BeginOutcome, { kind: 'gone' }>,
  look: FirstLook | undefined,
  life: MachineLife,
): void {
  noteTask(run);
  const isFresh = isFreshClaim(outcome) && run.journal.place === null && livesBy('journalFreshClaim');
  const isWritten = look !== undefined && outcome.entryWritten === true;
  const noted = isWritten
    ? noteFirstLook(lookAt(look, outcome.entryAtMs), onceBegun(life, outcome), outcome, isFresh)
    : undefined;
  if (noted === undefined) run.journal = learnPast(run.journal, outcome, isFresh);
  else {
    const { number, pending } = run.journal;
    run.journal = { ...noted.journal, number, pending };
  }
}

/** Notes an end to which no step led: the machine was moved away, or its object went and nobody could say why. */
export function noteUnledEnd(run: Run, life: MachineLife, { kind, outcome }: Extract<Step, { kind: 'end' }>): void {
  noteTask(run);
  const { place } = run.journal;
  if (place === null || hasLeft(place.phase) || !livesBy('journalUnledEnd')) return;
  const after = { ...life, stage: { kind: 'ended', outcome } } satisfies MachineLife;
  run.journal = noteTransition(run.journal, { kind, before: life, after }, thisMoment());
}

/** Writes, beside a wait, what no step has written; nobody waits for it, and the run starts over without it. */
export function writeWhileResting(run: Run): void {
  if (run.writesJournal || run.journal.pending.length === 0 || !livesBy('journal')) return;
  run.writesJournal = true;
  void writePending(run).finally(() => {
    run.writesJournal = false;
  });
}

/** Writes what is left when the life is over: the run waits for that, and nobody for the run. */
export async function writeAtEnd(run: Run): Promise<void> {
  if (run.journal.pending.length > 0 && livesBy('journalAtEnd')) await writePending(run);
}

async function writePending(run: Run): Promise<void> {
  for (;;) {
    const entries = run.journal.pending.slice(0, MAX_WRITTEN);
    if (entries.length === 0) return;
    try {
      const written = await journalWrite().recordJournal({ machine: run.machine, entries });
      const before = run.journal;
      run.journal = confirm(run.journal, written);
      if (run.journal === before) return;
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      // Somebody ended the activity by hand. What it was to write stays, for the next step or rest.
      log.warn('Entries of the journal were not written', { entries: entries.length });
      return;
    }
  }
}

/** Comes before the first entry of each task. Answers the number up to which the entries are of tasks before, and so stay. */
function noteTask(run: Run): number {
  const { historyLength } = workflowInfo();
  if (run.task.historyLength !== historyLength) run.task = { historyLength, settled: run.journal.number };
  return run.task.settled;
}

function isJournaled<Outcome>(answer: Outcome | Journaled<Outcome>): answer is Journaled<Outcome> {
  return typeof answer === 'object' && answer !== null && 'journaled' in answer;
}

function thisMoment(): Moment {
  return { runId: workflowInfo().runId, atMs: Date.now() };
}
