import { expect, test } from 'vitest';
import { bundleWorkflows } from '../../workers/bundle.ts';

test('the bundle is ASCII, of which V8 keeps a byte a character, and whole', async () => {
  const { code } = await bundleWorkflows(new AbortController().signal);
  expect(/[^\n\t\r -~]/.exec(code)).toBeNull();
  // What our own code says in other characters is escaped.
  expect(code).toContain(String.raw`{"actor": "\u2026", "reason": "\u2026"}`);
});
