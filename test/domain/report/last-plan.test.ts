import { describe, expect, test } from 'vitest';
import type { BaremetalMachine } from '../../../api/machine.ts';
import { tellLastPlan } from '../../../domain/report/last-plan.ts';
import { at, host, plan } from '../life/life-fixtures.ts';
import { objectOf } from './machine-object.ts';

const now = new Date('2026-07-05T04:00:00Z');
const running = at({ kind: 'running', host: host(), applied: null, nodeJoinTimedOut: false });
const reprovisioning = at({ kind: 'reprovisioning', host: host(), plan: plan() });

/** A machine whose conditions turned at these times of a day. */
function machine(name: string, turned: Record<string, string>, life = running): BaremetalMachine {
  const { metadata, status, ...object } = objectOf(life);
  const known = status?.conditions?.filter(({ type }) => !(type in turned)) ?? [];
  const conditions = Object.entries(turned).map(([type, time]) => ({
    type,
    status: 'True' as const,
    reason: type,
    message: '',
    lastTransitionTime: `2026-07-05T${time}Z`,
  }));
  return { ...object, metadata: { ...metadata, name }, status: { ...status, conditions: [...known, ...conditions] } };
}

describe('how long the last plan of a pool took', () => {
  const early = machine('m1', { BootstrapReady: '01:00:00', PlanApplied: '01:30:00' });
  const late = machine('m2', { BootstrapReady: '02:00:00', PlanApplied: '02:07:30' });

  test('is told of the machine whose plan was applied last', () => {
    const told = '7m30s the last time in this pool (m2 on h, 112m ago)';
    expect(tellLastPlan([late, early], 'workers', now)).toBe(told);
    expect(tellLastPlan([early, late], 'workers', now)).toBe(told);
  });

  test.each([
    ['of another pool', late, 'others'],
    ['whose plan is not applied', machine('m3', { BootstrapReady: '02:00:00' }, reprovisioning), 'workers'],
    ['that was taken over', machine('m4', { BootstrapReady: '03:00:00', PlanApplied: '03:00:00' }), 'workers'],
  ])('is unknown from one %s', (_, seen, pool) => {
    expect(tellLastPlan([seen], pool, now)).toMatch(/^unknown: /);
  });
});
