import type { ObjectKey } from '../../api/meta.ts';

/**
 * Reads that come while one of the same object is under way share the next one: each answer was asked for after the question,
 * and a burst costs one read at a time.
 */
export function shareReads<T>(read: (key: ObjectKey) => Promise<T>): (key: ObjectKey) => Promise<T> {
  interface Line {
    running: Promise<T>;
    next?: Promise<T>;
  }
  const lines = new Map<string, Line>();

  function start(id: string, key: ObjectKey): Promise<T> {
    const line: Line = { running: read(key) };
    lines.set(id, line);
    const end = () => {
      if (lines.get(id) === line && line.next === undefined) lines.delete(id);
    };
    line.running.then(end, end);
    return line.running;
  }

  return (key) => {
    const id = `${key.namespace}/${key.name}`;
    const line = lines.get(id);
    if (line === undefined) return start(id, key);
    const again = () => start(id, key);
    line.next ??= line.running.then(again, again);
    return line.next;
  };
}
