import { allHandlersFinished, CancellationScope, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { nextStep, type Step } from '../domain/lifecycle.ts';
import { carryOver, MAX_EVENTS_PER_RUN, type MachineLife } from '../domain/machine-life.ts';
import { bindHandlers } from './handlers.ts';
import type { MachineLifecycleInput } from './messages.ts';
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
    const step = nextStep(life);
    present(life, step);
    if (step.kind === 'end') {
      await condition(allHandlersFinished);
      return step.outcome;
    }
    const full = workflowInfo().continueAsNewSuggested || life.revision >= MAX_EVENTS_PER_RUN;
    if (step.kind === 'wait' && full) await startOver(run);
    await performStep(run, life, step);
  }
}

async function startOver(run: Run): Promise<void> {
  await condition(allHandlersFinished);
  await continueAsNew<typeof machineLifecycle>({ machine: run.machine, life: carryOver(knownLife(run)) });
}

function knownLife(run: Run): MachineLife {
  if (run.life === null) throw new TypeError('A run begins with its first snapshot');
  return run.life;
}
