import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createPageSize } from '../../../runtime/kube/page-size.ts';

const MIB = 1024 * 1024;

it('grows where objects are small, and shrinks where they are large', () => {
  const size = createPageSize(500);
  const limits: number[] = [];
  for (let page = 0; page < 5; page++) {
    const { limit } = size.next();
    limits.push(limit);
    size.seen(limit, limit * 2_000);
  }
  expect(limits).toEqual([16, 64, 256, 500, 500]);
  size.tooLong();
  expect(size.next().limit).toBe(125);
  size.seen(125, 125 * MIB);
  expect(size.next().limit).toBe(2);
});

it('always asks for something, for no more than allowed, and bounds all but single objects', () => {
  const page = fc.record({ items: fc.nat(500), bytes: fc.nat(600 * MIB), tooLong: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.array(page), (maxItems, pages) => {
      const size = createPageSize(maxItems);
      for (const { items, bytes, tooLong } of pages) {
        const { limit, maxBytes } = size.next();
        expect(Number.isInteger(limit) && limit >= 1 && limit <= maxItems).toBe(true);
        expect(maxBytes === undefined).toBe(limit === 1);
        if (tooLong) size.tooLong();
        else size.seen(items, bytes);
      }
    }),
  );
});
