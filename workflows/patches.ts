import { patched } from '@temporalio/workflow';

/**
 * Names for `patched()`: runs that began before a change go on as they began. One goes when no open run is older than it.
 */
export const patches = {
  /** The activity id of the wait for a plan names the host. */
  planWaitNamesHost: 'plan-wait-names-host',
  /** A running machine whose host is missing looks for it. */
  lookForLostHost: 'look-for-lost-host',
  /** A run that is full, or gave the same wait up before, starts over before it waits for a plan. */
  startOverBeforePlanWait: 'start-over-before-plan-wait',
  /** An answer that the host was taken, or its Secret is gone, is confirmed by a step of its own. */
  confirmBadAnswers: 'confirm-bad-answers',
  /** A wait for a plan whose activity broke is a wait that every event ends. */
  haltBrokenWait: 'halt-broken-wait',
  /** A run that goes round in a circle pauses. */
  restWhenRestless: 'rest-when-restless',
  /** A run that is full starts over at any step. */
  startOverAnywhere: 'start-over-anywhere',
  /** Whether a machine is gone is looked at before its run ends for it. */
  confirmGone: 'confirm-gone',
  /** The status of the wait for a plan is written before that wait, which has one attempt, begins. */
  statusBeforePlanWait: 'status-before-plan-wait',
  /** A bootstrap Secret that the bridge sees and a step did not find is looked for again. */
  lookAgainForSecret: 'look-again-for-secret',
  /** A machine that waits for a slot does not try again with each place in the queue that it is told. */
  waitForSlot: 'wait-for-slot',
  /** A run under another id than its machine's ends: somebody started a copy. */
  ownIdOnly: 'own-id-only',
  /** A run that was told of its machine's deletion once more while a step found it untrue lets the step read again. */
  heedRepeatedDeletion: 'heed-repeated-deletion',
  /** Messages that change nothing fill a run up, too; one that is full starts over also while it waits. */
  countAllMessages: 'count-all-messages',
  /** A host whose Node has joined has a deadline to say how it booted, too. */
  boundBoot: 'bound-boot',
  /** The search attribute for the reason tells what is late of a machine that is Ready. */
  tellLateness: 'tell-lateness',
  /** A machine that lost its host while it was being paused goes on when it is resumed. */
  resumeReleased: 'resume-released',
  /** A run that has not looked yet takes the end of a pause that an earlier run was asked for. */
  resumeBeforeLook: 'resume-before-look',
  /** A run that began when nobody could ask for a reboot ignored whoever did. */
  reboot: 'reboot',
  /** A host that is told to be gone while a step finds it is looked for again. */
  heedNewerLoss: 'heed-newer-loss',
  /** Whether a machine is gone is looked at also while an operator's pause holds its end. */
  confirmHeldGone: 'confirm-held-gone',
  /** What no step has written of the journal is written at a rest. */
  journal: 'journal',
  /** The same, when the life is over. */
  journalAtEnd: 'journal-at-end',
  /** An end to which no step led, of a machine that was moved away or lost, is an entry of the journal. */
  journalUnledEnd: 'journal-unled-end',
  /** A host that a look claimed is an entry of its own, after the unknown time before it. */
  journalFreshClaim: 'journal-fresh-claim',
  /** What a step was wrong about is told once the look that follows has shown it. */
  journalAfterLook: 'journal-after-look',
  /** The look that begins the run of a provisioned machine is a local activity. */
  lookWithinTask: 'look-within-task',
  /** What a run was told of a missing host is over once it has claimed one. */
  believeClaim: 'believe-claim',
  /** A run that is told that its machine goes on while a step found it paused lets the step read again. */
  heedLaterResumption: 'heed-later-resumption',
} as const;

/** Looks and statuses are tried within the task that asks for them (ADR 38). A run that lives by this lives by all of the above. */
const WITHIN_TASK = 'within-task';

/** The run lives by all rules so far. */
export function livesByAll(): boolean {
  return patched(WITHIN_TASK);
}

/** A run that was told what came to nothing says that it has heard. Asked only where it did. */
export function answersInputs(): boolean {
  return patched('answer-inputs');
}

/** Whether the run lives by a rule. Each mark costs its history two events, so one that begins now has one for all. */
export function livesBy(rule: keyof typeof patches): boolean {
  return livesByAll() || patched(patches[rule]);
}

/**
 * A look that follows another one is an activity, so that the run hears between the two what it is told. Asked only where one
 * follows within the same task.
 */
export function hearsBetweenLooks(): boolean {
  return patched('hear-between-looks');
}
