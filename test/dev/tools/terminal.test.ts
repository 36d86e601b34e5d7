import { describe, expect, it } from 'vitest';
import { canBeRedrawn } from '../../../dev/tools/terminal.ts';

describe('canBeRedrawn', () => {
  it.each([
    { isTTY: true, columns: 80, expected: true },
    { isTTY: true, columns: 0, expected: false },
    { isTTY: false, columns: 80, expected: false },
  ])('$isTTY terminal of $columns columns: $expected', ({ expected, ...stream }) => {
    expect(canBeRedrawn(stream)).toBe(expected);
  });
});
