import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { findWord, holdsWord } from './find-word.ts';

const word = 'canary-4711';
const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString('base64');

test.each([
  ['as it is', `before ${word} after`],
  ['in base64', base64(`some text, then ${word}`)],
  ['in base64 behind an escape of JSON', JSON.stringify({ a: `\n${base64(`some text, then ${word}`)}` })],
  ['in gzip and base64', base64(gzipSync(JSON.stringify({ step: base64(`${word} in an output`) })))],
  ['in a plan', base64(JSON.stringify({ files: [{ content: base64(`#cloud-config\n# ${word}`) }] }))],
])('a word is found %s', (_, content) => {
  expect(holdsWord(content, word)).toBe(true);
  expect(holdsWord(content.replaceAll('4', '5'), 'canary-9999')).toBe(false);
});

test('values are searched in depth, bytes and keys, too', () => {
  const value = { events: [{ payloads: [{ data: Buffer.from(`"${word}"`) }] }] };
  expect(findWord(value, word)).toBe('.events.0.payloads.0.data');
  expect(findWord({ labels: { [word]: '' } }, word)).toBeDefined();
  expect(findWord(value, 'another')).toBeUndefined();
});
