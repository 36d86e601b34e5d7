import { allHandlersFinished, CancellationScope, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { nextStep, type Step } from '../domain/lifecycle.ts';
import type { MachineLife } from '../domain/machine-life.ts';
import { bindHandlers } from './handlers.ts';
import type { MachineLifecycleInput } from './messages.ts';
import { createPresenter } from './presenter.ts';
import { performStep, type Run } from './steps.ts';

export type MachineOutcome = Extract<Step, { kind: 'end' }>['outcome'];

/**
 * The life of one `BaremetalMachine`, from its creation until its host is back in the pool. Binds handlers and runs one
 * step after the other; what the next step is comes from `domain/lifecycle`.
 */
export async function machineLifecycle(input: MachineLifecycleInput): Promise<MachineOutcome> {
  const run: Run = { machine: input.machine, life: input.life ?? null, published: null, cancelNoted: false };
  bindHandlers(run);
  await condition(() => run.life !== null);
  // A cancellation from the UI is noted and changes nothing: giving a host up half-way helps nobody.
  const outer = CancellationScope.current();
  outer.cancelRequested.catch(() => {
    run.cancelNoted = true;
  });
  return CancellationScope.nonCancellable(() => live(run));
}

async function live(run: Run): Promise<MachineOutcome> {
  const present = createPresenter(run);
  for (;;) {
    const life = knownLife(run);
    const step = nextStep(life);
    present(life, step);
    if (step.kind === 'end') {
      await condition(allHandlersFinished);
      return step.outcome;
    }
    if (step.kind === 'wait' && workflowInfo().continueAsNewSuggested) await startOver(run);
    await performStep(run, life, step);
  }
}

async function startOver(run: Run): Promise<void> {
  await condition(allHandlersFinished);
  await continueAsNew<typeof machineLifecycle>({ machine: run.machine, life: knownLife(run) });
}

function knownLife(run: Run): MachineLife {
  if (run.life === null) throw new TypeError('A run begins with its first snapshot');
  return run.life;
}
