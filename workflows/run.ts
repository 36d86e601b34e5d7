import { log } from '@temporalio/workflow';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { LaterRules } from '../domain/life/later-rules.ts';
import { isOwedBootOnly } from '../domain/life/boot.ts';
import { hasMissedSecret } from '../domain/life/lifecycle.ts';
import { lacksSlot } from '../domain/life/slot-wait.ts';
import {
  type BoundHost,
  hostOf,
  type MachineLife,
  standingPlan,
  type WrittenPlan,
} from '../domain/life/machine-life.ts';
import { type NumberedStatus, projectStatus } from '../domain/report/status/machine-status.ts';
import type { Journal } from '../domain/journal/journal.ts';
import { shortStep } from './activity-proxies.ts';
import { carry } from './journal.ts';
import { isStopped, orBroken } from './ended-step.ts';
import { mayTryWithinTask, tryWithinTask } from './within-task.ts';
import { answersInputs, livesBy } from './patches.ts';

/** What a run keeps besides its machine's life. */
export interface Run {
  machine: MachineRef;
  /** null until the first snapshot has arrived. */
  life: MachineLife | null;
  /** Status that was written last; spares activities that would change nothing. */
  published: Published | null;
  /** Counts the snapshots that said something new. */
  inputsHeard: number;
  /** Counts the statuses of this run. */
  statusNumber: number;
  /** Statuses in a row that could not be written. */
  unwrittenStatuses: number;
  /** Waits that were given up: the server keeps their activities, and so their ids, until the host answers. */
  abandonedWaits: Set<string>;
  /** Waits in a row whose activity broke, of a run that began before they halt. */
  brokenWaits: number;
  /** Steps since the run last came to rest. */
  busySteps: number;
  /** Somebody pressed "Request Cancellation". */
  cancelNoted: boolean;
  /** Messages of any kind that this run was sent, also those that changed nothing: each one fills it up. */
  heard: number;
  /** As many messages as one run may take: it starts over as soon as it can. */
  full: boolean;
  /** How often the run was told that its machine goes, also when it knew. */
  deletionsTold: number;
  /** Nobody's answer is waited for any more: the run ends, or starts over. */
  leaving: boolean;
  /** What was ignored, by kind of message. */
  ignored: Map<string, IgnoredMessages>;
  journal: Journal;
  /** The task that noted something last, by the length of the history then, and the number of the journal before. */
  task: { historyLength: number; settled: number };
  /** Length of the history at the task that took in the last update; 0: none did. */
  updatedAt: number;
  /** The same at the task that the last look was tried within. */
  lookedAt: number;
  /** An activity that writes entries beside the wait is under way. */
  writesJournal: boolean;
}

interface Published {
  /** The status, as JSON. */
  text: string;
  /** How many snapshots had been heard when it was composed. */
  inputsHeard: number;
}

/** Messages of one kind that nobody has logged yet. */
export interface IgnoredMessages {
  count: number;
  /** Workflow time. */
  loggedAtMs: number;
}

/**
 * Writes the status if it says something new, or if the bridge is to see that it was heard. False: it could not be written
 * and is to be tried again.
 */
export async function publishStatus(run: Run, life: MachineLife): Promise<boolean> {
  const showsNew = showsSomethingNew(run, life);
  if (!showsNew && !owesWord(run, life)) return true;
  const status = { ...take(run, life), ...(!showsNew && { answersOnly: true as const }) };
  const summary = `Report ${status.phase ?? 'Paused'}`;
  const input = { machine: run.machine, status };
  const written = mayTryWithinTask(run)
    ? tryWithinTask(run, life, null, { summary, choose: (it) => it.publishStatus }, input)
    : carry(run, life, null, shortStep(summary).publishStatus, input);
  const outcome = await orBroken(written);
  if (!isStopped(outcome)) {
    run.unwrittenStatuses = 0;
    return true;
  }
  log.warn('The status could not be written', { reason: outcome.reason, problem: outcome.message });
  run.published = null;
  run.unwrittenStatuses += 1;
  return false;
}

