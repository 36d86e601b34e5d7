import { reasons } from '../../api/conditions.ts';
import { assertNever } from '../assert-never.ts';
import { hasJoined, isOwedBootOnly } from './boot.ts';
import { nextStepOfGone } from './gone.ts';
import { holdBack } from './halt.ts';
import { allRules, type LaterRules } from './later-rules.ts';
import {
  type BoundHost,
  hostOf,
  type MachineLife,
  type Stage,
  standingPlan,
  takerOf,
  type WrittenPlan,
} from './machine-life.ts';
import { nextStepOfReboot } from './reboot.ts';
import { isQueued, lacksSlot } from './slot-wait.ts';
import type { Step, WaitReason } from './step.ts';

/**
 * Decides what comes next, from nothing but what the run knows. The order of the questions is the contract:
 * a finished life, a host that must not be touched, an answer that is due anyway, deletion, then the way to Running.
 */
export function nextStep(life: MachineLife, rules: LaterRules = allRules): Step {
  return holdBack(life, dueStep(life, rules));
}

function dueStep(life: MachineLife, rules: LaterRules): Step {
  const { snapshot, stage } = life;
  if (stage.kind === 'ended') return { kind: 'end', outcome: stage.outcome };
  const end = snapshot.gone ? nextStepOfGone(life) : null;
  if (end?.kind === 'end' && rules.confirmsGone && life.goneSeen !== true) return { kind: 'confirmGone' };
  if (end !== null) return end;
  if (snapshot.deletedForMove) return wait('move');
  // What Cluster API wanted of a gone object is settled; an operator's word holds beyond it.
  const paused = snapshot.gone ? life.pausedByOperator : isPaused(life);
  // A run shows nothing of a machine that is gone: nobody would learn of the pause if that were a lie.
  if (paused && snapshot.gone && rules.confirmsHeldGone && life.goneSeen !== true) return { kind: 'confirmGone' };
  // Nobody answers for a host that is not there any more; the step looks itself and finds nothing to clean.
  if (stage.kind === 'cleaning' && snapshot.hostMissing && !paused) return { kind: 'clean', attempt: stage.attempt };
  if (!paused && !snapshot.deleting && mustLookAtHost(life)) return { kind: 'begin', claim: false };
  if (awaitsAnswer(stage) && (paused || !snapshot.deleting || stage.kind === 'cleaning')) return { kind: 'awaitPlan' };
  if (paused) return wait('resume');
  return snapshot.deleting ? nextStepOfDeletion(life, rules) : nextStepToRunning(life, rules);
}

/** The bridge sees trouble with the host that the run has not looked at itself yet. */
function mustLookAtHost({ stage, snapshot, lookedAt, revision }: MachineLife): boolean {
  const trouble = snapshot.hostTrouble;
  if (trouble === undefined || lookedAt === revision) return false;
  // Whose plan stands in the Secret is read by whoever waits for its answer, or is about to write another.
  if (stage.kind === 'claimed' || stage.kind === 'reprovisioning') return trouble !== 'taken';
  return stage.kind === 'running';
}

function nextStepToRunning(life: MachineLife, rules: LaterRules): Step {
  const { snapshot, stage } = life;
  if (snapshot.machine === null && stage.kind === 'new') return wait('machine');
  const ready = snapshot.machine !== null && snapshot.cluster?.infrastructureReady === true;
  if (stage.kind === 'new' || snapshot.finalizerLost) return { kind: 'begin', claim: stage.kind === 'new' && ready };
  switch (stage.kind) {
    case 'unclaimed':
      if (snapshot.machine === null) return wait('machine');
      if (snapshot.cluster?.infrastructureReady !== true) return wait('clusterInfrastructure');
      return meetsObstacle(life) ? wait('inputs') : { kind: 'claim' };
    case 'claimed': {
      const lacking = rules.waitsForSlot && lacksSlot(life);
      if (lacking && (isQueued(life) || meetsObstacle(life))) return wait('slot');
      const blocked = meetsObstacle(life) || snapshot.provisioning?.bootstrapSecret === null;
      return blocked && !lacking ? waitForInputs(life, rules) : { kind: 'provision', attempt: stage.attempt };
    }
    case 'leaving':
      return { kind: 'release', untouched: true, last: false };
    case 'reprovisioning':
      return afterAnswer(stage.host, stage.plan, rules, { kind: 'complete' });
    case 'running':
      return rules.looksForLostHost && snapshot.hostMissing
        ? { kind: 'begin', claim: false }
        : (nextStepOfReboot(stage) ?? waitForNode(life, stage, rules));
    case 'hostless':
      return meetsObstacle(life) ? wait('inputs') : { kind: 'begin', claim: false };
    case 'cleaning':
      return nextStepOfCleaning(stage, rules, false);
    case 'forcing':
      return { kind: 'forceRelease', last: false };
    case 'released':
      return { kind: 'finish' };
    case 'ended':
      return { kind: 'end', outcome: stage.outcome };
    default:
      return assertNever(stage);
  }
}

