import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPlaces, isNews, tellPlace } from '../../../domain/slots/place.ts';
import { compareDemand, grantSlots, type SlotDemand, type SlotLimits, sum } from '../../../domain/slots/queue.ts';

function demand(name: string, age: number, changes: Partial<SlotDemand> = {}): SlotDemand {
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, age)).toISOString().replace('.000', '');
  return { uid: `uid-${name}`, name, pool: 'demo/workers', creationTimestamp, isControlPlane: false, ...changes };
}

const limits = (installation: number | undefined, pools: Record<string, number> = {}): SlotLimits => ({
  installation,
  pools: new Map(Object.entries(pools)),
});

const names = (demands: readonly SlotDemand[]): string[] => demands.map(({ name }) => name);
const [old, middle, young] = [demand('c', 1), demand('b', 2), demand('a', 3)];

describe('grantSlots', () => {
  it('serves control planes first, then the oldest', () => {
    const plane = demand('plane', 9, { isControlPlane: true });
    const queue = [young, old, plane, middle].toSorted(compareDemand);
    expect(names(queue)).toEqual(['plane', 'c', 'b', 'a']);
    expect(names(grantSlots(limits(2), new Map(), queue))).toEqual(['plane', 'c']);
  });

  it('counts what is held: a limit that was lowered below it lets nobody begin', () => {
    const pools = { 'demo/workers': 3 };
    expect(names(grantSlots(limits(undefined, pools), new Map([['demo/workers', 2]]), [old, middle]))).toEqual(['c']);
    expect(grantSlots(limits(undefined, pools), new Map([['demo/workers', 5]]), [old])).toEqual([]);
    expect(grantSlots(limits(2, pools), new Map([['demo/others', 5]]), [old])).toEqual([]);
  });

  it('lets a pool that is full hold up nobody of another one', () => {
    const other = demand('other', 9, { pool: 'demo/others' });
    expect(names(grantSlots(limits(2, { 'demo/workers': 1 }), new Map(), [old, middle, other]))).toEqual([
      'c',
      'other',
    ]);
  });

  it('serves all where there is no limit any more', () => {
    expect(grantSlots(limits(undefined), new Map(), [old, middle])).toHaveLength(2);
  });

  const pool = fc.constantFrom<string[]>('demo/a', 'demo/b', 'demo/c');
  const anyLimits = fc.record({
    installation: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    pools: fc.array(fc.tuple(pool, fc.integer({ min: 1, max: 4 }))).map((entries) => new Map(entries)),
  });
  const anyDemands = fc.array(fc.record({ age: fc.nat({ max: 20 }), pool, isControlPlane: fc.boolean() }), {
    maxLength: 25,
  });

  /** Hosts come and go in any order: how many are at it at any moment, and who was passed over by whom. */
  it('never exceeds a limit, leaves no slot unused, and passes nobody over for a younger one of its pool', () => {
    fc.assert(
      fc.property(anyLimits, anyDemands, fc.array(fc.nat({ max: 24 })), (given, wishes, ends) => {
        let waiting = wishes.map((wish, index) => demand(`m${index}`, wish.age, wish));
        const held: SlotDemand[] = [];
        for (const end of [...ends, ...wishes.keys()]) {
          const used = new Map<string, number>();
          for (const { pool: of } of held) used.set(of, (used.get(of) ?? 0) + 1);
          const granted = grantSlots(given, used, waiting.toSorted(compareDemand));
          held.push(...granted);
          waiting = waiting.filter((one) => !granted.includes(one));
          expect(held.length).toBeLessThanOrEqual(given.installation ?? Infinity);
          const free = (of: SlotDemand['pool']) =>
            held.filter((one) => one.pool === of).length < (given.pools.get(of) ?? Infinity) &&
            held.length < (given.installation ?? Infinity);
          for (const [of, limit] of given.pools) {
            expect(held.filter((one) => one.pool === of).length).toBeLessThanOrEqual(limit);
          }
          for (const one of waiting) {
            expect(free(one.pool)).toBe(false);
            for (const other of granted) {
              if (other.pool === one.pool) expect(compareDemand(other, one)).toBeLessThan(0);
            }
          }
          held.splice(end % Math.max(held.length, 1), 1);
        }
      }),
    );
  }, 60_000);
});

describe('places', () => {
  it('counts in the pool, or in the installation where that is slower', () => {
    const other = demand('other', 0, { pool: 'demo/others' });
    const queue = [other, old, middle, young];
    expect(findPlaces(queue, limits(undefined, { 'demo/workers': 2 })).get('uid-b')).toEqual({
      place: 2,
      total: 3,
      slots: 2,
    });
    expect(findPlaces(queue, limits(1, { 'demo/workers': 2 })).get('uid-b')).toEqual({ place: 3, total: 4, slots: 1 });
    expect(findPlaces(queue, limits(undefined, { 'demo/workers': 2 })).has('uid-other')).toBe(false);
  });

  it.each([
    [{ place: 7, total: 40, slots: 3 }, 10 * 60_000, '7th of 40, about 25 min'],
    [{ place: 1, total: 1, slots: 1 }, 20_000, '1st of 1, about 1 min'],
    [{ place: 2, total: 13, slots: 1 }, 60_000, '2nd of 13, about 2 min'],
    [{ place: 113, total: 1000, slots: 50 }, 3_600_000, '113th of 1000, about 3 h'],
    [{ place: 23, total: 24, slots: 1 }, undefined, '23rd of 24'],
  ])('%j is told as people say it', (place, tookMs, told) => {
    expect(tellPlace(place, tookMs)).toBe(told);
  });

  it('tells a place again when it has moved enough', () => {
    const at = (place: number) => ({ place, total: 500, slots: 3 });
    expect(isNews(at(7), at(6))).toBe(true);
    expect(isNews(at(400), at(390))).toBe(false);
    expect(isNews(at(400), at(360))).toBe(true);
    expect(isNews(at(7), at(7))).toBe(false);
    expect(sum([1, 2])).toBe(3);
  });
});
