import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeOutput, encodeOutput } from '../../../domain/plan/host-output.ts';

it('reads what any host printed, little or much', () => {
  const much = fc.integer({ min: 0, max: 200_000 }).map((length) => 'x'.repeat(length));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), much), (text) => {
      const wellFormed = text.toWellFormed();
      expect(decodeOutput(encodeOutput(wellFormed))).toEqual({ kind: 'text', text: wellFormed });
    }),
  );
});

it('takes nothing from what is no gzip', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(decodeOutput(Buffer.from(bytes).toString('base64')).kind).toBe('unreadable');
    }),
  );
});

const lyingBy = (text: string, size: number): string => {
  const packed = gzipSync(JSON.stringify({ 'ironloom-output': Buffer.from(text).toString('base64') }));
  packed.writeUInt32LE(size, packed.length - 4);
  return packed.toString('base64');
};

it.each([
  ['less than it is', 'a report', 10],
  ['nothing', 'a report', 0],
  ['far more than fits', 'a report', 0xffffffff],
  ['less than a bomb', 'x'.repeat(5_000_000), 100],
])('takes no output whose size is said to be %s', (_what, text, size) => {
  expect(decodeOutput(lyingBy(text, size)).kind).toBe('unreadable');
});

it('stops at the most that is read', () => {
  const limits = { packedBytes: 64 * 1024, unpackedBytes: 1_000 };
  const said = decodeOutput(encodeOutput('x'.repeat(2_000)), limits);
  expect(said).toEqual({ kind: 'unreadable', problem: 'its output unpacks to too many bytes' });
});
