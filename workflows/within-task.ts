import { TemporalFailure, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import type { Step } from '../domain/life/step.ts';
import { shortStep, stepWithinTask } from './activity-proxies.ts';
import { carry, carrySettled } from './journal.ts';
import { hearsBetweenLooks, livesByAll } from './patches.ts';
import type { Run } from './run.ts';

/**
 * Whether a look or a status may be tried within the task that asks for it (ADR 38). What is done there may be done for
 * nothing: the history knows of it, and of an update that the task took in, only when the task is completed. So one that
 * comes of an update waits for that.
 */
export function mayTryWithinTask({ updatedAt }: Run): boolean {
  return updatedAt !== workflowInfo().historyLength && livesByAll();
}

/**
 * Whether a look may be tried within its task. A second one in the same task would find what the first one found, however wrong
 * what the run was told is by now: it hears nothing before its task ends.
 */
export function mayLookWithinTask(run: Run): boolean {
  if (!mayTryWithinTask(run)) return false;
  const { historyLength } = workflowInfo();
  if (run.lookedAt === historyLength && hearsBetweenLooks()) return false;
  run.lookedAt = historyLength;
  return true;
}

/** Does a step within its task. One that does not succeed at once becomes an activity, which people see and reach. */
export async function tryWithinTask<Input extends object, Outcome>(
  run: Run,
  life: MachineLife,
  step: Step | null,
  { summary, choose }: { summary: string; choose: (activities: Activities) => (input: Input) => Promise<Outcome> },
  input: Input,
): Promise<Outcome> {
  try {
    return await carrySettled(run, choose(stepWithinTask(summary)), input);
  } catch (error) {
    // Of a local activity the failure itself is thrown, in no `ActivityFailure`.
    if (!(error instanceof TemporalFailure)) throw error;
    return carry(run, life, step, choose(shortStep(summary)), input);
  }
}
