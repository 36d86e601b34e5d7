import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createLineCapture } from '../../../../dev/host/agent/line-capture.ts';

const KIB = 1024;

/** What is captured of a text that comes in such pieces, and whether anybody reads on. */
async function capture(text: string, sizes: readonly number[]) {
  const stream = new PassThrough({ highWaterMark: 1024 * KIB });
  const captured = createLineCapture(stream);
  let from = 0;
  for (const size of [...sizes, text.length]) {
    stream.write(text.slice(from, from + size));
    from += size;
    // A piece each: the stream hands on what it has.
    await new Promise(setImmediate);
  }
  return { content: Buffer.from(captured.content() ?? '', 'base64').toString(), reads: !stream.isPaused() };
}

const cuts = [[], [6], [6, 64 * KIB], [6 + 64 * KIB], [4 * KIB, 64 * KIB], [64 * KIB]];

test.each(cuts)('a line that is a little too long ends the capture, and the command goes on %#', async (...sizes) => {
  const text = `short\n${'x'.repeat(70_000)}\nlater\n`;
  expect(await capture(text, sizes)).toEqual({ content: 'short\n', reads: true });
});

test.each(cuts)('when another 64 KiB follow nobody reads any more %#', async (...sizes) => {
  const text = `short\n${'x'.repeat(64 * KIB)}${'y'.repeat(64 * KIB + 1)}`;
  expect(await capture(text, sizes)).toEqual({ content: 'short\n', reads: false });
});
