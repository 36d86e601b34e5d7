import { expect, test } from 'vitest';
import { addSpaced } from '../../../k8s-bridge/queue/spaced-adds.ts';

test('a single event does not wait; those of a burst come once in each spacing', () => {
  let nowMs = 1_000;
  const added: string[] = [];
  const queue = {
    add: (key: string) => void added.push(`${key} now`),
    addAfter: (key: string, delayMs: number) => void added.push(`${key} ${delayMs}`),
  };
  const add = addSpaced(queue, 100, () => nowMs);
  add('a');
  add('b');
  nowMs = 1_030;
  add('a');
  nowMs = 1_050;
  add('a');
  nowMs = 1_100;
  add('a');
  nowMs = 1_500;
  add('a');
  expect(added).toEqual(['a 0', 'b 0', 'a 70', 'a 50', 'a 100', 'a 0']);
});
