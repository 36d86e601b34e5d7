import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretSchema } from '../../../api/core.ts';
import { attemptId, parseAttemptId, planActivityId } from '../../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import { checksumOf } from '../../../domain/plan/document.ts';
import { planSecretPatch, readPlanResult, releasePatch, viewPlanSecret } from '../../../domain/plan/secret.ts';

const id = attemptId({ uid: 'uid-1', planType: 'clean', attempt: 2 });
const plan = renderCleanPlan({ attemptId: id });
const expected = { checksum: plan.checksum, attemptId: id };
const other = checksumOf('other');

function secret(data: Record<string, string>, annotations: Record<string, string> = {}) {
  const encoded: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) encoded[key] = Buffer.from(value, 'latin1').toString('base64');
  const metadata = { name: 'host-1', namespace: 'ns', uid: 'u', resourceVersion: '7', annotations };
  return secretSchema.parse({ metadata, data: encoded });
}

const result = (data: Record<string, string>): string =>
  readPlanResult(
    viewPlanSecret(secret({ plan: plan.json, 'max-failures': '1', 'failure-count': '0', ...data })),
    expected,
  ).kind;

describe('attempt ids', () => {
  it('can be read back', () => {
    expect(parseAttemptId(id)).toEqual({ uid: 'uid-1', planType: 'clean', attempt: 2 });
    expect(planActivityId('clean', 2, 'rack1-node12')).toBe('await-clean-2-rack1-node12');
  });

  it('refuse what could not be read back', () => {
    for (const uid of ['', 'a b', "a'b", 'x'.repeat(64)]) {
      expect(() => attemptId({ uid, planType: 'clean', attempt: 1 })).toThrow(RangeError);
    }
    for (const attempt of [0, -1, 1.5, Number.NaN, 1e21]) {
      expect(() => attemptId({ uid: 'u', planType: 'clean', attempt })).toThrow(RangeError);
    }
    for (const text of [
      '',
      'reset-1-u',
      'clean-01-u',
      'clean-1-',
      'clean-1-u\n',
      'clean-1000000-u',
      'clean-1-u.',
      'clean-1-u.c.d',
    ]) {
      expect(parseAttemptId(text)).toBeUndefined();
    }
  });
});

describe('planSecretPatch', () => {
  it('is one patch with all that must change together', () => {
    expect(planSecretPatch({ plan, attemptId: id, planType: 'clean', resourceVersion: '7', uid: 'u' })).toEqual({
      metadata: {
        resourceVersion: '7',
        uid: 'u',
        annotations: { 'baremetal.alauda.io/plan.type': 'clean', 'baremetal.alauda.io/plan.attempt': id },
      },
      data: {
        plan: Buffer.from(plan.json).toString('base64'),
        'applied-checksum': '',
        'failed-checksum': '',
        'failed-output': '',
        'applied-output': '',
        'failure-count': 'MA==',
        'max-failures': 'MQ==',
        'plan-state': null,
        'plan-revision': null,
      },
    });
    expect(
      planSecretPatch({ plan, attemptId: id, planType: 'clean', resourceVersion: '7', unattended: true }),
    ).toMatchObject({ data: { 'failure-count': 'MA==', 'max-failures': null } });
    expect(releasePatch({ resourceVersion: '8' })).toEqual({
      metadata: { resourceVersion: '8' },
      data: { 'max-failures': null },
    });
  });
});

