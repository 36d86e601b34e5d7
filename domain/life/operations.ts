import { reasons } from '../../api/conditions.ts';
import { assertNever } from '../assert-never.ts';
import { isBound, retryBoot } from './boot.ts';
import { isPaused } from './lifecycle.ts';
import { hostOf, type MachineLife, type OperationRecord, type OperatorVerb, type Stage } from './machine-life.ts';
import { findRebootObstacle, mayRetryReboot, orderReboot } from './reboot.ts';
import { withoutPlace } from './slot-wait.ts';

/** Whether a verb makes sense now. `answer` says what happens then, or why not and what to do instead. */
export type Verdict = { accepted: true; answer: string; life: MachineLife } | { accepted: false; answer: string };

/**
 * Decides on an operator's request by nothing but what the run knows; signal, update and annotation all end here.
 * @param resumesMore false for runs of before `isHeldReleased` and `isBeforeLook` were heeded, where it makes a difference
 */
export function judgeOperation(life: MachineLife, verb: OperatorVerb, resumesMore = true): Verdict {
  if (verb === 'resume' && resumesMore && isHeldReleased(life)) return judgeResume(life);
  if (verb === 'resume' && resumesMore && isBeforeLook(life)) return acceptResume(life);
  if (life.stage.kind === 'ended' || life.stage.kind === 'released') {
    return refuse('The machine has given its host back; there is nothing left to do');
  }
  switch (verb) {
    case 'retry':
      return judgeRetry(life);
    case 'reboot':
      return judgeReboot(life);
    case 'reallocate':
      return judgeReallocation(life);
    case 'forceRelease':
      return judgeForceRelease(life);
    case 'pause':
      return life.pausedByOperator
        ? refuse('An operator has paused the machine already')
        : accept({ ...life, pausedByOperator: true }, 'Nothing is written to the host any more until resume');
    case 'resume':
      return judgeResume(life);
    default:
      return assertNever(verb);
  }
}

/** A pause that came while the machine lost its host holds the end of the machine. */
export function isHeldReleased({ stage, pausedByOperator }: MachineLife): boolean {
  return stage.kind === 'released' && pausedByOperator;
}

/**
 * The run has not looked yet, and an earlier one may have been paused: whoever wants an end of that, as the status shows it,
 * is heeded by the look. Where CAPI paused the machine, that is to be taken away, as ever.
 */
export function isBeforeLook({ stage, snapshot }: MachineLife): boolean {
  return stage.kind === 'new' && !snapshot.paused;
}

/** Takes a request into the life: what it changes, and a record of it either way. */
export function applyOperation(
  life: MachineLife,
  verb: OperatorVerb,
  { actor, reason }: Pick<OperationRecord, 'actor' | 'reason'>,
  resumesMore = true,
): MachineLife {
  const verdict = judgeOperation(life, verb, resumesMore);
  const { accepted, answer } = verdict;
  const next = verdict.accepted ? verdict.life : life;
  return { ...next, revision: next.revision + 1, lastOperation: { verb, actor, reason, accepted, answer } };
}

function judgeRetry(life: MachineLife): Verdict {
  const { stage } = life;
  if (isPaused(life)) return refuse('The machine is paused; resume it first');
  if (stage.kind === 'reprovisioning' || stage.kind === 'cleaning') {
    const { plan } = stage;
    if (plan === null || plan.progress.kind === 'applied') return refuse('The step is under way');
    if (plan.progress.kind === 'pending') {
      return refuse('The host is still at it and its deadline has not passed; wait, or ask again after it');
    }
    const attempt = plan.attempt + 1;
    const host = { ...stage.host, recorded: 'Allocated' } as const;
    const again: Stage =
      stage.kind === 'cleaning' ? { ...stage, host, attempt, plan: null } : { kind: 'claimed', host, attempt };
    return accept({ ...life, stage: again }, `Attempt ${attempt} of the ${plan.type} plan is written`);
  }
  const again = retryBoot(life);
  if (again !== undefined) {
    return accept({ ...life, stage: again }, `Attempt ${again.attempt} of the reprovision plan is written`);
  }
  if (mayRetryReboot(life)) return judgeReboot(life);
  if (life.obstacles.length > 0) return accept(withoutPlace(life), 'The step that is blocked is tried again');
  return refuse('Nothing has failed');
}

function judgeReboot(life: MachineLife): Verdict {
  if (isPaused(life)) return refuse('The machine is paused; resume it first');
  const obstacle = findRebootObstacle(life);
  if (obstacle !== undefined) return refuse(obstacle);
  const ordered = orderReboot(life);
  if (ordered === undefined) return refuse('The machine holds no host');
  return accept(
    ordered.life,
    `Attempt ${ordered.attempt} of the reboot plan is written; node and disks stay as they are`,
  );
}

function judgeReallocation(life: MachineLife): Verdict {
  const { stage, snapshot } = life;
  if (snapshot.deleting) return refuse('The machine is being deleted; it gives its host up anyway');
  const host = hostOf(stage);
  if (stage.kind === 'running' || stage.kind === 'hostless') {
    return refuse('A node runs on the host; delete the Machine instead, so that it is drained and replaced');
  }
  if (host === undefined) return refuse('The machine holds no host yet');
  if (isBound(life)) return refuse('The providerID of the machine names its host for good; delete the Machine instead');
  if (stage.kind === 'reprovisioning' && stage.plan.progress.kind === 'applied') {
    return refuse('The host has applied its plan and is about to join; delete the Machine instead');
  }
  if (stage.kind === 'cleaning' || stage.kind === 'forcing' || stage.kind === 'leaving') {
    return refuse('The host is being given up already');
  }
  const avoidedHosts = [...new Set([...life.avoidedHosts, host.inventory])];
  const leaving: Stage =
    stage.kind === 'claimed' && stage.attempt === 1
      ? { kind: 'leaving', host }
      : { kind: 'cleaning', host, attempt: 1, plan: null, applied: null };
  return accept(
    { ...life, stage: leaving, avoidedHosts, obstacles: [] },
    `Host ${host.inventory} is cleaned and given back; another one is claimed`,
  );
}

function judgeForceRelease(life: MachineLife): Verdict {
  const { stage, snapshot } = life;
  const host = hostOf(stage);
  const givingUp = stage.kind === 'cleaning' || stage.kind === 'forcing';
  if (!snapshot.deleting && !givingUp) {
    return refuse(
      'Only a host that is being given up can be released by force; delete the Machine, or reallocate, first',
    );
  }
  if (host === undefined) return refuse('The machine holds no host');
  if (isPaused(life)) return refuse('The machine is paused; resume it first');
  return accept(
    { ...life, stage: { kind: 'forcing', host }, obstacles: [] },
    `Host ${host.inventory} is let go uncleaned and quarantined until unquarantine`,
  );
}

function judgeResume(life: MachineLife): Verdict {
  if (life.pausedByOperator) return acceptResume(life);
  return life.snapshot.paused
    ? refuse(`${reasons.Paused} by the Cluster or by the object's annotation; take that away instead`)
    : refuse('The machine is not paused');
}

function acceptResume(life: MachineLife): Verdict {
  return accept({ ...life, pausedByOperator: false }, 'The machine goes on');
}

function accept(life: MachineLife, answer: string): Verdict {
  return { accepted: true, answer, life };
}

function refuse(answer: string): Verdict {
  return { accepted: false, answer };
}
