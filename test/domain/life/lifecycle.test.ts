import { describe, expect, test } from 'vitest';
import * as advanceHost from '../../../domain/life/advance-host.ts';
import * as advance from '../../../domain/life/advance-life.ts';
import { allRules } from '../../../domain/life/later-rules.ts';
import { nextStep, stillAwaits } from '../../../domain/life/lifecycle.ts';
import { isDueForPlan } from '../../../domain/life/forecast.ts';
import { phaseOf, projectStatus } from '../../../domain/report/status/machine-status.ts';
import type { ClaimOutcome } from '../../../domain/life/step-outcomes.ts';
import { type MachineLife, type Stage } from '../../../domain/life/machine-life.ts';
import { applyOperation } from '../../../domain/life/operations.ts';
import { isPlanAnswer } from '../../../domain/life/plan-answer.ts';
import { at, host, plan, snapshot } from './life-fixtures.ts';

const applied = { checksum: 'c', bootstrapHash: null };
const deleting = { deleting: true };
const running = { kind: 'running', host: host(), applied, nodeJoinTimedOut: false } as const;
const cleaning = { kind: 'cleaning', host: host(), attempt: 1, applied } as const;

describe('nextStep', () => {
  test.each([
    ['an object without a Machine waits', at({ kind: 'new' }, { machine: null }), { kind: 'wait', reason: 'machine' }],
    ['an owned object begins, and takes a host at once', at({ kind: 'new' }), { kind: 'begin', claim: true }],
    [
      'while the cluster is not ready, it only looks',
      at({ kind: 'new' }, { cluster: { name: 'c', infrastructureReady: false } }),
      { kind: 'begin', claim: false },
    ],
    ['a paused one is not even looked at', at({ kind: 'new' }, { paused: true }), { kind: 'wait', reason: 'resume' }],
    [
      'the cluster comes first',
      at({ kind: 'unclaimed' }, { cluster: { name: 'c', infrastructureReady: false } }),
      { kind: 'wait', reason: 'clusterInfrastructure' },
    ],
    ['then a host', at({ kind: 'unclaimed' }), { kind: 'claim' }],
    ['then the plan', at({ kind: 'claimed', host: host(), attempt: 1 }), { kind: 'provision', attempt: 1 }],
    ['then its answer', at({ kind: 'reprovisioning', host: host(), plan: plan() }), { kind: 'awaitPlan' }],
    [
      'a late answer still counts',
      at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'timedOut' }) }),
      { kind: 'awaitPlan' },
    ],
    [
      'an answer is taken while paused',
      at({ kind: 'reprovisioning', host: host(), plan: plan() }, { paused: true }),
      { kind: 'awaitPlan' },
    ],
    [
      'but not acted on',
      at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'applied' }) }, { paused: true }),
      { kind: 'wait', reason: 'resume' },
    ],
    ['applied', at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'applied' }) }), { kind: 'complete' }],
    [
      'failed: the host leaves the pool',
      at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'failed', message: 'm' }) }),
      { kind: 'markUnavailable' },
    ],
    [
      'failed and recorded: an operator',
      at({ kind: 'reprovisioning', host: host('Unavailable'), plan: plan({ kind: 'failed', message: 'm' }) }),
      { kind: 'wait', reason: 'operator' },
    ],
    [
      'taken: that is confirmed first',
      at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'taken' }) }),
      { kind: 'markUnavailable' },
    ],
    [
      'taken, confirmed: an operator',
      at({ kind: 'reprovisioning', host: { ...host(), recorded: 'Unavailable' }, plan: plan({ kind: 'taken' }) }),
      { kind: 'wait', reason: 'operator' },
    ],
    ['running waits for its node', at(running), { kind: 'wait', reason: 'node', deadlineMs: 1000 }],
    [
      'and then for its deletion',
      at(running, { machine: { name: 'm', nodeName: 'n' } }),
      { kind: 'wait', reason: 'deletion' },
    ],
    ['a lost finalizer comes back', at(running, { finalizerLost: true }), { kind: 'begin', claim: false }],
    ['deletion before anything', at({ kind: 'new' }, deleting), { kind: 'begin', claim: false }],
    ['deletion without a host', at({ kind: 'unclaimed' }, deleting), { kind: 'finish' }],
    [
      'deletion of an untouched host',
      at({ kind: 'claimed', host: host(), attempt: 1 }, deleting),
      { kind: 'release', untouched: true, last: true },
    ],
    [
      'deletion does not wait for a reprovision',
      at({ kind: 'reprovisioning', host: host(), plan: plan() }, deleting),
      { kind: 'clean', attempt: 1 },
    ],
    ['deletion of a running machine', at(running, deleting), { kind: 'clean', attempt: 1 }],
    ['deletion while paused', at(running, { ...deleting, paused: true }), { kind: 'wait', reason: 'resume' }],
    ['a move touches nothing', at(running, { ...deleting, deletedForMove: true }), { kind: 'wait', reason: 'move' }],
    ['moved', at(running, { ...deleting, deletedForMove: true, gone: true }), { kind: 'confirmGone' }],
    ['gone while paused counts as moved', at(running, { paused: true, gone: true }), { kind: 'confirmGone' }],
    ['gone without a deletion', at(running, { gone: true }), { kind: 'confirmGone' }],
    [
      'gone without a deletion, its host untouched',
      at({ kind: 'claimed', host: host(), attempt: 1 }, { gone: true }),
      { kind: 'release', untouched: true, last: true },
    ],
    [
      'gone without a deletion after a plan',
      at({ kind: 'claimed', host: host(), attempt: 2 }, { gone: true }),
      { kind: 'confirmGone' },
    ],
    ['gone before anything was looked at', at({ kind: 'new' }, { ...deleting, gone: true }), { kind: 'confirmGone' }],
    [
      'gone, and its host in use by others',
      at({ ...cleaning, plan: plan({ kind: 'taken' }) }, { ...deleting, gone: true }),
      { kind: 'confirmGone' },
    ],
    [
      'gone in the middle of its deletion: still cleaned',
      at(running, { ...deleting, gone: true }),
      { kind: 'clean', attempt: 1 },
    ],
    ['the clean plan is due', at({ ...cleaning, plan: null }, deleting), { kind: 'clean', attempt: 1 }],
    ['the clean plan runs', at({ ...cleaning, plan: plan() }, deleting), { kind: 'awaitPlan' }],
    [
      'clean',
      at({ ...cleaning, plan: plan({ kind: 'applied' }) }, deleting),
      { kind: 'release', untouched: false, last: true },
    ],
    [
      'not clean',
      at({ ...cleaning, plan: plan({ kind: 'failed', message: 'm' }) }, deleting),
      { kind: 'markUnavailable' },
    ],
    ['over', at({ kind: 'ended', outcome: 'released' }, deleting), { kind: 'end', outcome: 'released' }],
  ])('%s', (_name, life, expected) => {
    expect(nextStep(life)).toMatchObject(expected);
  });
});

