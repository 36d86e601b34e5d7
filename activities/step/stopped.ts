import { activityInfo } from '@temporalio/activity';
import type { StepStopped } from '../../domain/life/step-outcomes.ts';
import { KubeApiError, KubeConnectionError } from '../../runtime/kube/client.ts';
import { translateFailure } from './failures.ts';
import { RefusedError } from './refused.ts';
import { UnreadableError } from './unreadable.ts';

/** Attempts before a refusal is believed: a role or a CRD may be on its way. */
const REFUSED_ATTEMPTS = 3;
/** Attempts before nobody is asked any more, with the pauses of `workflows/activity-proxies.ts`, or the time of them. */
const UNREACHABLE_ATTEMPTS = 7;
const LONGEST_STEP_MS = 25_000;
const MAX_MESSAGE_LENGTH = 512;

/**
 * Runs a short step and ends it after few attempts: what is refused for good, cannot be read, or reaches nobody becomes an
 * outcome, so that the run waits and listens instead of the step trying for ever. Until then the failure is thrown, and
 * Temporal tries again.
 */
export async function endingSoon<T>(body: () => Promise<T>): Promise<T | StepStopped> {
  try {
    return await body();
  } catch (error) {
    const stopped = stoppedBy(error);
    if (stopped !== undefined && isLastAttempt(stopped, error)) return stopped;
    throw translateFailure(error);
  }
}

/** What ends a step when it happens again and again; undefined: a bug of ours, or an attempt that outlived itself. */
export function stoppedBy(error: unknown): StepStopped | undefined {
  if (error instanceof UnreadableError) {
    const reason = error.kind === 'MachineInventory' ? 'InventoryUnreadable' : 'WriteRefused';
    return stop(reason, `${error.message}. Mend the object; it is tried again`);
  }
  if (error instanceof RefusedError) return stop('WriteRefused', `${error.message}; nothing is written to it`);
  if (error instanceof KubeConnectionError) return stop('Unreachable', 'The API server cannot be reached');
  if (!(error instanceof KubeApiError)) return undefined;
  const isAway = error.code === 401 || error.code === 429 || error.code >= 500;
  return isAway
    ? stop('Unreachable', `The API server cannot be asked: HTTP ${error.code} ${error.reason}`)
    : stop('WriteRefused', `The API server refuses: ${error.message}`);
}

/** The API server will not have it, and no other attempt changes that. */
export function isRefused(error: unknown): boolean {
  return stoppedBy(error)?.reason === 'WriteRefused' && !(error instanceof KubeApiError && error.code === 409);
}

function isLastAttempt({ reason }: StepStopped, error: unknown): boolean {
  const { attempt, scheduledTimestampMs } = activityInfo();
  const conflicts = error instanceof KubeApiError && error.code === 409;
  if (reason !== 'Unreachable' && !conflicts) return attempt >= REFUSED_ATTEMPTS;
  // The time may have gone with a worker that died: one conflict after that is none that does not heal.
  const isLate = Date.now() - scheduledTimestampMs > LONGEST_STEP_MS && attempt >= (conflicts ? REFUSED_ATTEMPTS : 2);
  return attempt >= UNREACHABLE_ATTEMPTS || isLate;
}

function stop(reason: StepStopped['reason'], message: string): StepStopped {
  return { kind: 'stopped', reason, message: message.slice(0, MAX_MESSAGE_LENGTH) };
}
