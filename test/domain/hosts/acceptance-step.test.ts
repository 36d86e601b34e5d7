import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AcceptanceResults } from '../../../api/acceptance.ts';
import { acceptanceStates, allocationStates } from '../../../api/constants.ts';
import {
  type AcceptanceSight,
  type AcceptanceStep,
  nextAcceptanceStep,
  nextValidateAttempt,
} from '../../../domain/hosts/acceptance-step.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import { wantChecks } from '../../../domain/inputs/pool-view.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import type { PlanSecretView } from '../../../domain/plan/secret.ts';
import { isEligible } from '../../../domain/pool/host-eligibility.ts';
import { acceptanceOf, freeHost } from '../../support/pool-fixtures.ts';

const wanted = wantChecks([{ name: 'cpu', cpu: { minThreads: 4 } }]);
const id = attemptId({ uid: 'uid-h', planType: 'validate', attempt: 3, claim: 'secret-1' });
const plan = { attemptId: id, checksum: 'c'.repeat(64) };

const bareSecret: PlanSecretView = {
  namespace: 'demo',
  name: 'h-plan',
  uid: 'secret-1',
  resourceVersion: '1',
  planChecksum: '',
  isEmpty: true,
  planAttempt: undefined,
  planType: undefined,
  foreignPlanType: undefined,
  isPlanSecret: true,
  controllerUid: 'uid-h',
  immutable: false,
  appliedChecksum: '',
  failedChecksum: '',
  failureCount: 0,
  maxFailures: undefined,
  planState: '',
  boot: undefined,
};
const running: Partial<PlanSecretView> = {
  planChecksum: plan.checksum,
  planAttempt: id,
  planType: 'validate',
  maxFailures: 1,
};
const applied = { ...running, appliedChecksum: plan.checksum };
const failed = { ...running, failedChecksum: plan.checksum, failureCount: 1 };

const fresh: Partial<HostView> = { pool: 'workers', allocationState: 'Available' };
const kept = (state: 'Validating' | 'NotAccepted', changes = {}): Partial<HostView> => ({
  pool: 'workers',
  allocationState: 'Unavailable',
  ready: false,
  plan,
  acceptance: acceptanceOf(state, { checks: wanted.hash, attempt: id, ...changes }),
});
const validating = kept('Validating');
const refused = kept('NotAccepted', { results: { checks: [] } });
const silent = kept('NotAccepted', { results: { timedOut: true, checks: [] } });

function sight(host: Partial<HostView>, secret: Partial<PlanSecretView> = {}, more: Partial<AcceptanceSight> = {}) {
  return {
    host: freeHost('h', host),
    pool: { name: 'workers', acceptance: wanted },
    secret: { ...bareSecret, ...secret },
    named: false,
    paused: false,
    deadlineMs: 60_000,
    nowMs: Date.parse('2026-01-01T00:00:10Z'),
    ...more,
  } satisfies AcceptanceSight;
}

const begin: AcceptanceStep = { kind: 'begin', wanted };
const none: AcceptanceStep = { kind: 'none' };
const late = { nowMs: Date.parse('2026-01-01T00:01:01Z') };
const askingNothing = { pool: { name: 'workers', acceptance: undefined } };
const owner = { cluster: 'c', machine: 'm', baremetalMachine: 'bmm', uid: 'u' };

