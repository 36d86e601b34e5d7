import { describe, expect, test } from 'vitest';
import * as advanceHost from '../../../domain/life/advance-host.ts';
import * as advance from '../../../domain/life/advance-life.ts';
import { nextStep } from '../../../domain/life/lifecycle.ts';
import type { Step } from '../../../domain/life/step.ts';
import {
  type MachineLife,
  operatorVerbs,
  type OperatorVerb,
  type PlanProgress,
} from '../../../domain/life/machine-life.ts';
import { projectStatus } from '../../../domain/report/status/machine-status.ts';
import { tellStory } from '../../../domain/report/machine-story.ts';
import { applyOperation, judgeOperation } from '../../../domain/life/operations.ts';
import type { BeginOutcome } from '../../../domain/life/step-outcomes.ts';
import { readTable } from '../../support/doc-table.ts';
import { at, host, plan, snapshot } from './life-fixtures.ts';

const by = { actor: 'ada', reason: 'because' };
const failed = { kind: 'failed', message: 'm' } as const;

const applied = { checksum: 'c', bootstrapHash: null };
const reprovisioning = (progress?: PlanProgress): MachineLife =>
  at({ kind: 'reprovisioning', host: host(), plan: plan(progress) });
const cleaning = (progress: PlanProgress, changes: Partial<MachineLife['snapshot']> = { deleting: true }) =>
  at({ kind: 'cleaning', host: host(), attempt: 1, plan: { ...plan(progress), type: 'clean' }, applied }, changes);
const claimed = at({ kind: 'claimed', host: host(), attempt: 1 });
const noImage = { condition: 'ImageResolved', reason: 'ImageCatalogMiss', message: 'none' } as const;
const recordedUnavailable = (life: MachineLife): MachineLife => advanceHost.onMarkTried(life, { kind: 'marked' });
const hostless: BeginOutcome = { kind: 'hostMissing', inventory: 'h', nodeJoinDeadlineMs: 1 };

/** For each row of the table in docs/lifecycle.md a life that is there, and the steps that accepted verbs lead to. */
const rows: Record<string, { life: MachineLife; steps: Partial<Record<OperatorVerb, Step['kind']>> }> = {
  Pending: { life: at({ kind: 'unclaimed' }, { machine: null }), steps: { pause: 'wait' } },
  'Pending, blocked (`PoolExhausted`, `PoolMissing`)': {
    life: advance.onClaimed(at({ kind: 'unclaimed' }), { kind: 'exhausted', message: 'none' }, 0),
    steps: { retry: 'claim', pause: 'wait' },
  },
  Allocated: { life: claimed, steps: { reallocate: 'release', pause: 'wait' } },
  'Failed before the plan (`ImageCatalogMiss`, `BootstrapInvalid`, …)': {
    life: advance.onProvisionTried(claimed, { kind: 'blocked', obstacles: [noImage] }, 0),
    steps: { retry: 'provision', reallocate: 'release', pause: 'wait' },
  },
  Reprovisioning: { life: reprovisioning(), steps: { reallocate: 'clean', pause: 'awaitPlan' } },
  'Reprovisioning, `PlanTimedOut`': {
    life: reprovisioning({ kind: 'timedOut' }),
    steps: { retry: 'provision', reallocate: 'clean', pause: 'awaitPlan' },
  },
  'Reprovisioning, applied': { life: reprovisioning({ kind: 'applied' }), steps: { pause: 'wait' } },
  'Failed (reprovision: `PlanFailed`, `PlanSecretMissing`, `HostTaken`)': {
    life: recordedUnavailable(reprovisioning(failed)),
    steps: { retry: 'provision', reallocate: 'clean', pause: 'wait' },
  },
  Running: {
    life: at({ kind: 'running', host: host(), applied, nodeJoinTimedOut: false }),
    steps: { reboot: 'reboot', pause: 'wait' },
  },
  'Running, host missing (`InventoryMissing`)': {
    life: advance.onBegun(at({ kind: 'new' }), hostless, 0),
    steps: { retry: 'begin', pause: 'wait' },
  },
  Preparing: { life: cleaning({ kind: 'pending' }), steps: { forceRelease: 'forceRelease', pause: 'awaitPlan' } },
  'Preparing, `PlanTimedOut`': {
    life: cleaning({ kind: 'timedOut' }),
    steps: { retry: 'clean', forceRelease: 'forceRelease', pause: 'awaitPlan' },
  },
  'Failed (clean: `PlanFailed`, `PlanSecretMissing`, `HostTaken`)': {
    life: recordedUnavailable(cleaning(failed)),
    steps: { retry: 'clean', forceRelease: 'forceRelease', pause: 'wait' },
  },
  'Preparing for another host (after `reallocate`)': {
    life: cleaning({ kind: 'pending' }, {}),
    steps: { forceRelease: 'forceRelease', pause: 'awaitPlan' },
  },
  'Paused by an operator': {
    life: applyOperation(recordedUnavailable(reprovisioning(failed)), 'pause', by),
    steps: { reallocate: 'wait', resume: 'wait' },
  },
  'Paused by Cluster API': {
    life: { ...recordedUnavailable(reprovisioning(failed)), snapshot: snapshot({ paused: true }) },
    steps: { reallocate: 'wait', pause: 'wait' },
  },
  Released: { life: at({ kind: 'ended', outcome: 'released' }, { deleting: true }), steps: {} },
};

