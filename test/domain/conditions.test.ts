import { describe, expect, it } from 'vitest';
import type { Condition } from '../../api/meta.ts';
import { mergeConditions, type WantedCondition } from '../../domain/conditions.ts';

const now = new Date('2026-01-02T03:04:05.678Z');
const EARLIER = '2026-01-01T00:00:00Z';

const standing = (type: string, overrides: Partial<Condition> = {}): Condition => ({
  type,
  status: 'False',
  reason: 'Waiting',
  message: 'wait',
  lastTransitionTime: EARLIER,
  ...overrides,
});
const wanted = (type: string, overrides: Partial<WantedCondition> = {}): WantedCondition => ({
  type,
  status: 'False',
  reason: 'Waiting',
  message: 'wait',
  ...overrides,
});

describe('mergeConditions', () => {
  it('gives the same array back when nothing changed', () => {
    const current = [standing('Ready'), standing('Foreign')];
    const merged = mergeConditions(current, [wanted('Ready')], now);
    expect(merged.changed).toBe(false);
    expect(merged.conditions).toBe(current);
  });

  it('does not call another order a change', () => {
    const current = [standing('B'), standing('A')];
    expect(mergeConditions(current, [wanted('A'), wanted('B')], now).conditions).toBe(current);
  });

  it('moves lastTransitionTime, in whole seconds, when the status changes', () => {
    const { conditions } = mergeConditions([standing('Ready')], [wanted('Ready', { status: 'True' })], now);
    expect(conditions).toEqual([standing('Ready', { status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' })]);
  });

  it.each([{ reason: 'Other' }, { message: 'other' }, { observedGeneration: 7 }])(
    'keeps lastTransitionTime when only %o changes',
    (change) => {
      const merged = mergeConditions([standing('Ready')], [wanted('Ready', change)], now);
      expect(merged).toEqual({ changed: true, conditions: [standing('Ready', change)] });
    },
  );

  it('keeps an observedGeneration that is not wanted otherwise', () => {
    const current = [standing('Ready', { observedGeneration: 3 })];
    expect(mergeConditions(current, [wanted('Ready')], now).changed).toBe(false);
  });

  it('puts the wanted types first, in their order, and keeps foreign ones', () => {
    const { conditions } = mergeConditions(
      [standing('Foreign'), standing('B')],
      [wanted('A'), wanted('B'), wanted('C')],
      now,
    );
    expect(conditions.map(({ type }) => type)).toEqual(['A', 'B', 'C', 'Foreign']);
    expect(conditions[3]).toEqual(standing('Foreign'));
  });

  it('drops own types that are not wanted any more', () => {
    const merged = mergeConditions([standing('A'), standing('Old')], [wanted('A')], now, ['A', 'Old']);
    expect(merged).toEqual({ changed: true, conditions: [standing('A')] });
  });

  it('starts from nothing', () => {
    expect(mergeConditions(undefined, [], now)).toEqual({ changed: false, conditions: [] });
    expect(mergeConditions(undefined, [wanted('A')], now).conditions).toHaveLength(1);
  });

  it('cuts a message at the limit of Kubernetes, and is stable then', () => {
    const long = wanted('A', { message: 'x'.repeat(40_000) });
    const first = mergeConditions(undefined, [long], now);
    expect(first.conditions[0]?.message).toHaveLength(32_768);
    expect(mergeConditions(first.conditions, [long], now).changed).toBe(false);
  });
});