/** Pause before a status that could not be written is tried again. */
export function unwrittenPauseMs({ unwrittenStatuses }: Run): number {
  return Math.min(2_000 * 2 ** Math.min(unwrittenStatuses - 1, 20), 300_000);
}

/** Whether the status as it would be written now differs from what was written last. */
export function showsSomethingNew(run: Run, life: MachineLife): boolean {
  return !life.snapshot.gone && JSON.stringify(projectStatus(life)) !== run.published?.text;
}

/**
 * Whether all that the run was told since its last status came to nothing: what was told last may be older than what was
 * told before. The bridge, which told the one, tells it again when it sees that the run has heard and not taken it.
 */
function owesWord({ published, inputsHeard }: Run, { snapshot }: MachineLife): boolean {
  const heardSince = published !== null && published.inputsHeard !== inputsHeard && !snapshot.gone;
  return heardSince && answersInputs();
}

/** The status to write now, noted as written: who carries it says when it could not be. */
export function take(run: Run, life: MachineLife): NumberedStatus {
  const status = projectStatus(life);
  run.published = { text: JSON.stringify(status), inputsHeard: run.inputsHeard };
  run.statusNumber += 1;
  return { ...status, number: run.statusNumber };
}

/** A step has written the status of this life itself; `inputsHeard` when it began. */
export function notePublished(run: Run, life: MachineLife, inputsHeard: number): void {
  run.published = { text: JSON.stringify(projectStatus(life)), inputsHeard };
}

/** The later rules that a run lives by; asked only where one makes a difference, for each answer leaves a mark in the history. */
export function rulesOf(life: MachineLife): LaterRules {
  const { stage, snapshot, goneSeen } = life;
  const answer = 'plan' in stage ? stage.plan?.progress.kind : undefined;
  const badAnswer = answer === 'taken' || answer === 'secretMissing';
  return {
    looksForLostHost: stage.kind === 'running' && snapshot.hostMissing && livesBy('lookForLostHost'),
    confirmsBadAnswers: badAnswer && livesBy('confirmBadAnswers'),
    looksAgainForSecret: hasMissedSecret(life) && livesBy('lookAgainForSecret'),
    waitsForSlot: lacksSlot(life) && livesBy('waitForSlot'),
    boundsBoot: isOwedBootOnly(life) && livesBy('boundBoot'),
    confirmsGone: snapshot.gone && goneSeen !== true && livesBy('confirmGone'),
    confirmsHeldGone: snapshot.gone && goneSeen !== true && life.pausedByOperator && livesBy('confirmHeldGone'),
  };
}

/** While a step looked at the host, the bridge told that it is gone: what the step saw is perhaps older. */
export function wentMissing({ snapshot, revision }: MachineLife, startRevision: number): boolean {
  return snapshot.hostMissing && revision !== startRevision && livesBy('heedNewerLoss');
}

/** A host was claimed: that one is missing was told of the host before. */
export function believesClaim({ snapshot }: MachineLife): boolean {
  return snapshot.hostMissing && livesBy('believeClaim');
}

/** Changes the life as it is now: signals may have moved it since a step began. */
export function update(run: Run, change: (life: MachineLife) => MachineLife): void {
  if (run.life !== null) run.life = change(run.life);
}

/** @throws TypeError when the stage holds no host: `nextStep` and the stages disagree */
export function hostIn(life: MachineLife): BoundHost {
  const host = hostOf(life.stage);
  if (host === undefined) throw new TypeError(`Stage ${life.stage.kind} holds no host`);
  return host;
}

/** @throws TypeError when the stage holds no plan: `nextStep` and the stages disagree */
export function planIn({ stage }: MachineLife): WrittenPlan {
  const plan = standingPlan(stage);
  if (plan === null) throw new TypeError(`Stage ${stage.kind} holds no plan`);
  return plan;
}