describe('obstacles', () => {
  const exhausted = { kind: 'exhausted', message: 'none free' } as const;

  test('hold until something happens', () => {
    const life = advance.onClaimed(at({ kind: 'unclaimed' }), exhausted, 0);
    expect(nextStep(life)).toMatchObject({ kind: 'wait', reason: 'inputs' });
    expect(nextStep(advance.onWoken(life))).toEqual({ kind: 'claim' });
  });

  test('do not hold when something happened while the step ran', () => {
    const woken = advance.onWoken(at({ kind: 'unclaimed' }));
    expect(nextStep(advance.onClaimed(woken, exhausted, 0))).toEqual({ kind: 'claim' });
  });

  test('name the failure domain that has no free host, until there is one', () => {
    const life = advance.onClaimed(at({ kind: 'unclaimed' }), { ...exhausted, failureDomain: 'rack-1' }, 0);
    const waiting = projectStatus(life);
    expect(waiting).toMatchObject({ phase: 'Pending', awaitedFailureDomain: 'rack-1' });
    expect(waiting.conditions.find(({ type }) => type === 'InventoryAllocated')).toEqual({
      type: 'InventoryAllocated',
      status: 'False',
      reason: 'FailureDomainExhausted',
      message: 'none free',
    });
    const claimed = { kind: 'claimed', host: { ...host(), failureDomain: 'rack-1' } } as const;
    const served = projectStatus(advance.onClaimed(life, claimed, 0));
    expect(served.failureDomain).toBe('rack-1');
    expect(served.awaitedFailureDomain).toBeUndefined();
  });

  test('an unchanged snapshot is no event', () => {
    const life = advance.onClaimed(at({ kind: 'unclaimed' }), exhausted, 0);
    expect(advance.onObserved(life, snapshot())).toBe(life);
  });
});

