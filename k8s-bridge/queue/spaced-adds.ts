import type { Workqueue } from './workqueue.ts';

/**
 * Adds keys to a queue: each at once, unless it was added less than `spacingMs` ago; then when that time is over. A
 * burst of events of one key costs a look at its beginning and one in each `spacingMs`; a single event does not wait.
 */
export function addSpaced(
  queue: Pick<Workqueue, 'add' | 'addAfter'>,
  spacingMs: number,
  nowMs: () => number,
): (key: string) => void {
  /** By key: when it was added last, or will be. */
  const addedAtMs = new Map<string, number>();
  return (key) => {
    const now = nowMs();
    const lastMs = addedAtMs.get(key) ?? -Infinity;
    const dueMs = lastMs > now ? lastMs : Math.max(now, lastMs + spacingMs);
    addedAtMs.set(key, dueMs);
    // Also when it is to be added anyway: a timer may have run a little too early. The queue keeps one delay a key.
    queue.addAfter(key, dueMs - now);
  };
}
