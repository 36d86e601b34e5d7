import { reasons, type remediationReasons } from '../../api/conditions.ts';
import type { RemediationPhase } from '../../api/remediation.ts';
import type { MachineView } from '../inputs/machine-view.ts';
import type { RemediationView } from '../inputs/remediation-view.ts';

/** What is known around a request. */
export interface RemediationFacts {
  /** The machine whose host it is about. */
  machine: MachineView;
  /** No health check of the Machine fails. */
  isHealthy: boolean;
  /** The Machine, or its BaremetalMachine, is being deleted. */
  isDeleting: boolean;
  /** Cluster API, or an operator, wants nothing done. */
  isPaused: boolean;
  /** Wall clock. */
  nowMs: number;
}

export type RemediationMove =
  /** Say where it stands, and look again then, if nothing happens before. */
  | {
      kind: 'report';
      phase: RemediationPhase;
      reason: keyof typeof remediationReasons;
      message: string;
      lookAgainMs?: number;
    }
  /** Only say that it is paused. */
  | { kind: 'hold' }
  /** Reboot the host. */
  | { kind: 'order'; number: number }
  /** Leave it to the owner of the Machine. `isSuspect`: something is wrong with the host. */
  | { kind: 'giveUp'; isSuspect: boolean; message: string };

/** What is done next for a request, by its own status and what is seen of the machine. All times stand in objects. */
export function nextMove(request: RemediationView, facts: RemediationFacts): RemediationMove {
  const { machine, isHealthy, isDeleting, isPaused } = facts;
  if (isDeleting) return report('GivenUp', 'MachineDeleting', 'The Machine is being deleted; its owner replaces it');
  if (isPaused) return { kind: 'hold' };
  if (isHealthy) return report('Succeeded', 'Healthy', '');
  const leftMs = msLeft(request, facts.nowMs);
  if (request.retryCount === 0) return order(request);
  const host = machine.inventory ?? 'of the machine';
  const isFailed = knowsLastOrder(request, machine) && machine.planReason === reasons.PlanFailed;
  if (leftMs > 0 && !isFailed) return reportOrdered(request, machine, host, leftMs);
  if (!isFailed && isUnanswered(machine)) {
    return giveUp(`Host ${host} did not take its reboot plan within ${describe(request)}: it is dead or cut off`);
  }
  if (request.retryCount < request.retryLimit) return order(request);
  const times = request.retryCount === 1 ? 'once' : `${request.retryCount} times`;
  return giveUp(
    isFailed
      ? `Host ${host} could not carry out its reboot plan, which was ordered ${times}`
      : `Host ${host} was rebooted ${times}, and its Node is not healthy within ${describe(request)}`,
  );
}

/** What becomes of a reboot that the run refuses: it is asked for again, but not for longer than one may take. */
export function afterRefusal(request: RemediationView, nowMs: number, answer: string): RemediationMove {
  // After a reboot that did not help, its own time is over already.
  const graceMs = request.retryCount === 0 ? 0 : request.timeoutMs;
  if (msLeft(request, nowMs) + graceMs > 0) {
    return report('Waiting', 'RebootRefused', `${answer}. It is asked for again for ${describe(request)} at most`);
  }
  return {
    ...giveUp(`The host could not be rebooted within ${describe(request)}: ${answer}`),
    isSuspect: request.retryCount > 0,
  };
}

/** What the run records as the reason of a reboot that a request asked for: tells it from all others. */
export function orderReason({ uid, retryLimit }: RemediationView, number: number): string {
  return `reboot ${number} of ${retryLimit} by remediation ${uid}`;
}

/** Milliseconds until the last reboot has had its time; those of a pause do not count. */
function msLeft({ lastRemediatedMs, createdMs, timeoutMs, conditions }: RemediationView, nowMs: number): number {
  const paused = conditions.find(({ type }) => type === 'Paused');
  const unpausedMs = paused?.status === 'False' ? Date.parse(paused.lastTransitionTime) : 0;
  return Math.max(lastRemediatedMs ?? createdMs, unpausedMs) + timeoutMs - nowMs;
}

function reportOrdered(
  request: RemediationView,
  machine: MachineView,
  host: string,
  lookAgainMs: number,
): RemediationMove {
  const booted = knowsLastOrder(request, machine) && machine.planReason === undefined && machine.reportsBooted;
  return booted
    ? { ...report('Waiting', 'WaitingForNode', `Host ${host} has booted; its Node is waited for`), lookAgainMs }
    : { ...report('Running', 'Rebooting', `Host ${host} reboots`), lookAgainMs };
}

/** What is seen of the machine is not of before the last order: the run has recorded it, or something that came after. */
function knowsLastOrder(request: RemediationView, { rebootOrder }: MachineView): boolean {
  return rebootOrder === undefined || rebootOrder === orderReason(request, request.retryCount);
}

function isUnanswered({ planReason }: MachineView): boolean {
  return planReason === reasons.PlanPending || planReason === reasons.PlanTimedOut;
}

function order({ retryCount }: RemediationView): RemediationMove {
  return { kind: 'order', number: retryCount + 1 };
}

function giveUp(message: string): Extract<RemediationMove, { kind: 'giveUp' }> {
  return { kind: 'giveUp', isSuspect: true, message };
}

function report(
  phase: RemediationPhase,
  reason: keyof typeof remediationReasons,
  message: string,
): Extract<RemediationMove, { kind: 'report' }> {
  return { kind: 'report', phase, reason, message };
}

function describe({ timeoutMs }: RemediationView): string {
  return `${Math.round(timeoutMs / 1000)} s`;
}
