import { z } from 'zod';

/** A host's inventory has at most as many addresses as fit into an object; a list of numbers could have half a million. */
const MAX_VALUES = 50_000;

/** Something of unknown shape that nobody needs long to go through. */
export const boundedValueSchema = z.unknown().refine((value) => count(value, MAX_VALUES) >= 0, {
  message: `more than ${MAX_VALUES} values`,
});

/** What is left of `room`; below zero: there are more values. Never goes deeper or further than that. */
function count(value: unknown, room: number): number {
  let left = room - 1;
  const queue = [value];
  for (let next = queue.pop(); left >= 0 && next !== undefined; next = queue.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const parts: unknown[] = Object.values(next);
    left -= parts.length;
    if (left >= 0) for (const part of parts) if (typeof part === 'object' && part !== null) queue.push(part);
  }
  return left;
}