describe('viewPlanSecret', () => {
  it('keeps checksums and counts and no bodies', () => {
    const view = viewPlanSecret(
      secret(
        {
          plan: plan.json,
          'applied-checksum': other,
          'failure-count': '3',
          'failed-output': 's3cret',
          'plan-state': 'failed',
        },
        { 'baremetal.alauda.io/plan.type': 'clean', 'elemental.cattle.io/plan.type': 'empty' },
      ),
    );
    expect(view).toEqual({
      namespace: 'ns',
      name: 'host-1',
      uid: 'u',
      resourceVersion: '7',
      planChecksum: plan.checksum,
      isEmpty: false,
      planAttempt: id,
      planType: 'clean',
      foreignPlanType: undefined,
      isPlanSecret: false,
      controllerUid: undefined,
      immutable: false,
      appliedChecksum: other,
      failedChecksum: '',
      failureCount: 3,
      maxFailures: undefined,
      planState: 'failed',
    });
  });

  it.each([
    [{}, true],
    [{ plan: '' }, true],
    [{ plan: '{}\n' }, true],
    [{ plan: '{"files":[]}' }, false],
    [{ plan: '{'.repeat(100) }, false],
  ])('says whether there is a plan: %j', (data, isEmpty) => {
    expect(viewPlanSecret(secret(data)).isEmpty).toBe(isEmpty);
  });

  it.each([
    [{}, undefined],
    [{ 'elemental.cattle.io/plan.type': 'empty', 'baremetal.alauda.io/plan.type': 'clean' }, undefined],
    [{ 'baremetal.alauda.io/plan.type': 'reprovision' }, undefined],
    [{ 'elemental.cattle.io/plan.type': 'reset' }, 'reset'],
    [{ 'elemental.cattle.io/plan.type': 'bootstrap' }, 'bootstrap'],
    [{ 'elemental.cattle.io/plan.type': 'upgrade' }, 'upgrade'],
    [{ 'baremetal.alauda.io/plan.type': 'storage-format' }, 'storage-format'],
    [{ 'baremetal.alauda.io/plan.type': 'firmware' }, 'firmware'],
    [{ 'baremetal.alauda.io/plan.type': `a b\u202e${'x'.repeat(99)}` }, `a?b?${'x'.repeat(60)}`],
  ])('knows whose plan %j is', (annotations, type) => {
    expect(viewPlanSecret(secret({}, annotations)).foreignPlanType).toBe(type);
  });

  it('takes any garbage', () => {
    const keys = ['plan', 'applied-checksum', 'failed-checksum', 'failure-count', 'max-failures', 'plan-state'];
    const garbage = fc.dictionary(
      fc.constantFrom(...keys),
      fc.oneof(fc.string(), fc.constantFrom('-1', '1e9', '{', '{"ironloomAttempt":"x y"', 'A'.repeat(64))),
    );
    fc.assert(
      fc.property(garbage, (data) => {
        const view = viewPlanSecret(secretSchema.parse({ metadata: { name: 'h' }, data }));
        expect(view.appliedChecksum).toMatch(/^([0-9a-f]{64})?$/);
        expect(view.planAttempt).toBeUndefined();
        expect(readPlanResult(view, expected)).toEqual({ kind: 'taken' });
        viewPlanSecret(secret(data));
      }),
    );
  });
});

describe('readPlanResult', () => {
  const ours = plan.checksum;
  it.each<[string, Record<string, string>, string]>([
    ['nothing yet', {}, 'running'],
    ['applied', { 'applied-checksum': ours }, 'applied'],
    ['applied an older plan', { 'applied-checksum': other }, 'running'],
    ['an older plan failed', { 'applied-checksum': ours, 'failed-checksum': other }, 'applied'],
    ['failed', { 'failed-checksum': ours, 'failure-count': '1' }, 'failed'],
    [
      'failed, forced run: applied is not believed',
      { 'applied-checksum': ours, 'failed-checksum': ours, 'failure-count': '1' },
      'failed',
    ],
    ['failed, will be tried again', { 'failed-checksum': ours, 'failure-count': '1', 'max-failures': '2' }, 'running'],
    ['failed, tried for ever', { 'failed-checksum': ours, 'failure-count': '9', 'max-failures': '-1' }, 'running'],
    ['failed, unparsable count', { 'failed-checksum': ours, 'failure-count': 'x' }, 'running'],
    ['failed, one attempt by 0', { 'failed-checksum': ours, 'failure-count': '1', 'max-failures': '0' }, 'failed'],
    ['an older plan failed often', { 'failed-checksum': other, 'failure-count': '5' }, 'running'],
    ['state succeeded', { 'plan-state': 'succeeded' }, 'applied'],
    ['state failed, checksum says applied', { 'plan-state': 'failed', 'applied-checksum': ours }, 'failed'],
    ['state in-progress', { 'plan-state': 'in-progress', 'applied-checksum': ours }, 'running'],
    ['state unknown', { 'plan-state': 'cancelled', 'applied-checksum': ours }, 'running'],
    ['state empty', { 'plan-state': '', 'applied-checksum': ours }, 'applied'],
    ['foreign plan', { plan: '{}', 'applied-checksum': ours }, 'taken'],
    ['foreign plan succeeded', { plan: '{}', 'plan-state': 'succeeded' }, 'taken'],
    ['no plan', { plan: '', 'applied-checksum': ours }, 'taken'],
    ['other attempt', { plan: renderCleanPlan({ attemptId: id.replace('-2-', '-3-') }).json }, 'taken'],
    ['same plan, other bytes', { plan: `${plan.json}\n` }, 'taken'],
  ])('%s', (_, data, kind) => {
    expect(result(data)).toBe(kind);
  });
});
