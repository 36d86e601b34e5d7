import { allHandlersFinished, CancellationScope, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { isHaltOver, MAX_STEPS_WITHOUT_REST, onRestless, withoutHalt } from '../domain/life/halt.ts';
import { nextStep } from '../domain/life/lifecycle.ts';
import { machineWorkflowId } from '../domain/life/run-id.ts';
import type { Step } from '../domain/life/step.ts';
import { tellEnd } from '../domain/report/run-end.ts';
import { startJournal } from '../domain/journal/journal.ts';
import { carryOver, MAX_EVENTS_PER_RUN, type MachineLife } from '../domain/life/machine-life.ts';
import { waitIdOf } from './await-answer.ts';
import { bindHandlers } from './handlers.ts';
import { noteStep, noteUnledEnd, writeAtEnd } from './journal.ts';
import type { MachineLifecycleInput } from './messages.ts';
import { livesBy } from './patches.ts';
import { noteEnd } from './meter.ts';
import { createPresenter, type Presenter } from './presenter.ts';
import { type Run, rulesOf, update } from './run.ts';
import { performStep } from './steps.ts';

/**
 * The life of one `BaremetalMachine`, from its creation until its host is back in the pool. Binds handlers and runs one
 * step after the other; what the next step is comes from `domain/lifecycle`. A copy that somebody starts under another id
 * ends at once: a machine has one run. Its result is a sentence for people that begins with the outcome.
 */
export async function machineLifecycle(input: MachineLifecycleInput): Promise<string> {
  if (workflowInfo().workflowId !== machineWorkflowId(input.machine) && livesBy('ownIdOnly'))
    return "orphaned: this is not the id of the machine's run";
  const run: Run = {
    machine: input.machine,
    life: input.life ?? null,
    published: null,
    inputsHeard: 0,
    statusNumber: 0,
    unwrittenStatuses: 0,
    abandonedWaits: new Set(),
    brokenWaits: 0,
    busySteps: 0,
    cancelNoted: false,
    heard: 0,
    full: false,
    deletionsTold: 0,
    leaving: false,
    ignored: new Map(),
    // The time of a task is another one when the task is begun anew.
    journal: input.journal ?? startJournal(workflowInfo().runStartTime.getTime()),
    task: { historyLength: 0, settled: 0 },
    updatedAt: 0,
    lookedAt: 0,
    writesJournal: false,
  };
  bindHandlers(run);
  await condition(() => run.life !== null || run.full);
  if (run.life === null) return continueAsNew<typeof machineLifecycle>({ machine: run.machine });
  const present = createPresenter(run);
  // A cancellation from the UI is noted and changes nothing: giving a host up half-way helps nobody.
  const outer = CancellationScope.current();
  outer.cancelRequested.catch(() => {
    run.cancelNoted = true;
    present(knownLife(run), nextStep(knownLife(run)));
  });
  return CancellationScope.nonCancellable(() => live(run, present));
}

async function live(run: Run, present: Presenter): Promise<string> {
  for (;;) {
    const life = knownLife(run);
    const step = nextStep(life, rulesOf(life));
    if (isHaltOver(life, step)) {
      update(run, withoutHalt);
      continue;
    }
    present(life, step);
    if (step.kind === 'end') {
      noteEnd(life);
      run.leaving = true;
      noteUnledEnd(run, life, step);
      await writeAtEnd(run);
      await condition(allHandlersFinished);
      return tellEnd(step.outcome, knownLife(run), Date.now());
    }
    if (mustStartOver(run, life, step)) await startOver(run);
    if (mustPause(run, life, step)) {
      update(run, (now) => onRestless(now, step, run.busySteps - MAX_STEPS_WITHOUT_REST + 1));
      continue;
    }
    if (step.kind !== 'wait') run.busySteps += 1;
    await performStep(run, life, step);
    noteStep(run, life, step);
  }
}

/** Steps in a row that never end in a wait go round in a circle: between two of them, from here on, is a pause. */
function mustPause({ busySteps }: Run, { halt }: MachineLife, step: Step): boolean {
  if (step.kind === 'wait' || busySteps < MAX_STEPS_WITHOUT_REST) return false;
  const paused = halt?.reason === 'Restless' && halt.due && halt.step === step.kind;
  return !paused && livesBy('restWhenRestless');
}

/** Between two steps nothing is under way that a new run would not do again. */
function mustStartOver(run: Run, life: MachineLife, step: Step): boolean {
  const full = run.full || workflowInfo().continueAsNewSuggested || life.revision >= MAX_EVENTS_PER_RUN;
  if (step.kind === 'wait') return full;
  if (step.kind !== 'awaitPlan') return full && livesBy('startOverAnywhere');
  return (full || run.abandonedWaits.has(waitIdOf(life))) && livesBy('startOverBeforePlanWait');
}

async function startOver(run: Run): Promise<void> {
  run.leaving = true;
  await condition(allHandlersFinished);
  await continueAsNew<typeof machineLifecycle>({
    machine: run.machine,
    life: carryOver(knownLife(run)),
    journal: run.journal,
  });
}

function knownLife(run: Run): MachineLife {
  if (run.life === null) throw new TypeError('A run begins with its first snapshot');
  return run.life;
}
