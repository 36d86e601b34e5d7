import type { Condition } from '../api/meta.ts';

/** A condition as somebody wants it; `lastTransitionTime` is added by `mergeConditions`. */
export interface WantedCondition {
  type: string;
  status: Condition['status'];
  reason: string;
  message: string;
  /** Left as it is when absent. */
  observedGeneration?: number | undefined;
}

export interface MergedConditions {
  /** The very array that came in when nothing changed. */
  conditions: readonly Condition[];
  changed: boolean;
}

/** metav1.Condition's limit on `message`. */
const MAX_MESSAGE_LENGTH = 32_768;

/**
 * Merges what is wanted into what stands on an object. `lastTransitionTime` moves only when `status` changes.
 * Types that are not wanted are kept, for they may be somebody else's; those named in `ownTypes` are dropped.
 * Order: the wanted ones as given, then the others as they stood. A mere difference in order is no change.
 */
export function mergeConditions(
  current: readonly Condition[] | undefined,
  wanted: readonly WantedCondition[],
  now: Date,
  ownTypes: readonly string[] = [],
): MergedConditions {
  const before = current ?? [];
  const wantedTypes = new Set(wanted.map((condition) => condition.type));
  const foreign = before.filter(({ type }) => !wantedTypes.has(type) && !ownTypes.includes(type));
  let changed = before.length !== wanted.length + foreign.length;
  const merged = wanted.map((condition) => {
    const previous = before.find(({ type }) => type === condition.type);
    const next = mergeCondition(previous, condition, now);
    changed ||= next !== previous;
    return next;
  });
  return changed ? { conditions: [...merged, ...foreign], changed } : { conditions: before, changed };
}

/** Time as Kubernetes writes it: RFC 3339, UTC, whole seconds. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** `previous` itself when it says the same already. */
function mergeCondition(previous: Condition | undefined, wanted: WantedCondition, now: Date): Condition {
  const message = wanted.message.slice(0, MAX_MESSAGE_LENGTH);
  const observedGeneration = wanted.observedGeneration ?? previous?.observedGeneration;
  if (
    previous !== undefined &&
    previous.status === wanted.status &&
    previous.reason === wanted.reason &&
    previous.message === message &&
    previous.observedGeneration === observedGeneration
  ) {
    return previous;
  }
  return {
    type: wanted.type,
    status: wanted.status,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    lastTransitionTime: previous?.status === wanted.status ? previous.lastTransitionTime : formatTime(now),
    reason: wanted.reason,
    message,
  };
}
