import { secrets } from '../../api/resources.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { readPlanResult, viewPlanSecret } from '../../domain/plan/secret.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { recordObjects } from './object-recorder.ts';

/** Which hosts were at a reprovision plan, at every moment since it began to watch. */
export interface SlotWatch {
  /** The hosts that began a plan, oldest first. */
  begun(): string[];
  /** The most hosts of those names that had an unanswered plan at a time. */
  most(isCounted: (host: string) => boolean): number;
  stop(): Promise<void>;
}

/**
 * Follows the plan Secrets, whose names are those of their hosts: one watch shows every state that any of them had, in the order
 * in which they were written.
 */
export async function watchSlots(lab: Pick<Lab, 'client' | 'namespace'>): Promise<SlotWatch> {
  const recorder = await recordObjects(lab, secrets);
  const states = () =>
    recorder.seen
      .map((secret) => viewPlanSecret(secret))
      .filter(({ isPlanSecret }) => isPlanSecret)
      .map((view) => {
        const attemptId = view.planAttempt ?? '';
        const isOurs = parseAttemptId(attemptId)?.planType === 'reprovision';
        const result = readPlanResult(view, { checksum: view.planChecksum, attemptId });
        return { host: view.name, attemptId, isAtWork: isOurs && result.kind === 'running' };
      });
  return {
    begun: () => [
      ...new Map(states().flatMap(({ host, attemptId, isAtWork }) => (isAtWork ? [[attemptId, host]] : []))).values(),
    ],
    most(isCounted) {
      const atWork = new Set<string>();
      let most = 0;
      for (const { host, isAtWork } of states()) {
        if (isAtWork && isCounted(host)) atWork.add(host);
        else atWork.delete(host);
        most = Math.max(most, atWork.size);
      }
      return most;
    },
    stop: () => recorder.stop(),
  };
}