test('a machine that holds a host without its run knowing is not let go', () => {
  const life = at({ kind: 'unclaimed' }, { deleting: true });
  expect(nextStep(life)).toEqual({ kind: 'finish' });
  expect(nextStep(advanceHost.onFinishTried(life, { kind: 'holdsHost' }))).toEqual({ kind: 'begin', claim: false });
  expect(nextStep(advanceHost.onFinishTried(life, undefined))).toEqual({ kind: 'end', outcome: 'released' });
});

test('an operator who lets the host go is not overruled by a step that began before', () => {
  const life = at({ kind: 'forcing', host: host() }, deleting);
  const outcomes = [
    advanceHost.onCleanTried(life, 1, { kind: 'written', plan: plan() }),
    advanceHost.onCleanTried(life, 1, { kind: 'secretMissing' }),
    advanceHost.onCleanTried(life, 1, { kind: 'inventoryMissing' }),
    advanceHost.onReleaseTried(life, { kind: 'needsClean' }, true),
    advanceHost.onPlanAnswered(life, { kind: 'failed', message: 'm' }),
    advance.onProvisionTried(life, { kind: 'written', plan: plan() }, 0),
    advanceHost.onCompleted(life),
    advanceHost.onMarkTried(life, { kind: 'marked' }),
  ];
  for (const after of outcomes) expect(nextStep(after)).toEqual({ kind: 'forceRelease', last: true });
});

test('a bootstrap Secret that the bridge sees and the step did not find is looked for again soon', () => {
  const waiting = { condition: 'BootstrapReady', reason: 'BootstrapWaiting', message: '' } as const;
  const claimed = at({ kind: 'claimed', host: host(), attempt: 1 });
  const missed = advance.onProvisionTried(claimed, { kind: 'blocked', obstacles: [waiting] }, claimed.revision);
  expect(nextStep(missed)).toEqual({ kind: 'wait', reason: 'inputs', deadlineMs: 15_000 });
  expect(nextStep(advance.onWoken(missed))).toEqual({ kind: 'provision', attempt: 1 });
  const { provisioning } = missed.snapshot;
  const snapshotWithout = {
    ...missed.snapshot,
    provisioning: provisioning && { ...provisioning, bootstrapSecret: null },
  };
  expect(nextStep({ ...missed, snapshot: snapshotWithout })).toMatchObject({ reason: 'inputs', deadlineMs: null });
});

