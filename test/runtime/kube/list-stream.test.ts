import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KubeConnectionError } from '../../../runtime/kube/client.ts';
import { readListStream } from '../../../runtime/kube/list-stream.ts';

async function read(text: string | Buffer, chunkBytes: number) {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes);
  }
  const items: unknown[] = [];
  const envelope = await readListStream(chunks(), 'LIST /things', (some) => items.push(...some));
  return { items, envelope };
}

const characters = fc.constantFrom('"', '\\', 'ä', '{', ']', 'plain '.repeat(12));
const longText = fc.array(characters, { maxLength: 20 }).map((parts) => parts.join(''));
/** Of any depth, with all that JSON puts into strings, short ones and long ones. */
const value = fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), longText);
const item = fc.dictionary(fc.oneof(fc.string({ unit: 'binary' }), longText), value);
const metadata = { resourceVersion: '7', continue: '', note: '"items":[{"no":"item"}]' };
const envelopes = [
  (items: string) => `{"kind":"List","metadata":${JSON.stringify(metadata)},"items":${items}}`,
  // As the API server writes custom resources: by the alphabet.
  (items: string) => `{"apiVersion":"v1","items":${items},"kind":"List","metadata":${JSON.stringify(metadata)}}\n`,
  (items: string) => `{\n  "others": [[{}]],\n  "items" : ${items},\n  "metadata": ${JSON.stringify(metadata)}\n}`,
];

describe('a list that arrives in pieces', () => {
  it('is the same as one that is parsed whole, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { maxLength: 5 }),
        fc.constantFrom(...envelopes),
        fc.constantFrom(0, 2),
        fc.integer({ min: 1, max: 300 }),
        async (items, envelope, indent, chunkBytes) => {
          const text = envelope(JSON.stringify(items, null, indent));
          const found = await read(text, chunkBytes);
          expect(found.envelope).toMatchObject({ items: [] });
          expect(Object.assign({}, found.envelope, { items: found.items })).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('may hold no items at all', async () => {
    const none = { items: [], envelope: { metadata: {}, items: null } };
    expect(await read('{"metadata":{},"items":null}', 3)).toEqual(none);
  });

  it.each([
    ['ends within the list', '{"metadata":{},"items":[{"a":1},'],
    ['ends within an item', '{"metadata":{},"items":[{"a":1},{"a'],
    ['ends before it begins', ''],
    ['is something else', '<html>'],
    ['holds an item that is no JSON', '{"items":[{"a":nonsense}]}'],
    ['holds an item without end', `{"items":[{"a":"${'x'.repeat(17 * 1024 * 1024)}`],
  ])('fails when it %s', async (_what, text) => {
    await expect(read(text, 65_536)).rejects.toThrow(KubeConnectionError);
  });

  it('gives items before the answer has ended', async () => {
    const taken: unknown[] = [];
    async function* chunks() {
      yield Buffer.from('{"items":[{"a":1},{"a"');
      expect(taken).toEqual([{ a: 1 }]);
      yield Buffer.from(':2}]}');
    }
    await readListStream(chunks(), 'LIST /things', (items) => taken.push(...items));
    expect(taken).toEqual([{ a: 1 }, { a: 2 }]);
  });
});
