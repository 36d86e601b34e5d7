import { describe, expect, test } from 'vitest';
import * as advanceHost from '../../domain/advance-host.ts';
import * as advance from '../../domain/advance-life.ts';
import { nextStep } from '../../domain/lifecycle.ts';
import {
  type MachineLife,
  operatorVerbs,
  type OperatorVerb,
  type Stage,
  startLife,
} from '../../domain/machine-life.ts';
import { projectStatus } from '../../domain/machine-status.ts';
import { applyOperation, judgeOperation } from '../../domain/operations.ts';
import { host, plan, snapshot } from './life-fixtures.ts';

const by = { actor: 'ada', reason: 'because' };
const failed = { kind: 'failed', message: 'm' } as const;

function at(stage: Stage, changes: Partial<MachineLife['snapshot']> = {}): MachineLife {
  return { ...startLife(snapshot(changes)), stage };
}

const applied = { checksum: 'c', bootstrapHash: null };
const stages: Record<string, MachineLife> = {
  'Pending, new': at({ kind: 'new' }, { machine: null }),
  'Pending, exhausted': advance.onClaimed(at({ kind: 'unclaimed' }), { kind: 'exhausted', message: 'none' }, 0),
  Allocated: at({ kind: 'claimed', host: host(), attempt: 1 }),
  Reprovisioning: at({ kind: 'reprovisioning', host: host(), plan: plan() }),
  'Reprovisioning, timed out': at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'timedOut' }) }),
  'Failed, reprovision': at({ kind: 'reprovisioning', host: host('Unavailable'), plan: plan(failed) }),
  'Reprovisioning, applied': at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'applied' }) }),
  Running: at({ kind: 'running', host: host(), applied, nodeJoinTimedOut: false }),
  Preparing: at({ kind: 'cleaning', host: host(), attempt: 1, plan: plan(), applied }, { deleting: true }),
  'Failed, clean': at(
    { kind: 'cleaning', host: host('Unavailable'), attempt: 1, plan: plan(failed), applied },
    { deleting: true },
  ),
  Ended: at({ kind: 'ended', outcome: 'released' }, { deleting: true }),
};

/** The table of docs/lifecycle.md: the step that follows where a verb is accepted. */
const table: Record<string, Partial<Record<OperatorVerb, string>>> = {
  'Pending, new': { pause: 'wait' },
  'Pending, exhausted': { retry: 'claim', pause: 'wait' },
  Allocated: { reallocate: 'release', pause: 'wait' },
  Reprovisioning: { reallocate: 'clean', pause: 'awaitPlan' },
  'Reprovisioning, timed out': { retry: 'provision', reallocate: 'clean', pause: 'awaitPlan' },
  'Failed, reprovision': { retry: 'provision', reallocate: 'clean', pause: 'wait' },
  'Reprovisioning, applied': { pause: 'wait' },
  Running: { pause: 'wait' },
  Preparing: { forceRelease: 'forceRelease', pause: 'awaitPlan' },
  'Failed, clean': { retry: 'clean', forceRelease: 'forceRelease', pause: 'wait' },
  Ended: {},
};

const cases = Object.entries(stages).flatMap(([name, life]) => operatorVerbs.map((verb) => ({ name, verb, life })));

describe('every verb in every phase', () => {
  test.each(cases)('$verb in $name', ({ name, verb, life }) => {
    const expected = table[name]?.[verb];
    const after = applyOperation(life, verb, by);
    expect(after.lastOperation).toMatchObject({ ...by, verb, accepted: expected !== undefined });
    expect(after.lastOperation?.answer).not.toBe('');
    if (expected === undefined) expect(after.stage).toBe(life.stage);
    else expect(nextStep(after).kind).toBe(expected);
  });
});

test('a retry is a new attempt', () => {
  const retried = applyOperation(
    at({ kind: 'reprovisioning', host: host('Unavailable'), plan: plan(failed) }),
    'retry',
    by,
  );
  expect(nextStep(retried)).toEqual({ kind: 'provision', attempt: 2 });
  expect(projectStatus(retried)).toMatchObject({ phase: 'Allocated', lastOperation: { verb: 'retry', actor: 'ada' } });
});

test('a reallocated machine leaves its clean host and avoids it', () => {
  let life = applyOperation(at({ kind: 'reprovisioning', host: host(), plan: plan(failed) }), 'reallocate', by);
  life = advanceHost.onCleanTried(life, 1, { kind: 'written', plan: plan() });
  life = advanceHost.onPlanAnswered(life, { kind: 'applied' });
  expect(nextStep(life)).toEqual({ kind: 'release', untouched: false, last: false });
  life = advanceHost.onReleaseTried(life, { kind: 'released' }, false);
  expect(nextStep(life)).toEqual({ kind: 'claim' });
  expect(life.avoidedHosts).toEqual(['h']);
});

test('a host that cannot be cleaned for a reallocation can be let go, and the machine stays', () => {
  const life = at({ kind: 'cleaning', host: host('Unavailable'), attempt: 1, plan: plan(failed), applied: null });
  const forced = applyOperation(life, 'forceRelease', by);
  expect(nextStep(forced)).toEqual({ kind: 'forceRelease', last: false });
  expect(nextStep(advanceHost.onReleaseTried(forced, { kind: 'released' }, false))).toEqual({ kind: 'claim' });
});

test('pause holds until resume, and CAPI decides for itself', () => {
  const paused = applyOperation(at({ kind: 'unclaimed' }), 'pause', by);
  expect(nextStep(paused)).toMatchObject({ kind: 'wait', reason: 'resume' });
  expect(projectStatus(paused).conditions).toContainEqual(expect.objectContaining({ type: 'Paused', status: 'True' }));
  expect(nextStep(applyOperation(paused, 'resume', by))).toEqual({ kind: 'claim' });
  const byCapi = at({ kind: 'unclaimed' }, { paused: true });
  expect(judgeOperation(byCapi, 'resume')).toMatchObject({ accepted: false });
});
