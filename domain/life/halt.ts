import { assertNever } from '../assert-never.ts';
import type { Halt, MachineLife, Obstacle } from './machine-life.ts';
import type { Step } from './step.ts';
import type { StepStopped } from './step-outcomes.ts';

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;

/** A run that has done so many steps without coming to rest goes round in a circle. */
export const MAX_STEPS_WITHOUT_REST = 50;

/** A step that was stopped is due again after a pause that grows; an event that came meanwhile makes it due at once. */
export function onStopped(life: MachineLife, step: Step, stopped: StepStopped, startRevision: number): MachineLife {
  const { halt } = life;
  const before = halt?.step === step.kind && halt.reason === stopped.reason ? halt.count : 0;
  return withHalt(life, step, stopped, { revision: startRevision, count: before + 1 });
}

/** The run goes round in a circle and takes a breath before this step, the `count`th since it came to rest. */
export function onRestless(life: MachineLife, step: Step, count: number): MachineLife {
  const message =
    `${MAX_STEPS_WITHOUT_REST} steps in a row brought the machine no further; the last was ${step.kind}. ` +
    "Something contradicts itself: compare the machine's status and providerID with the owner annotations of its host";
  return withHalt(life, step, { reason: 'Restless', message }, { revision: life.revision, count });
}

/** The pause is over. */
export function onHaltOver(life: MachineLife): MachineLife {
  return life.halt === undefined ? life : { ...life, halt: { ...life.halt, due: true } };
}

/** The step did its work. */
export function withoutHalt(life: MachineLife): MachineLife {
  if (life.halt === undefined) return life;
  const { halt: _, ...rest } = life;
  return rest;
}

/** The run comes to rest, or waits for a host, without the step that was stopped: what stopped it is over. */
export function isHaltOver({ halt }: MachineLife, step: Step): boolean {
  if (halt === undefined || halt.step === step.kind) return false;
  return step.kind === 'awaitPlan' || (step.kind === 'wait' && step.reason !== 'halt');
}

/** The pause instead of a step that was stopped a moment ago. */
export function holdBack({ halt, revision }: MachineLife, step: Step): Step {
  if (halt === undefined || halt.due || halt.step !== step.kind || halt.revision !== revision) return step;
  return { kind: 'wait', reason: 'halt', deadlineMs: pauseMs(halt.count) };
}

/** What a halt says under its condition; nothing any more when the run waits for its host again. */
export function haltedBy({ halt, revision }: MachineLife): Obstacle | undefined {
  if (halt === undefined || (halt.step === 'awaitPlan' && (halt.due || halt.revision !== revision))) return undefined;
  const { condition, reason, message } = halt;
  return { condition, reason, message };
}

function withHalt(
  life: MachineLife,
  step: Step,
  { reason, message }: Pick<Halt, 'reason' | 'message'>,
  { revision, count }: Pick<Halt, 'revision' | 'count'>,
): MachineLife {
  return {
    ...life,
    halt: { step: step.kind, condition: conditionOf(step), reason, message, count, revision, due: false },
  };
}

function pauseMs(count: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(count - 1, 20), LONGEST_PAUSE_MS);
}

/** The condition that a step works for. */
function conditionOf(step: Step): Halt['condition'] {
  switch (step.kind) {
    case 'begin':
    case 'confirmGone':
    case 'claim':
    case 'complete':
    case 'markUnavailable':
    case 'release':
    case 'forceRelease':
    case 'finish':
    case 'wait':
    case 'end':
      return 'InventoryAllocated';
    case 'provision':
    case 'awaitPlan':
    case 'reboot':
    case 'settleReboot':
    case 'clean':
      return 'PlanApplied';
    default:
      return assertNever(step);
  }
}