describe('every verb in every phase, as docs/lifecycle.md has it', () => {
  const table = readTable('lifecycle.md', 'Operator verbs');

  test('the table has a row for each', () => {
    expect([...table.keys()]).toEqual(Object.keys(rows));
  });

  const cases = Object.entries(rows).flatMap(([name, row]) => operatorVerbs.map((verb) => ({ name, verb, ...row })));
  test.each(cases)('$verb in $name', ({ name, verb, life, steps }) => {
    const expected = steps[verb];
    const after = applyOperation(life, verb, by);
    expect(after.lastOperation).toMatchObject({ ...by, verb, accepted: expected !== undefined });
    expect(after.lastOperation?.answer).not.toBe('');
    if (expected === undefined) expect(after.stage).toBe(life.stage);
    else expect(nextStep(after).kind).toBe(expected);
    const told = table.get(name)?.get(verb) ?? '';
    expect(told).not.toBe('');
    expect(told.startsWith('refused')).toBe(expected === undefined);
  });

  test.each(Object.entries(rows))('the Temporal UI shows the verbs that make sense in %s', (_name, { life, steps }) => {
    const story = tellStory(life, nextStep(life));
    for (const verb of operatorVerbs) expect(story.includes(`- \`${verb}\`: `), verb).toBe(verb in steps);
    expect(story).not.toContain('awaitPlan');
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

test('a pause that comes while a host turns out to be gone holds the end of the machine until resume', () => {
  const running = at({ kind: 'cleaning', host: host(), attempt: 1, plan: null, applied: null }, { deleting: true });
  const paused = applyOperation(running, 'pause', by);
  const released = advanceHost.onCleanTried(paused, 1, { kind: 'inventoryMissing' });
  expect(nextStep(released)).toMatchObject({ kind: 'wait', reason: 'resume' });
  expect(tellStory(released, nextStep(released))).toContain('- `resume`: ');
  expect(applyOperation(released, 'retry', by).lastOperation?.accepted).toBe(false);
  const resumed = applyOperation(released, 'resume', by);
  expect(resumed.lastOperation?.accepted).toBe(true);
  expect(nextStep(resumed)).toEqual({ kind: 'finish' });
});

test('a run that has not looked yet ends the pause that an earlier one was asked for', () => {
  const kept = { pausedByOperator: true, avoidedHosts: [] };
  const outcome = { kind: 'fresh', kept, nodeJoinDeadlineMs: 1 } as const;
  const asked = applyOperation(at({ kind: 'new' }), 'resume', by);
  expect(asked.lastOperation?.accepted).toBe(true);
  expect(advance.onBegun(asked, outcome, asked.revision)).toMatchObject({ pausedByOperator: false });
  expect(advance.onBegun(at({ kind: 'new' }), outcome, 0)).toMatchObject({ pausedByOperator: true });
  expect(judgeOperation(at({ kind: 'new' }, { paused: true }), 'resume').accepted).toBe(false);
  // As runs of before.
  expect(applyOperation(at({ kind: 'new' }), 'resume', by, false).lastOperation?.accepted).toBe(false);
});

test('pause holds until resume, and CAPI decides for itself', () => {
  const paused = applyOperation(at({ kind: 'unclaimed' }), 'pause', by);
  expect(nextStep(paused)).toMatchObject({ kind: 'wait', reason: 'resume' });
  expect(projectStatus(paused).conditions).toContainEqual(expect.objectContaining({ type: 'Paused', status: 'True' }));
  expect(nextStep(applyOperation(paused, 'resume', by))).toEqual({ kind: 'claim' });
  const byCapi = at({ kind: 'unclaimed' }, { paused: true });
  expect(judgeOperation(byCapi, 'resume')).toMatchObject({ accepted: false });
});