describe('the next step of a host', () => {
  it.each<[string, AcceptanceSight, AcceptanceStep]>([
    ['that is new', sight(fresh), begin],
    ['that has passed', sight({ ...fresh, acceptance: acceptanceOf('Accepted', { checks: wanted.hash }) }), none],
    ['whose pool asks for other checks now', sight({ ...fresh, acceptance: acceptanceOf('Accepted') }), begin],
    ['whose pool asks for none', sight(fresh, {}, askingNothing), none],
    ['without a pool', sight({ allocationState: 'Available' }, {}, { pool: undefined }), none],
    ['that its pool has not marked yet', sight({}), none],
    ['that is not Ready', sight({ ...fresh, ready: false }), none],
    ['that a machine has', sight({ ...fresh, owner }), none],
    ['whose Cluster is paused', sight(fresh, {}, { paused: true }), none],
    ['that has passed while its Cluster is paused', sight(validating, applied, { paused: true }), none],
    ['that is stranded', sight({ ...fresh, allocationState: 'Unavailable' }), none],
    ['in a plan Secret of somebody else', sight(fresh, { controllerUid: 'other' }), none],
    ['whose plan Secret is gone', { ...sight(fresh), secret: undefined }, none],

    ['that is marked, without its plan', sight(validating), { kind: 'write', wanted }],
    [
      'that has the plan of an earlier machine',
      sight(validating, { planChecksum: 'x', planAttempt: 'clean-1-u' }),
      { kind: 'write', wanted },
    ],
    ['that is at it', sight(validating, running), { kind: 'wait', ms: 50_000 }],
    ['that says nothing', sight(validating, running, late), { kind: 'giveUp' }],
    ['that has passed them', sight(validating, applied), { kind: 'settle', passed: true }],
    ['that has failed them', sight(validating, failed), { kind: 'settle', passed: false }],
    ['whose Secret was made anew', sight(validating, { uid: 'secret-2' }), begin],
    ['whose checks changed meanwhile', sight(kept('Validating', { checks: 'other' }), running), begin],
    ['whose record lacks the plan', sight({ ...validating, plan: undefined }), begin],
    ['whose pool cannot be seen', sight(validating, running, { pool: undefined }), { kind: 'wait', ms: 50_000 }],
    ['whose pool cannot be seen, unwritten', sight(validating, {}, { pool: undefined }), none],

    ['that was refused', sight(refused, failed), none],
    ['that was refused, with another plan', sight(refused), none],
    ['that was refused, to be looked at again', sight(kept('NotAccepted', { checks: undefined }), failed), begin],
    ['that was refused, and has passed since', sight(refused, applied), { kind: 'settle', passed: true }],
    ['that was silent', sight(silent, running, late), none],
    ['that was silent, and has failed', sight(silent, failed, late), { kind: 'settle', passed: false }],
    ['that was silent, and has passed', sight(silent, applied, late), { kind: 'settle', passed: true }],
    [
      'whose pool asks for nothing any more',
      sight(refused, failed, askingNothing),
      { kind: 'begin', wanted: wantChecks([]) },
    ],
  ])('%s', (_, seen, step) => {
    expect(nextAcceptanceStep(seen)).toEqual(step);
  });

  it.each<Partial<AcceptanceSight> & { over?: Partial<HostView>; at?: Partial<PlanSecretView> }>([
    { over: { deleting: true } },
    { over: { takenBySelector: true } },
    { over: { quarantined: true } },
    { over: { owner } },
    { over: { storageBusy: true } },
    { named: true },
    { at: { foreignPlanType: 'reset' } },
    { at: { immutable: true } },
    { at: { isPlanSecret: false } },
  ])('is none where somebody else has it: %o', ({ over = {}, at = {}, ...more }) => {
    for (const host of [fresh, validating, refused]) {
      for (const secret of [{}, running, applied, failed]) {
        expect(nextAcceptanceStep(sight({ ...host, ...over }, { ...secret, ...at }, { ...late, ...more }))).toEqual(
          none,
        );
      }
    }
  });

  it('is never to take a host that a machine could claim', () => {
    const secrets = fc.constantFrom<Partial<PlanSecretView>>({}, running, applied, failed);
    const hosts = fc.record({
      pool: fc.constantFrom('workers', 'other', undefined),
      allocationState: fc.constantFrom(...allocationStates, undefined),
      ready: fc.boolean(),
      quarantined: fc.boolean(),
      failedReprovision: fc.constantFrom('r1', undefined),
      plan: fc.constantFrom(plan, undefined),
      acceptance: fc.option(
        fc.record({
          state: fc.constantFrom(...acceptanceStates),
          checks: fc.constantFrom(wanted.hash, 'other', undefined),
          after: fc.constantFrom('r1', undefined),
          attempt: fc.constant(id),
          since: fc.constantFrom('2026-01-01T00:00:00Z', 'nonsense', undefined),
          results: fc.constantFrom<AcceptanceResults | undefined>(
            { timedOut: true, checks: [] },
            { checks: [] },
            undefined,
          ),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(hosts, secrets, (host, secret) => {
        const seen = sight(host, secret, late);
        const context = {
          poolName: 'workers',
          planSecretExists: true,
          claimedByOtherPool: false,
          namedByProviderId: false,
        };
        const claimable = isEligible(seen.host, { ...context, planSecret: seen.secret, acceptance: wanted.hash });
        expect(claimable && nextAcceptanceStep(seen).kind !== 'none').toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the next attempt', () => {
  it.each<[string, Partial<HostView>, Partial<PlanSecretView>, number]>([
    ['is the first', {}, {}, 1],
    ['follows the one that is recorded', { plan, acceptance: undefined }, {}, 4],
    [
      'follows the last one, whoever had the host since',
      { acceptance: acceptanceOf('Accepted', { attempt: id }) },
      {},
      4,
    ],
    ['follows the one that stands in the Secret', {}, { planAttempt: id }, 4],
    ['does not count those of machines', {}, { planAttempt: 'reprovision-9-uid-m.secret-1' }, 1],
  ])('%s', (_, host, secret, attempt) => {
    expect(nextValidateAttempt(freeHost('h', host), { ...bareSecret, ...secret })).toEqual({
      uid: 'uid-h',
      planType: 'validate',
      attempt,
      claim: 'secret-1',
    });
  });
});
