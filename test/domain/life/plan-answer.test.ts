import { expect, it } from 'vitest';
import type { PlanAnswer } from '../../../domain/life/machine-life.ts';
import { PLAN_NOT_APPLIED, readNotApplied, tellNotApplied } from '../../../domain/life/plan-answer.ts';

const answers: PlanAnswer[] = [
  { kind: 'applied' },
  { kind: 'lookAgain' },
  { kind: 'failed', message: 'Step upgrade failed' },
  { kind: 'taken' },
  { kind: 'secretMissing' },
];

it.each(answers)('$kind: a failure says it in words, and is read as the same answer', (answer) => {
  const message = tellNotApplied(answer);
  expect(message === undefined).toBe(answer.kind === 'applied' || answer.kind === 'lookAgain');
  expect(readNotApplied({ type: PLAN_NOT_APPLIED, details: [answer] })).toEqual(answer);
});

it.each([
  { type: 'Conflict', details: [{ kind: 'taken' }] },
  { type: PLAN_NOT_APPLIED },
  { type: PLAN_NOT_APPLIED, details: null },
  { type: PLAN_NOT_APPLIED, details: [] },
  { type: PLAN_NOT_APPLIED, details: [{ kind: 'failed' }] },
  { type: undefined, details: [{ kind: 'applied' }] },
])('%j is no answer', (failure) => {
  expect(readNotApplied(failure)).toBeUndefined();
});