describe('a machine that is said to be gone', () => {
  const told = advance.onObserved(at(running), { ...at(running).snapshot, gone: true });

  test.each([
    ['gone', { kind: 'end', outcome: 'orphaned' }],
    ['moved', { kind: 'end', outcome: 'moved' }],
    ['live', { kind: 'wait', reason: 'node' }],
    ['deleting', { kind: 'clean', attempt: 1 }],
    ['paused', { kind: 'wait', reason: 'resume' }],
  ] as const)('is looked for, and what is seen counts: %s', (kind, step) => {
    expect(nextStep(told)).toEqual({ kind: 'confirmGone' });
    expect(nextStep(advance.onPresenceSeen(told, { kind }))).toMatchObject(step);
  });

  test('is looked for also while an operator holds it, for a run shows nothing of who is gone', () => {
    const held = {
      ...at({ kind: 'claimed', host: host(), attempt: 1 }, { ...deleting, gone: true }),
      pausedByOperator: true,
    };
    expect(nextStep(held)).toEqual({ kind: 'confirmGone' });
    expect(nextStep(advance.onPresenceSeen(held, { kind: 'live' }))).toMatchObject({ kind: 'wait', reason: 'resume' });
    const seen = advance.onPresenceSeen(held, { kind: 'gone' });
    expect(nextStep(seen)).toMatchObject({ kind: 'wait', reason: 'resume' });
    expect(nextStep({ ...seen, pausedByOperator: false })).toMatchObject({ kind: 'release' });
    expect(nextStep(held, { ...allRules, confirmsHeldGone: false })).toMatchObject({ kind: 'wait', reason: 'resume' });
  });

  test('ends its run at once in one of before that rule', () => {
    expect(nextStep(told, { ...allRules, confirmsGone: false })).toEqual({ kind: 'end', outcome: 'orphaned' });
  });
});

test('a machine whose object is gone when its plan should be written gives its untouched host back', () => {
  const life = advance.onProvisionTried(at({ kind: 'claimed', host: host(), attempt: 1 }), { kind: 'gone' }, 0);
  expect(nextStep(life)).toEqual({ kind: 'release', untouched: true, last: true });
});

test('a claim that was tried at the beginning goes on as any other', () => {
  const tried = (claim: ClaimOutcome): MachineLife =>
    advance.onBegun(at({ kind: 'new' }), { kind: 'claimTried', claim, nodeJoinDeadlineMs: 5 }, 0);
  const claimed = tried({ kind: 'claimed', host: host() });
  expect(claimed).toMatchObject({ nodeJoinDeadlineMs: 5, stage: { kind: 'claimed', attempt: 1 } });
  const exhausted = tried({ kind: 'exhausted', message: 'none' });
  expect(exhausted.stage).toEqual({ kind: 'unclaimed' });
  expect(nextStep(exhausted)).toMatchObject({ kind: 'wait', reason: 'inputs' });
  expect(nextStep(advance.onWoken(exhausted))).toEqual({ kind: 'claim' });
});

test('a plan that was written by the step that claimed is waited for, and cleaned if the machine goes meanwhile', () => {
  const planned = { kind: 'written', plan: plan(), host: { ...host(), hostname: 'renamed' }, image: 'i' } as const;
  const claim = { kind: 'claimed', host: host() } as const;
  const outcome = { kind: 'claimTried', claim, planned, nodeJoinDeadlineMs: 5 } as const;
  const life = advance.onBegun(at({ kind: 'new' }), outcome, 0);
  expect(life.stage).toMatchObject({
    kind: 'reprovisioning',
    host: { hostname: 'renamed', recorded: 'Reprovisioning' },
  });
  expect(nextStep(life)).toEqual({ kind: 'awaitPlan' });
  const going = advance.onBegun(at({ kind: 'new' }, { deleting: true }), outcome, 0);
  expect(nextStep(going)).toEqual({ kind: 'clean', attempt: 1 });
});

test('a host that was just claimed is due for its plan, whatever was told of its bootstrap data, unless nothing may be done', () => {
  const claimed = { kind: 'claimed', host: host(), attempt: 1 } as const;
  const { provisioning } = snapshot({});
  if (provisioning === null) throw new Error('A machine that comes up needs something');
  expect(isDueForPlan(at(claimed))).toBe(true);
  expect(isDueForPlan(at(claimed, { provisioning: { ...provisioning, bootstrapSecret: null } }))).toBe(true);
  expect(isDueForPlan(at(claimed, { paused: true }))).toBe(false);
  expect(isDueForPlan(at(claimed, { deleting: true }))).toBe(false);
  expect(isDueForPlan({ ...at(claimed), pausedByOperator: true })).toBe(false);
});

