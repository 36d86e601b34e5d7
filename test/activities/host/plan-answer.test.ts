import { describe, expect, test } from 'vitest';
import { attemptIdOf, findStandingProgress, wasWritten } from '../../../activities/host/plan-answer.ts';
import { type Secret, secretSchema } from '../../../api/core.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import type { PlanProgress, WrittenPlan } from '../../../domain/life/machine-life.ts';
import { explainFailure } from '../../../domain/plan/failure-output.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';

// Whoever answers a wait, the step after it goes by the Secret alone.
const reader = { failure: async (output: string | undefined) => explainFailure(output) };
const machine = { namespace: 'ns', name: 'm', uid: 'uid-1' };
const claim = 'secret-1';
const base: Omit<WrittenPlan, 'checksum'> = {
  type: 'clean',
  attempt: 2,
  claim,
  deadlineMs: 1,
  bootstrapHash: null,
  progress: { kind: 'pending' },
};
const id = attemptIdOf(machine, { ...base, checksum: '' });
const rendered = renderCleanPlan({ attemptId: id });
const plan: WrittenPlan = { ...base, checksum: rendered.checksum };
const others = renderCleanPlan({ attemptId: 'clean-2-uid-2.secret-1' });
const earlierClaim = renderCleanPlan({ attemptId: 'clean-2-uid-1.secret-0' });

function secretWith(data: Record<string, string>, annotations: Record<string, string> = {}): Secret {
  const encoded: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) encoded[key] = Buffer.from(value).toString('base64');
  return secretSchema.parse({
    metadata: { name: 'h', namespace: 'ns', uid: claim, annotations },
    type: 'elemental.cattle.io/plan',
    data: encoded,
  });
}

const ours = { plan: rendered.json, 'max-failures': '1', 'failure-count': '0' };
/** What can stand in the Secret, and what that is. */
const truths: Record<string, { secret: Secret | undefined; kind: PlanProgress['kind'] }> = {
  'the host is at it': { secret: secretWith(ours), kind: 'pending' },
  'the host has applied it': {
    secret: secretWith({ ...ours, 'applied-checksum': rendered.checksum }),
    kind: 'applied',
  },
  'it failed': {
    secret: secretWith({ ...ours, 'failed-checksum': rendered.checksum, 'failure-count': '1' }),
    kind: 'failed',
  },
  'it was applied and then failed': {
    secret: secretWith({
      ...ours,
      'applied-checksum': rendered.checksum,
      'failed-checksum': rendered.checksum,
      'failure-count': '1',
    }),
    kind: 'failed',
  },
  'the Secret is gone': { secret: undefined, kind: 'secretMissing' },
  'a plan of another machine, applied': {
    secret: secretWith({ plan: others.json, 'applied-checksum': others.checksum }),
    kind: 'taken',
  },
  'our attempt of an earlier claim, applied': {
    secret: secretWith({ plan: earlierClaim.json, 'applied-checksum': earlierClaim.checksum }),
    kind: 'taken',
  },
  'nothing, and the checksum that we wait for as applied': {
    secret: secretWith({ plan: '{}', 'applied-checksum': rendered.checksum }),
    kind: 'taken',
  },
};
const host = { plan: { attemptId: id, checksum: rendered.checksum } } as const;
const told: PlanProgress[] = [
  { kind: 'applied' },
  { kind: 'failed', message: 'm' },
  { kind: 'secretMissing' },
  { kind: 'taken' },
];

describe.each(Object.entries(truths))('%s', (_, { secret, kind }) => {
  test.each(told.map((progress) => [progress.kind, progress] as const))('whoever says %s', async (_said, progress) => {
    expect((await findStandingProgress(reader, secret, machine, { ...plan, progress }, hostWith(host.plan))).kind).toBe(
      kind,
    );
  });

  test('by the record, where the run cannot name its plan', async () => {
    expect((await findStandingProgress(reader, secret, machine, undefined, hostWith(host.plan))).kind).toBe(kind);
  });
});

describe('a plan that was never written', () => {
  const unwritten = { ...plan, checksum: '' };

  test.each([
    ['nothing stands there', secretWith({ plan: '{}' }), 'pending'],
    ["elemental's reset", secretWith({ plan: '{"a":1}' }, { 'elemental.cattle.io/plan.type': 'reset' }), 'taken'],
    ["somebody's, without a word", secretWith({ plan: '{"instructions":[]}' }), 'taken'],
    ['an earlier one of ours', secretWith({ plan: rendered.json }), 'pending'],
    ['no Secret', undefined, 'secretMissing'],
  ] as const)('%s', async (_, secret, kind) => {
    expect((await findStandingProgress(reader, secret, machine, unwritten, hostWith(undefined))).kind).toBe(kind);
  });
});

test('a host without a record proves nothing', async () => {
  expect((await findStandingProgress(reader, secretWith(ours), machine, undefined, hostWith(undefined))).kind).toBe(
    'taken',
  );
});

function hostWith(recorded: HostView['plan']): Pick<HostView, 'plan' | 'name'> {
  return { name: 'h', plan: recorded };
}

test('a plan was written when the record of its host names it, both by its id and by its bytes', () => {
  const { checksum } = rendered;
  expect(wasWritten(plan, machine, { plan: { attemptId: id, checksum } })).toBe(true);
  expect(wasWritten(plan, machine, { plan: { attemptId: id, checksum: 'another' } })).toBe(false);
  expect(wasWritten(plan, machine, { plan: { attemptId: 'clean-1-uid-1.secret-1', checksum } })).toBe(false);
  expect(wasWritten(plan, machine, { plan: undefined })).toBe(false);
  expect(wasWritten({ ...plan, checksum: '' }, machine, { plan: undefined })).toBe(true);
});