function nextStepOfDeletion(life: MachineLife, rules: LaterRules): Step {
  const { stage } = life;
  switch (stage.kind) {
    case 'new':
      return { kind: 'begin', claim: false };
    case 'unclaimed':
    case 'hostless':
    case 'released':
      return { kind: 'finish' };
    case 'claimed':
    case 'leaving':
      return { kind: 'release', untouched: true, last: true };
    case 'reprovisioning':
    case 'running':
      return { kind: 'clean', attempt: 1 };
    case 'cleaning':
      return nextStepOfCleaning(stage, rules, true);
    case 'forcing':
      return { kind: 'forceRelease', last: true };
    case 'ended':
      return { kind: 'end', outcome: stage.outcome };
    default:
      return assertNever(stage);
  }
}

/** CAPI or an operator wants nothing to be done. */
export function isPaused({ snapshot, pausedByOperator }: MachineLife): boolean {
  return snapshot.paused || pausedByOperator;
}

function awaitsAnswer(stage: Stage): boolean {
  if (takerOf(stage) !== undefined) return false;
  const kind = standingPlan(stage)?.progress.kind;
  return kind === 'pending' || kind === 'timedOut';
}

/** What the host's answer leads to; `onApplied` where it is the good one. */
function afterAnswer(
  host: BoundHost,
  { progress }: WrittenPlan,
  { confirmsBadAnswers }: LaterRules,
  onApplied: Step,
): Step {
  switch (progress.kind) {
    case 'pending':
    case 'timedOut':
      return { kind: 'awaitPlan' };
    case 'applied':
      return onApplied;
    case 'failed':
      return host.recorded === 'Unavailable' ? wait('operator') : { kind: 'markUnavailable' };
    case 'secretMissing':
    case 'taken':
      return host.recorded === 'Unavailable' || !confirmsBadAnswers ? wait('operator') : { kind: 'markUnavailable' };
    default:
      return assertNever(progress);
  }
}

function nextStepOfCleaning(
  { host, attempt, plan }: Extract<Stage, { kind: 'cleaning' }>,
  rules: LaterRules,
  last: boolean,
): Step {
  if (plan === null) return { kind: 'clean', attempt };
  return afterAnswer(host, plan, rules, { kind: 'release', untouched: false, last });
}

function waitForNode(life: MachineLife, stage: Extract<Stage, { kind: 'running' }>, rules: LaterRules): Step {
  const deadlineMs = life.nodeJoinDeadlineMs;
  if (isOwedBootOnly(life)) return rules.boundsBoot ? { kind: 'wait', reason: 'boot', deadlineMs } : wait('deletion');
  if (hasJoined(life) || stage.nodeJoinTimedOut) return wait('deletion');
  return { kind: 'wait', reason: 'node', deadlineMs };
}

/** An obstacle counts while nothing has happened since it was met. */
function meetsObstacle(life: MachineLife): boolean {
  return life.obstacles.length > 0 && life.obstaclesRevision === life.revision;
}

/** A Secret that was deleted and made again between two looks of the bridge leaves the snapshot as it was. */
export function hasMissedSecret({ stage, snapshot, obstacles }: MachineLife): boolean {
  const missed = obstacles.some(({ reason }) => reason === reasons.BootstrapWaiting);
  const seen = snapshot.provisioning !== null && snapshot.provisioning.bootstrapSecret !== null;
  return stage.kind === 'claimed' && missed && seen;
}

function waitForInputs(life: MachineLife, { looksAgainForSecret }: LaterRules): Step {
  const deadlineMs = looksAgainForSecret && hasMissedSecret(life) ? SECRET_LOOK_MS : null;
  return { kind: 'wait', reason: 'inputs', deadlineMs };
}

const SECRET_LOOK_MS = 15_000;

function wait(reason: WaitReason): Step {
  return { kind: 'wait', reason, deadlineMs: null };
}

/** Whether the answer that a running `awaitPlan` step waits for is still the one to wait for. */
export function stillAwaits(
  life: MachineLife,
  awaited: { type: string; attempt: number },
  rules: LaterRules = allRules,
): boolean {
  if (nextStep(life, rules).kind !== 'awaitPlan') return false;
  const plan = standingPlan(life.stage);
  return plan?.type === awaited.type && plan.attempt === awaited.attempt;
}

/** Name of the host that the run holds or knows of. */
export function inventoryOf(stage: Stage): string | undefined {
  return stage.kind === 'hostless' ? stage.inventory : hostOf(stage)?.inventory;
}