test('a run that was set back to before its machine was provisioned begins again', () => {
  const claimed = at({ kind: 'claimed', host: host(), attempt: 1 });
  expect(nextStep(advance.onClaimed(at({ kind: 'unclaimed' }), { kind: 'provisioned' }, 0)).kind).toBe('begin');
  expect(nextStep(advance.onProvisionTried(claimed, { kind: 'provisioned' }, 0)).kind).toBe('begin');
});

describe('a host that is not there any more', () => {
  const gone = { deleting: true, hostMissing: true };
  const pending: Stage = { ...cleaning, plan: { ...plan(), type: 'clean' } };
  const taken: Stage = { ...cleaning, plan: { ...plan({ kind: 'taken' }), type: 'clean' } };

  test.each([pending, taken])('ends the wait for its clean plan', (stage) => {
    expect(nextStep(at(stage, gone))).toEqual({ kind: 'clean', attempt: 1 });
    expect(nextStep(at(stage, { ...gone, paused: true })).kind).not.toBe('clean');
  });

  test('is found out by the step itself', () => {
    const released = advanceHost.onCleanTried(at(taken, gone), 1, { kind: 'inventoryMissing' });
    expect(nextStep(released)).toEqual({ kind: 'finish' });
    const there = advanceHost.onCleanTried(at(taken, gone), 1, { kind: 'taken' });
    expect(nextStep(there)).toEqual({ kind: 'markUnavailable' });
    expect(nextStep(advanceHost.onMarkTried(there, { kind: 'marked' }))).toMatchObject({
      kind: 'wait',
      reason: 'operator',
    });
  });

  test('and that an operator gave up is replaced', () => {
    const life = advanceHost.onCleanTried(at(pending, { hostMissing: true }), 1, { kind: 'inventoryMissing' });
    expect(nextStep(life)).toEqual({ kind: 'claim' });
  });
});

describe('a machine whose host went before it had a plan', () => {
  const lost = at({ kind: 'unclaimed' }, { hostMissing: true });
  const claimed = { kind: 'claimed', host: host() } as const;
  const reasonOf = (life: MachineLife) =>
    projectStatus(life).conditions.find(({ type }) => type === 'InventoryAllocated')?.reason;

  test('shows the next one as allocated', () => {
    expect(reasonOf(advance.onClaimed(lost, claimed, lost.revision))).toBe('InventoryAllocated');
    const outcome = { kind: 'claimTried', claim: claimed, nodeJoinDeadlineMs: 5 } as const;
    const anew = at({ kind: 'new' }, { hostMissing: true });
    expect(reasonOf(advance.onBegun(anew, outcome, anew.revision))).toBe('InventoryAllocated');
  });

  test('waits for the word of the bridge in a run of before that rule', () => {
    expect(reasonOf(advance.onClaimed(lost, claimed, lost.revision, false))).toBe('InventoryMissing');
  });
});

test('a machine looks again where its own clean plan stands instead of the plan that is to be written', () => {
  const life = at({ kind: 'claimed', host: host(), attempt: 1 });
  expect(nextStep(advance.onProvisionTried(life, { kind: 'givenUp' }, life.revision))).toMatchObject({ kind: 'begin' });
});

