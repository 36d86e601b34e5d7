import type { Readable } from 'node:stream';

const lineLimitBytes = 64 * 1024;

/**
 * Reads a stream as the agent does, line by line: a line of 64 KiB ends the capture, and when another 64 KiB follow
 * nobody reads any more, so that the command blocks and the agent hangs for ever. `content` is base64; null: nothing.
 */
export function createLineCapture(stream: Readable): { content(): string | null } {
  const chunks: Buffer[] = [];
  let lineBytes = 0;
  let ignoredBytes: number | undefined;
  stream.on('data', (chunk: Buffer) => {
    if (ignoredBytes === undefined) {
      const taken = takeLines(chunk, lineBytes);
      lineBytes = taken.lineBytes;
      chunks.push(chunk.subarray(0, taken.end));
      ignoredBytes = taken.ignoredBytes;
    } else {
      ignoredBytes += chunk.length;
    }
    if (ignoredBytes !== undefined && ignoredBytes > lineLimitBytes) stream.pause();
  });
  return {
    content: () => {
      const captured = Buffer.concat(chunks);
      // The beginning of the line that was too long went with it.
      const whole = ignoredBytes === undefined ? captured : captured.subarray(0, captured.lastIndexOf(10) + 1);
      return whole.length === 0 ? null : endLines(whole).toString('base64');
    },
  };
}

/** Go's scanner: a carriage return before the end of a line is dropped, and each line, the last one too, gets its end. */
function endLines(captured: Buffer): Buffer {
  const text = captured.toString('latin1').replaceAll(/\r?\n|\r$/g, '\n');
  return Buffer.from(text.endsWith('\n') ? text : `${text}\n`, 'latin1');
}

/**
 * How much of a chunk can be taken before a line reaches the limit, the length of its last, open line, and, once one has
 * reached it, what follows: however the stream is cut, the reader has taken that line up to the limit.
 */
function takeLines(chunk: Buffer, openBytes: number): { end: number; lineBytes: number; ignoredBytes?: number } {
  let start = 0;
  let lineBytes = openBytes;
  for (;;) {
    const newline = chunk.indexOf(10, start);
    const end = newline === -1 ? chunk.length : newline;
    if (lineBytes + (end - start) >= lineLimitBytes) {
      const ignoredBytes = lineBytes + (chunk.length - start) - lineLimitBytes;
      return { end: start, lineBytes: lineLimitBytes, ignoredBytes };
    }
    if (newline === -1) return { end: chunk.length, lineBytes: lineBytes + (end - start) };
    lineBytes = 0;
    start = newline + 1;
  }
}
