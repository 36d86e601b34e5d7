import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { findDetails, grpcCodes } from '../../runtime/temporal/connection.ts';
import { runOf } from '../support/runs.ts';
import {
  deleteRun,
  failActivity,
  NoResetPointError,
  pauseActivity,
  readPending,
  resetActivity,
  resetTo,
  startCopy,
  unpauseActivity,
} from '../support/ui-calls.ts';
import type { UiButton } from './command.ts';
import type { Lane } from './lane.ts';
import { pick } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

/* What somebody does who presses the buttons of the Temporal UI without thinking. */

type Press = (scene: Scene, machine: MachineRef) => Promise<void>;

const presses: Readonly<Record<UiButton, Press>> = {
  async pauseSteps({ lane, model }, machine) {
    model.pausedSteps.set(machine.name, machine);
    await onSteps(lane, machine, (id) => pauseActivity(lane, machine, id));
  },
  async unpauseSteps({ lane, model }, machine) {
    model.pausedSteps.delete(machine.name);
    await onSteps(lane, machine, (id) => unpauseActivity(lane, machine, id));
  },
  resetSteps: ({ lane }, machine) => onSteps(lane, machine, (id) => resetActivity(lane, machine, id)),
  failSteps: ({ lane }, machine) => onSteps(lane, machine, (id) => failActivity(lane, machine, id, forGood)),
  async cancel({ lane }, machine) {
    await runOf(lane, machine).cancel();
  },
  async terminate({ lane, model }, machine) {
    model.endedByHand.add(machine.name);
    await runOf(lane, machine).terminate('pressed in the model');
  },
  async deleteRun({ lane, model }, machine) {
    model.endedByHand.add(machine.name);
    await deleteRun(lane, machine);
  },
  resetToFirst: reset('first'),
  resetToFirstWithoutSignals: reset('first', false),
  resetToLast: reset('last'),
  async startCopy({ lane }, machine) {
    await startCopy(lane, machine);
  },
};

const forGood = { applicationFailureInfo: { type: 'ByHand', nonRetryable: true } };

/** The server terminates the run that is reset. */
function reset(which: 'first' | 'last', withSignals = true): Press {
  return async ({ lane, model }, machine) => {
    model.endedByHand.add(machine.name);
    await resetTo(lane, machine, which, withSignals);
  };
}

/** What is over meanwhile, or is not so that the button could be there. */
const refusals = [grpcCodes.notFound, grpcCodes.failedPrecondition, grpcCodes.invalidArgument];

/** Presses a button at the run of a machine that is there. */
export async function pressButton(scene: Scene, { button, nth }: { button: UiButton; nth: number }): Promise<Outcome> {
  const { machines } = scene.lane.history;
  const machine =
    button === 'unpauseSteps'
      ? pick([...scene.model.pausedSteps.values()], nth)
      : pick([...machines.values()], nth)?.metadata;
  if (machine === undefined) return 'skipped';
  const { namespace, name, uid } = machine;
  return press(scene, button, { namespace, name, uid });
}

/**
 * Ends every pause that somebody began in Temporal. Once the server (1.31) did not try a step again whose worker had died while
 * it was paused: such a step ends after its ten minutes, and who does not want to wait presses Reset.
 */
export async function unpauseAll(scene: Scene): Promise<void> {
  for (const machine of scene.model.pausedSteps.values()) {
    await press(scene, 'unpauseSteps', machine);
    await press(scene, 'resetSteps', machine);
  }
}

async function press(scene: Scene, button: UiButton, machine: MachineRef): Promise<Outcome> {
  try {
    await presses[button](scene, machine);
    return 'done';
  } catch (error) {
    const isRefused =
      error instanceof WorkflowNotFoundError ||
      error instanceof WorkflowExecutionAlreadyStartedError ||
      error instanceof NoResetPointError ||
      refusals.some((code) => findDetails(error, code) !== undefined);
    if (isRefused) return 'refused';
    throw error;
  }
}

async function onSteps(lane: Lane, machine: MachineRef, act: (id: string) => Promise<void>): Promise<void> {
  const pending = await readPending(lane, machine);
  await Promise.all(pending.map(({ activityId }) => act(activityId)));
}
