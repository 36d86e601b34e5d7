import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, createObjectStore } from '../../../../runtime/kube/cache/object-store.ts';
import { formatKey, parseKey } from '../../../../runtime/kube/object-key.ts';

const item = (name: string, resourceVersion: number, pool?: string) => ({
  namespace: 'lab',
  name,
  resourceVersion: `${resourceVersion}`,
  pool,
});
type Item = ReturnType<typeof item>;
const createStore = () => createObjectStore<Item>({ pool: ({ pool }) => pool });

describe('object store', () => {
  it('keeps the newest state, also beyond 2^53', () => {
    const store = createStore();
    const newer = { ...item('a', 0), resourceVersion: '9007199254740993' };
    expect(store.put(newer)).toBe(true);
    expect(store.put({ ...newer, resourceVersion: '9007199254740992' })).toBe(false);
    expect(store.put(newer)).toBe(false);
    expect(store.get({ namespace: 'lab', name: 'a' })).toBe(newer);
  });

  it('does not let a late answer bring back what was deleted', () => {
    const store = createStore();
    store.put(item('a', 5));
    expect(store.remove('lab/a', '8')).toMatchObject({ resourceVersion: '5' });
    expect(store.put(item('a', 7))).toBe(false);
    expect(store.put(item('a', 9))).toBe(true);
    expect(store.remove('lab/a', '8')).toBeUndefined();
    expect(store.size()).toBe(1);
  });

  it('moves items between index values', () => {
    const store = createStore();
    store.put(item('a', 1, 'x'));
    store.put(item('b', 2, 'x'));
    store.put(item('a', 3, 'y'));
    store.put(item('b', 4));
    expect([store.byIndex('pool', 'x'), store.byIndex('pool', 'y')]).toEqual([[], [item('a', 3, 'y')]]);
    expect(() => store.byIndex('color', 'x')).toThrow("No index 'color'");
  });

  it('ends in the same state whatever the order of puts and removals', () => {
    const change = fc.record({
      name: fc.constantFrom('a', 'b'),
      pool: fc.constantFrom('x', 'y', undefined),
      gone: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
        (changes, order) => {
          const history = changes.map((each, at) => ({ ...each, at: at + 1, sort: order[at] ?? 0 }));
          const store = createStore();
          for (const { name, pool, gone, at } of history.toSorted((a, b) => a.sort - b.sort)) {
            if (gone) store.remove(`lab/${name}`, `${at}`);
            else store.put(item(name, at, pool));
          }
          for (const name of ['a', 'b']) {
            const last = history.findLast((each) => each.name === name);
            const expected = last === undefined || last.gone ? undefined : item(name, last.at, last.pool);
            expect(store.get({ namespace: 'lab', name })).toEqual(expected);
            for (const pool of ['x', 'y']) {
              const found = store.byIndex('pool', pool).some((each) => each.name === name);
              expect(found).toBe(expected?.pool === pool);
            }
          }
        },
      ),
    );
  });

  it('compares versions that are no numbers as newer', () => {
    expect([compareVersions('a', '5'), compareVersions('5', 'a'), compareVersions('a', 'a')]).toEqual([1, 1, 0]);
    expect([compareVersions('10', '9'), compareVersions('9', '10')]).toEqual([1, -1]);
  });

  it('writes and reads keys', () => {
    for (const key of [
      { namespace: 'lab', name: 'a' },
      { namespace: '', name: 'a' },
    ]) {
      expect(parseKey(formatKey(key))).toEqual(key);
    }
    expect(() => parseKey('a')).toThrow('No object key');
  });
});
