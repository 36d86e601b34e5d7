import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { bundleWorkflows } from '../../workers/bundle.ts';

let code: string;
beforeAll(async () => {
  ({ code } = await bundleWorkflows(new AbortController().signal));
}, 60_000);

test('the bundle is ASCII, of which V8 keeps a byte a character, and whole', () => {
  expect(/[^\n\t\r -~]/.exec(code)).toBeNull();
  // What our own code says in other characters is escaped.
  expect(code).toContain(String.raw`{"actor": "\u2026", "reason": "\u2026"}`);
});

test('no module of ours keeps anything between two calls: all runs share them', () => {
  const ours = [...code.matchAll(/^\/\*{3}\/ "\.\/((?:api|domain|workflows)\/[^"]+)"/gm)].map(([, path = '']) => path);
  expect(ours.length).toBeGreaterThan(30);
  // A regular expression with g or y keeps where it was.
  const keeps = /^(?:export )?(?:let|var) |^(?:export )?const \w+ = \/.*\/[a-z]*[gy][a-z]*;/m;
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  expect(ours.filter((path) => keeps.test(read(path)))).toEqual([]);
  expect(keeps.test('let count = 0;')).toBe(true);
  expect(keeps.test('const line = /a/gm;')).toBe(true);
});