describe('a running machine whose inventory is deleted', () => {
  const lost = at(running, { hostMissing: true });
  const begun = { nodeJoinDeadlineMs: 1000, kept: { pausedByOperator: false, avoidedHosts: [] } };

  test('looks for it, waits for it, and adopts it when it registers again', () => {
    expect(nextStep(lost)).toEqual({ kind: 'begin', claim: false });
    const missing = advance.onBegun(lost, { kind: 'hostMissing', inventory: 'h', ...begun }, 0);
    expect(nextStep(missing)).toMatchObject({ kind: 'wait', reason: 'inputs' });
    expect(projectStatus(missing)).toMatchObject({ phase: 'Running', provisioned: true, inventory: 'h' });
    const back = advance.onObserved(missing, snapshot({ machine: { name: 'm', nodeName: 'n' } }));
    expect(nextStep(back)).toEqual({ kind: 'begin', claim: false });
    const adopted = advance.onBegun(back, { kind: 'provisioned', host: host(), plan: null, ...begun }, 1);
    expect(nextStep(adopted)).toMatchObject({ kind: 'wait', reason: 'deletion' });
  });

  test('goes on as it was if it was there after all', () => {
    const there = advance.onBegun(lost, { kind: 'provisioned', host: host(), plan: null, ...begun }, 0);
    expect(there.stage).toEqual(running);
    expect(nextStep(there)).toMatchObject({ kind: 'wait', reason: 'node' });
  });

  test('looks again if that was told while it looked', () => {
    const there = advance.onBegun(lost, { kind: 'provisioned', host: host(), plan: null, ...begun }, -1, {
      hostWentMissing: true,
    });
    expect(nextStep(there)).toEqual({ kind: 'begin', claim: false });
    const clean = { kind: 'written', plan: plan() } as const;
    const cleaning = advanceHost.onCleanTried(at(running, { deleting: true, hostMissing: true }), 1, clean, true);
    expect(nextStep(cleaning)).toMatchObject({ kind: 'clean' });
  });

  test('waits on in a run of before that rule', () => {
    expect(nextStep(lost, { ...allRules, looksForLostHost: false })).toMatchObject({ kind: 'wait', reason: 'node' });
  });
});

describe('what operators asked of an earlier run', () => {
  const kept = { pausedByOperator: true, avoidedHosts: ['h1'] };
  const adopt = (life: MachineLife): MachineLife =>
    advance.onBegun(life, { kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs: 5, kept }, 0);

  test('holds in the one that begins', () => {
    const life = adopt(at({ kind: 'new' }, deleting));
    expect(life).toMatchObject({ pausedByOperator: true, avoidedHosts: ['h1'] });
    expect(nextStep(life)).toEqual({ kind: 'wait', reason: 'resume', deadlineMs: null });
    expect(projectStatus(life)).toMatchObject({ pausedByOperator: true, avoidedInventories: ['h1'] });
  });

  test('does not overrule what this one was asked for', () => {
    const resumed = applyOperation(at({ kind: 'new' }), 'resume', { actor: 'ada', reason: '' });
    expect(adopt(resumed).pausedByOperator).toBe(false);
    expect(adopt(at(running, { finalizerLost: true })).pausedByOperator).toBe(false);
  });

  test('is left as it stands until it is known', () => {
    const status = projectStatus(at({ kind: 'new' }));
    expect('pausedByOperator' in status || 'avoidedInventories' in status).toBe(false);
    const paused = applyOperation(at({ kind: 'new' }), 'pause', { actor: 'ada', reason: '' });
    expect(projectStatus(paused)).toMatchObject({ pausedByOperator: true });
  });
});

test('a pause that the run did not know of yet holds its clean plan back', () => {
  const life = advanceHost.onCleanTried(at(running, deleting), 1, { kind: 'paused' });
  expect(nextStep(life)).toMatchObject({ kind: 'wait', reason: 'resume' });
  expect(nextStep(advance.onObserved(life, snapshot(deleting)))).toEqual({ kind: 'clean', attempt: 1 });
});

test('the plan names the node as the pool does when it is written', () => {
  const renamed = { ...host(), hostname: 'mended' };
  const claimed = at({ kind: 'claimed', host: host(), attempt: 1 });
  const { stage } = advance.onProvisionTried(claimed, { kind: 'written', plan: plan(), host: renamed }, 0);
  expect(stage).toMatchObject({ host: { hostname: 'mended', recorded: 'Reprovisioning' } });
});

