import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectKey } from '../../api/meta.ts';

/** Pause before the next read of the same object, in lengths of the one before: large objects cost more, and are shared by more. */
const PAUSE_LENGTHS = 2;
const LONGEST_PAUSE_MS = 500;

/**
 * Reads that come while one of the same object is under way share the next one: each answer was asked for after the question,
 * and a burst costs a read now and then.
 */
export function shareReads<T>(
  read: (key: ObjectKey) => Promise<T>,
  pauseAfter: (durationMs: number) => Promise<unknown> = pauseFor,
): (key: ObjectKey) => Promise<T> {
  interface Line {
    running: Promise<T>;
    begunAtMs: number;
    next?: Promise<T>;
  }
  const lines = new Map<string, Line>();

  function start(id: string, key: ObjectKey): Promise<T> {
    const line: Line = { running: read(key), begunAtMs: performance.now() };
    lines.set(id, line);
    const end = () => {
      if (lines.get(id) === line && line.next === undefined) lines.delete(id);
    };
    line.running.then(end, end);
    return line.running;
  }

  async function restAfter({ running, begunAtMs }: Line): Promise<void> {
    await running.catch(() => {});
    await pauseAfter(performance.now() - begunAtMs);
  }

  return (key) => {
    const id = `${key.namespace}/${key.name}`;
    const line = lines.get(id);
    if (line === undefined) return start(id, key);
    const again = () => start(id, key);
    line.next ??= restAfter(line).then(again);
    return line.next;
  };
}

function pauseFor(durationMs: number): Promise<void> {
  return sleep(Math.min(durationMs * PAUSE_LENGTHS, LONGEST_PAUSE_MS));
}
