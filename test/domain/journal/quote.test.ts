import { expect, test } from 'vitest';
import { quoteShort } from '../../../domain/journal/quote.ts';

test('what PostgreSQL would not take as text is replaced, also where it was cut', () => {
  expect(quoteShort('a\u0000b\nc', 10)).toBe('a b c');
  expect(quoteShort('ab😀', 3)).toBe('ab\uFFFD');
});
