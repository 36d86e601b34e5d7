import { assertNever } from '../assert-never.ts';
import type { Boot } from '../inputs/boot-sight.ts';
import { type MachineLife, type PlanProgress, type Stage, standingPlan, type WrittenPlan } from './machine-life.ts';
import type { Step } from './step.ts';
import type { RebootOutcome, SettleOutcome } from './step-outcomes.ts';

type Running = Extract<Stage, { kind: 'running' }>;

/** What keeps a machine from being rebooted now, in a sentence with what to do instead; undefined: nothing that the run knows. */
export function findRebootObstacle({ snapshot, stage }: MachineLife): string | undefined {
  if (snapshot.deleting) return 'The machine is being deleted';
  if (stage.kind !== 'running')
    return 'Only the host of a Running machine is rebooted; retry and reallocate are for all others';
  if (stage.takenBy !== undefined) return 'The host was taken from the node; delete the Machine to get another host';
  if (snapshot.hostMissing) return 'The MachineInventory of the host is gone; nothing can be written to the host';
  if (isRebootUnanswered(stage)) return 'A reboot is under way; the host has not answered its plan yet';
  const isBooting =
    stage.reboot === undefined && stage.awaitsBoot === true && bootSince({ snapshot }, stage) === undefined;
  if (isBooting && !stage.nodeJoinTimedOut) return 'The host is about to boot already; see the condition Booted';
  return undefined;
}

/** The run orders a reboot; its number never comes again in the life. */
export function orderReboot(life: MachineLife): { life: MachineLife; attempt: number } | undefined {
  const { stage } = life;
  if (stage.kind !== 'running') return undefined;
  const attempt = (life.lastReboot?.attempt ?? 0) + 1;
  const boot = stage.reboot === undefined ? life.snapshot.boot : stage.reboot.boot;
  const reboot = { attempt, plan: null, ...(boot !== undefined && { boot }) };
  return { life: { ...life, lastReboot: { attempt }, stage: { ...stage, reboot } }, attempt };
}

/** Whether the reboot that was asked for last is not known yet to be carried out or refused. */
export function isRebootUnjudged({ stage, halt, snapshot, pausedByOperator }: MachineLife): boolean {
  const open = stage.kind === 'running' && stage.reboot?.plan === null;
  return open && halt === undefined && !snapshot.deleting && !snapshot.paused && !pausedByOperator;
}

/** What is due for a reboot; undefined: nothing, or the host's answer is waited for. */
export function nextStepOfReboot({ reboot, takenBy }: Running): Step | undefined {
  if (reboot === undefined || takenBy !== undefined) return undefined;
  if (reboot.plan === null) return { kind: 'reboot', attempt: reboot.attempt };
  return reboot.plan.progress.kind === 'applied' ? { kind: 'settleReboot' } : undefined;
}

/** How the host booted after it applied the last plan that makes it boot; undefined: it has not told. */
export function bootSince({ snapshot }: Pick<MachineLife, 'snapshot'>, { bootAfter }: Running): Boot | undefined {
  return bootAfter === undefined || snapshot.rebooted === bootAfter ? snapshot.boot : undefined;
}

/** A failed reboot, or one without an answer, is ordered once more when an operator retries. */
export function mayRetryReboot({ stage }: MachineLife): boolean {
  const kind = stage.kind === 'running' ? stage.reboot?.plan?.progress.kind : undefined;
  return kind !== undefined && kind !== 'pending' && kind !== 'applied';
}

/** The life as it is once the plan is written. */
export function whileRebooting(life: MachineLife, plan: WrittenPlan): MachineLife {
  const { stage } = life;
  if (stage.kind !== 'running' || stage.reboot === undefined) return life;
  return { ...life, stage: { ...stage, reboot: { ...stage.reboot, plan } } };
}

export function onRebootTried(life: MachineLife, attempt: number, outcome: RebootOutcome): MachineLife {
  const { stage, snapshot } = life;
  if (stage.kind !== 'running' || stage.reboot?.attempt !== attempt) return life;
  switch (outcome.kind) {
    case 'written': {
      // A number of a run that was lost may stand in the Secret: the step counts on from there.
      const { attempt: number } = outcome.plan;
      const reboot = { ...stage.reboot, attempt: number, plan: outcome.plan };
      return { ...life, lastReboot: { attempt: number }, stage: { ...stage, reboot } };
    }
    case 'refused':
      return withoutReboot(life, stage, outcome.message);
    case 'gone':
      return { ...life, snapshot: { ...snapshot, gone: true } };
    case 'deleting':
    case 'paused':
      return { ...life, snapshot: { ...snapshot, [outcome.kind]: true } };
    default:
      return assertNever(outcome);
  }
}

/** The host applied the plan, as its Secret says: from here on it is to say how it booted. */
export function onRebootSettled(life: MachineLife, outcome: SettleOutcome): MachineLife {
  const { stage } = life;
  if (stage.kind !== 'running' || stage.reboot === undefined) return life;
  const { reboot, ...running } = stage;
  switch (outcome.kind) {
    case 'settled': {
      const applied = {
        checksum: reboot.plan?.checksum ?? '',
        bootstrapHash: stage.applied?.bootstrapHash ?? null,
      };
      const due = { nodeJoinTimedOut: false, awaitsBoot: true, bootAfter: reboot.attempt } as const;
      return { ...life, stage: { ...running, applied, ...due } };
    }
    case 'unproven':
      return withRebootProgress(life, outcome.progress);
    case 'hostLost':
      return withoutReboot(life, stage, 'The host is not recorded as that of the machine any more');
    default:
      return assertNever(outcome);
  }
}

export function withRebootProgress(life: MachineLife, progress: PlanProgress): MachineLife {
  const plan = life.stage.kind === 'running' ? standingPlan(life.stage) : null;
  return plan === null ? life : whileRebooting(life, { ...plan, progress });
}

/** Of a plan that a run finds which follows one that was lost: what is left of the reboot. */
export function adoptReboot(running: Running, plan: WrittenPlan): Running {
  return { ...running, reboot: { attempt: plan.attempt, plan } };
}

function isRebootUnanswered({ reboot }: Running): boolean {
  const kind = reboot?.plan?.progress.kind;
  return reboot !== undefined && (reboot.plan === null || kind === 'pending' || kind === 'applied');
}

/** Nothing was written. Whoever asked is told why, in the status also when the answer was given already. */
function withoutReboot(life: MachineLife, { reboot, ...running }: Running, message: string): MachineLife {
  const { lastOperation } = life;
  const asked = lastOperation?.verb === 'reboot' && lastOperation.accepted;
  return {
    ...life,
    stage: running,
    lastReboot: { attempt: reboot?.attempt ?? 0, refused: message },
    ...(asked && { lastOperation: { ...lastOperation, accepted: false, answer: message } }),
  };
}
