import { remediationConditionTypes, remediationReasons } from '../../api/conditions.ts';
import type { RemediationPhase } from '../../api/remediation.ts';
import { formatTime, mergeConditions, type WantedCondition } from '../conditions.ts';
import type { RemediationView } from '../inputs/remediation-view.ts';

/** What changes in the status of a request; what is absent stays. */
export interface StatusChange {
  phase?: RemediationPhase;
  reason?: keyof typeof remediationReasons;
  message?: string;
  paused?: boolean;
  /** A reboot with this number was ordered now. */
  ordered?: number;
  quarantine?: 'due' | 'done';
}

/** The status as it is with the change; undefined: it says the same already. */
export function changeStatus(view: RemediationView, change: StatusChange, now: Date): object | undefined {
  const { phase = view.phase, reason, message = '', paused, ordered, quarantine } = change;
  const ready: WantedCondition[] =
    reason === undefined
      ? []
      : [
          {
            type: 'Ready',
            status: reason === 'Healthy' ? 'True' : 'False',
            reason: remediationReasons[reason],
            message,
          },
        ];
  const held: WantedCondition[] =
    paused === undefined
      ? []
      : [{ type: 'Paused', status: paused ? 'True' : 'False', reason: paused ? 'Paused' : 'NotPaused', message: '' }];
  const kept: WantedCondition[] =
    quarantine === undefined
      ? []
      : [
          {
            type: 'HostQuarantined',
            status: quarantine === 'done' ? 'True' : 'False',
            reason: quarantine === 'done' ? 'Quarantined' : 'QuarantineDue',
            message: '',
          },
        ];
  const wanted = [...ready, ...kept, ...held].map((one) => ({ ...one, observedGeneration: view.generation }));
  const merged = mergeConditions(view.conditions, wanted, now);
  if (!merged.changed && phase === view.phase && ordered === undefined) return undefined;
  const order = (type: string): number => remediationConditionTypes.findIndex((known) => known === type);
  return {
    ...(phase !== undefined && { phase }),
    ...(ordered !== undefined && { retryCount: ordered, lastRemediated: formatTime(now) }),
    conditions: [...merged.conditions].toSorted((a, b) => order(a.type) - order(b.type)),
  };
}

/** Whether the quarantine of the host was decided on, and not done yet. */
export function isQuarantineDue({ conditions }: RemediationView): boolean {
  return conditions.some(({ type, status }) => type === 'HostQuarantined' && status === 'False');
}
