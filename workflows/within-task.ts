import { TemporalFailure, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import type { Step } from '../domain/life/step.ts';
import { shortStep, stepWithinTask } from './activity-proxies.ts';
import { carry, carrySettled } from './journal.ts';
import { triesWithinTask } from './patches.ts';
import type { Run } from './run.ts';

/** How a step is asked for. */
interface Asked<Input, Outcome> {
  summary: string;
  choose: (activities: Activities) => (input: Input) => Promise<Outcome>;
}

/**
 * Does a step within its task, if it may be tried there. One that does not succeed at once becomes an activity, which people
 * see and reach.
 * @param outside the activity, if another one than a short step
 */
export async function tryWithinTask<Input extends object, Outcome>(
  run: Run,
  life: MachineLife,
  step: Step | null,
  { summary, choose }: Asked<Input, Outcome>,
  input: Input,
  outside?: (input: Input) => Promise<Outcome>,
): Promise<Outcome> {
  const asActivity = (): Promise<Outcome> => carry(run, life, step, outside ?? choose(shortStep(summary)), input);
  if (!mayTryWithinTask(run)) return asActivity();
  try {
    return await carrySettled(run, choose(stepWithinTask(summary)), input);
  } catch (error) {
    // Of a local activity the failure itself is thrown, in no `ActivityFailure`.
    if (!(error instanceof TemporalFailure)) throw error;
    return asActivity();
  }
}

/**
 * What is done within a task may be done for nothing (ADR 38): the history knows of it, and of an update that the task took
 * in, only when the task is completed. So what comes of an update waits for that.
 */
function mayTryWithinTask({ updatedAt }: Run): boolean {
  return updatedAt !== workflowInfo().historyLength && triesWithinTask();
}
