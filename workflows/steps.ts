import { condition } from '@temporalio/workflow';
import * as advanceHost from '../domain/life/advance-host.ts';
import * as advance from '../domain/life/advance-life.ts';
import { assertNever } from '../domain/assert-never.ts';
import { onHaltOver } from '../domain/life/halt.ts';
import type { Step } from '../domain/life/step.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import { awaitAnswer } from './await-answer.ts';
import { writeWhileResting } from './journal.ts';
import { publishStatus, type Run, unwrittenPauseMs, update } from './run.ts';
import { performStepOfHost } from './steps-of-host.ts';
import { performStepOfReboot } from './steps-of-reboot.ts';
import { performStepToRunning } from './steps-to-running.ts';

/** Runs one step and lets its outcome advance the life as it is then: signals may have moved it meanwhile. */
export async function performStep(run: Run, life: MachineLife, step: Exclude<Step, { kind: 'end' }>): Promise<void> {
  switch (step.kind) {
    case 'begin':
    case 'claim':
    case 'provision':
    case 'complete':
      return performStepToRunning(run, life, step);
    case 'reboot':
    case 'settleReboot':
      return performStepOfReboot(run, life, step);
    case 'awaitPlan':
      return awaitAnswer(run, life, step);
    case 'markUnavailable':
    case 'clean':
    case 'release':
    case 'forceRelease':
    case 'confirmGone':
    case 'finish':
      return performStepOfHost(run, life, step);
    case 'wait':
      return waitForEvent(run, life, step);
    default:
      return assertNever(step);
  }
}

/** Waits until an event moves the life on, or the time is over, after the status says what is waited for. */
async function waitForEvent(run: Run, life: MachineLife, step: Extract<Step, { kind: 'wait' }>): Promise<void> {
  // Who could not be asked a moment ago could not take a status either.
  const mute = step.reason === 'halt' && life.halt?.reason === 'Unreachable';
  const written = mute || (await publishStatus(run, life));
  // What was stopped a moment ago takes the entries along when it is tried again.
  if (step.reason !== 'halt') writeWhileResting(run);
  const moved = (): boolean => run.full || run.life?.revision !== life.revision;
  const blocked = !moved();
  const deadlineMs = written ? step.deadlineMs : Math.min(step.deadlineMs ?? Infinity, unwrittenPauseMs(run));
  const event =
    deadlineMs === null
      ? condition(moved).then(() => true)
      : condition(moved, deadlineMs, { summary: summaryOf(step) });
  if (await event) {
    if (blocked) run.busySteps = 0;
  } else if (step.reason === 'halt') update(run, onHaltOver);
  else if (step.reason === 'inputs' && written) update(run, advance.onWoken);
  else if ((step.reason === 'node' || step.reason === 'boot') && written) update(run, advanceHost.onNodeJoinDeadline);
}

/** What the bar of a wait with an end says in the Temporal UI. */
function summaryOf({ reason }: Extract<Step, { kind: 'wait' }>): string {
  if (reason === 'node') return 'Deadline for the Node to register';
  return reason === 'boot' ? 'Deadline for the host to say how it booted' : 'Pause before the next try';
}
