import { expect, test } from 'vitest';
import { distributionOf, formatDistribution, quantile } from '../../bench/measurement.ts';
import { renderMarkdown, replaceBlock } from '../../bench/record.ts';

test('quantiles are samples, by nearest rank', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([quantile(samples, 0), quantile(samples, 0.5), quantile(samples, 0.99), quantile(samples, 1)]).toEqual([
    1, 50, 99, 100,
  ]);
  expect(quantile([7], 0.99)).toBe(7);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});

test('a distribution as people read it', () => {
  expect(formatDistribution(distributionOf([1.4, 10, 3]), 'ms')).toBe('p50 3 ms, p99 10 ms, max 10 ms (3 samples)');
});

test('only the named block of the document is replaced', () => {
  const document = 'a\n<!-- bench:x -->\nold\n<!-- end -->\nb\n<!-- bench:y -->\nkept\n<!-- end -->\n';
  const replaced = replaceBlock(document, 'x', 'new');
  expect(replaced).toBe('a\n<!-- bench:x -->\n\nnew\n\n<!-- end -->\nb\n<!-- bench:y -->\nkept\n<!-- end -->\n');
  expect(replaceBlock(replaced, 'x', 'new')).toBe(replaced);
  expect(() => replaceBlock(document, 'z', 'new')).toThrow('bench:z');
});

test('a table says what is over its budget', () => {
  const table = renderMarkdown([
    { what: 'a', budget: '≤ 1', measured: '2', ok: false },
    { what: 'b', measured: '3' },
  ]);
  expect(table.split('\n')).toEqual([
    '| what | budget | measured |      |',
    '| ---- | ------ | -------- | ---- |',
    '| a    | ≤ 1    | 2        | OVER |',
    '| b    |        | 3        |      |',
  ]);
});