test.each([
  [{ kind: 'applied' }, true],
  [{ kind: 'failed', message: 'm' }, true],
  [{ kind: 'failed' }, false],
  [{ kind: 'pending' }, false],
  [{}, false],
  [null, false],
  ['applied', false],
])('an answer to a plan: %j', (value, isOne) => {
  expect(isPlanAnswer(value)).toBe(isOne);
});

describe('events', () => {
  test('a deletion makes a pending reprovision moot', () => {
    const life = at({ kind: 'reprovisioning', host: host(), plan: plan() });
    expect(stillAwaits(life, plan())).toBe(true);
    expect(stillAwaits(advance.onObserved(life, snapshot(deleting)), plan())).toBe(false);
  });

  test('gone keeps what was known of pause and move', () => {
    const life = at(running, { deletedForMove: true, deleting: true });
    const gone = advance.onObserved(life, snapshot({ gone: true }));
    expect(nextStep(advance.onPresenceSeen(gone, { kind: 'gone' }))).toEqual({ kind: 'end', outcome: 'moved' });
  });

  test('an adopted node is never reprovisioned', () => {
    const begun = advance.onBegun(
      at({ kind: 'new' }),
      { kind: 'provisioned', host: host(), plan: plan({ kind: 'failed', message: 'm' }), nodeJoinDeadlineMs: 5 },
      0,
    );
    expect(nextStep(begun)).toMatchObject({ kind: 'wait', reason: 'node', deadlineMs: 5 });
  });

  test('a host that is not there yet after a move is waited for', () => {
    const begun = advance.onBegun(
      at({ kind: 'new' }),
      { kind: 'hostMissing', inventory: 'h', nodeJoinDeadlineMs: 5 },
      0,
    );
    expect(nextStep(begun)).toMatchObject({ kind: 'wait', reason: 'inputs' });
    expect(projectStatus(begun)).toMatchObject({ phase: 'Running', provisioned: true, inventory: 'h' });
    expect(nextStep(advance.onObserved(begun, snapshot({ pool: 'other' })))).toEqual({ kind: 'begin', claim: false });
  });
});

describe('projectStatus', () => {
  test.each([
    ['Pending', at({ kind: 'unclaimed' })],
    ['Allocated', at({ kind: 'claimed', host: host(), attempt: 1 })],
    ['Reprovisioning', at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'timedOut' }) })],
    ['Failed', at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'failed', message: 'm' }) })],
    ['Running', at(running)],
    ['Preparing', at({ ...cleaning, plan: plan() }, deleting)],
    ['Failed', at({ ...cleaning, plan: plan({ kind: 'failed', message: 'm' }) }, deleting)],
  ])('%s', (phase, life) => {
    expect(phaseOf(life)).toBe(phase);
  });

  test('a catalog miss is Failed, a missing bootstrap Secret is not', () => {
    const claimed = at({ kind: 'claimed', host: host(), attempt: 1 });
    const obstacle = (condition: 'ImageResolved' | 'BootstrapReady', reason: 'ImageCatalogMiss' | 'BootstrapWaiting') =>
      advance.onProvisionTried(claimed, { kind: 'blocked', obstacles: [{ condition, reason, message: 'm' }] }, 0);
    expect(phaseOf(obstacle('ImageResolved', 'ImageCatalogMiss'))).toBe('Failed');
    expect(phaseOf(obstacle('BootstrapReady', 'BootstrapWaiting'))).toBe('Allocated');
  });

  test('Ready says why not, and nothing when it holds', () => {
    const [failed] = projectStatus(
      at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'taken' }) }),
    ).conditions;
    expect(failed).toMatchObject({ type: 'Ready', status: 'False', reason: 'HostTaken' });
    const [ready] = projectStatus(at(running)).conditions;
    expect(ready).toEqual({ type: 'Ready', status: 'True', reason: 'Ready', message: '' });
  });

  test('provisioned never flips back while the node is cleaned', () => {
    const cleaned = advanceHost.onCleanTried(at(running, deleting), 1, { kind: 'written', plan: plan() });
    expect(projectStatus(cleaned).provisioned).toBe(true);
  });
});
