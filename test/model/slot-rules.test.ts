import { describe, expect, it } from 'vitest';
import type { PlanSecretView } from '../../domain/plan/secret.ts';
import { createSlotRules } from './slot-rules.ts';

function plan(name: string, planAttempt: string | undefined, isApplied = false): PlanSecretView {
  return {
    namespace: 'demo',
    name,
    uid: 's',
    resourceVersion: '1',
    planChecksum: 'c'.repeat(64),
    isEmpty: false,
    planAttempt,
    planType: undefined,
    foreignPlanType: undefined,
    isPlanSecret: true,
    controllerUid: undefined,
    immutable: false,
    appliedChecksum: isApplied ? 'c'.repeat(64) : '',
    failedChecksum: '',
    failureCount: 0,
    maxFailures: 1,
    planState: '',
    boot: undefined,
  };
}

const owned = (name: string) => ({ name, owner: { cluster: '', machine: '', baremetalMachine: '', uid: `u-${name}` } });
const reprovision = (name: string, isApplied = false) => plan(name, `reprovision-1-u-${name}.s`, isApplied);

function begin(limit: number | undefined) {
  const rules = createSlotRules(limit, (host) => host === 'lost');
  for (const host of ['a', 'b', 'lost']) rules.seeHost(owned(host));
  rules.seePlan(reprovision('a'));
  return rules;
}

describe('the rule of slots', () => {
  it('is broken by one host more than may', () => {
    expect(begin(1).seePlan(reprovision('b'))).toEqual([expect.stringMatching(/^a, b are at a reprovision plan/)]);
    expect(begin(2).seePlan(reprovision('b'))).toEqual([]);
    expect(begin(undefined).seePlan(reprovision('b'))).toEqual([]);
  });

  it('counts neither who has answered, even if that is forgotten, nor who was given up', () => {
    const answered = begin(1);
    answered.seePlan(reprovision('a', true));
    answered.seePlan(reprovision('a'));
    expect(answered.seePlan(reprovision('b'))).toEqual([]);
    const released = begin(1);
    released.seeHost({ name: 'a', owner: undefined });
    expect(released.seePlan(reprovision('b'))).toEqual([]);
    const cleaned = begin(1);
    cleaned.seePlan(plan('a', 'clean-1-u-a.s'));
    expect(cleaned.seePlan(reprovision('b'))).toEqual([]);
    expect(begin(1).seePlan(reprovision('lost'))).toEqual([]);
  });
});
