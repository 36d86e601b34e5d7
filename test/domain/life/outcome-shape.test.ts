import { expect, test } from 'vitest';
import { isOutcomeOf, type StepWithOutcome } from '../../../domain/life/outcome-shape.ts';
import { host, plan } from './life-fixtures.ts';

const claimed = { kind: 'claimed', host: host() };
const written = { kind: 'written', plan: plan() };

test.each<[StepWithOutcome, unknown]>([
  ['finish', undefined],
  ['forceRelease', null],
  ['release', { kind: 'released' }],
  ['claim', claimed],
  ['begin', { kind: 'claimTried', claim: claimed }],
  ['begin', { kind: 'claimTried', claim: claimed, planned: written }],
  ['begin', { kind: 'holding', host: host(), plan: null }],
  ['provision', written],
  ['provision', { kind: 'blocked', obstacles: [] }],
  ['complete', { kind: 'unproven', progress: { kind: 'pending' } }],
  ['finish', { kind: 'holdsHost' }],
])('the outcome of %s can be %j', (step, value) => {
  expect(isOutcomeOf(step, value)).toBe(true);
});

test.each<[StepWithOutcome, unknown]>([
  ['release', undefined],
  ['begin', 'applied'],
  ['begin', ['fresh']],
  ['begin', { kind: 7 }],
  ['begin', { kind: 'toString' }],
  // Of another step.
  ['begin', written],
  ['begin', claimed],
  ['clean', { kind: 'blocked', obstacles: [] }],
  ['confirmGone', { kind: 'released' }],
  // Not whole.
  ['begin', { kind: 'claimTried' }],
  ['begin', { kind: 'claimTried', claim: { kind: 'claimed' } }],
  ['begin', { kind: 'claimTried', claim: { kind: 'holding', host: host() } }],
  ['begin', { kind: 'claimTried', claim: claimed, planned: null }],
  ['begin', { kind: 'claimTried', claim: claimed, planned: { kind: 'written', plan: null } }],
  ['begin', { kind: 'claimTried', claim: claimed, planned: { kind: 'blocked', obstacles: [] } }],
  ['begin', { kind: 'hostTaken', inventory: 'h' }],
  ['claim', { kind: 'claimed' }],
  ['claim', { kind: 'claimed', host: { inventory: 'h' } }],
  ['clean', { kind: 'written', plan: { type: 'clean' } }],
  ['provision', { kind: 'written', plan: null }],
  ['provision', { kind: 'blocked', obstacles: 'all' }],
  ['complete', { kind: 'unproven', progress: 'pending' }],
  ['release', { kind: 'holdsHost' }],
])('the outcome of %s cannot be %j', (step, value) => {
  expect(isOutcomeOf(step, value)).toBe(false);
});
