import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { nextStep, type Step } from '../domain/life/lifecycle.ts';
import { carryOver, MAX_EVENTS_PER_RUN, type MachineLife } from '../domain/life/machine-life.ts';
import { waitIdOf } from './await-answer.ts';
import { bindHandlers } from './handlers.ts';
import type { MachineLifecycleInput } from './messages.ts';
import { patches } from './patches.ts';
import { createPresenter, type Presenter } from './presenter.ts';
import type { Run } from './run.ts';
import { performStep } from './steps.ts';

export type MachineOutcome = Extract<Step, { kind: 'end' }>['outcome'];

/**
 * The life of one `BaremetalMachine`, from its creation until its host is back in the pool. Binds handlers and runs one
 * step after the other; what the next step is comes from `domain/lifecycle`.
 */
export async function machineLifecycle(input: MachineLifecycleInput): Promise<MachineOutcome> {
  const run: Run = {
    machine: input.machine,
    life: input.life ?? null,
    published: null,
    statusNumber: 0,
    abandonedWaits: new Set(),
    brokenWaits: 0,
    cancelNoted: false,
  };
  bindHandlers(run);
  await condition(() => run.life !== null);
  const present = createPresenter(run);
  // A cancellation from the UI is noted and changes nothing: giving a host up half-way helps nobody.
  const outer = CancellationScope.current();
  outer.cancelRequested.catch(() => {
    run.cancelNoted = true;
    present(knownLife(run), nextStep(knownLife(run)));
  });
  return CancellationScope.nonCancellable(() => live(run, present));
}

async function live(run: Run, present: Presenter): Promise<MachineOutcome> {
  for (;;) {
    const life = knownLife(run);
    const step = decide(life);
    present(life, step);
    if (step.kind === 'end') {
      await condition(allHandlersFinished);
      return step.outcome;
    }
    if (mustStartOver(run, life, step)) await startOver(run);
    await performStep(run, life, step);
  }
}

function decide(life: MachineLife): Step {
  const looksForLostHost =
    life.stage.kind === 'running' && life.snapshot.hostMissing && patched(patches.lookForLostHost);
  return nextStep(life, { looksForLostHost });
}

/** At a wait nothing is under way that a new run would not do again. */
function mustStartOver(run: Run, life: MachineLife, step: Step): boolean {
  const full = workflowInfo().continueAsNewSuggested || life.revision >= MAX_EVENTS_PER_RUN;
  if (step.kind === 'wait') return full;
  if (step.kind !== 'awaitPlan') return false;
  return (full || run.abandonedWaits.has(waitIdOf(life))) && patched(patches.startOverBeforePlanWait);
}

async function startOver(run: Run): Promise<void> {
  await condition(allHandlersFinished);
  await continueAsNew<typeof machineLifecycle>({ machine: run.machine, life: carryOver(knownLife(run)) });
}

function knownLife(run: Run): MachineLife {
  if (run.life === null) throw new TypeError('A run begins with its first snapshot');
  return run.life;
}
