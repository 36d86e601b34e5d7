import { describe, expect, test } from 'vitest';
import * as advanceHost from '../../../domain/life/advance-host.ts';
import * as advance from '../../../domain/life/advance-life.ts';
import { onceCompleted, whileCleaning, whileReprovisioning } from '../../../domain/life/forecast.ts';
import { isHaltOver, onHaltOver, onRestless, onStopped, withoutHalt } from '../../../domain/life/halt.ts';
import { nextStep } from '../../../domain/life/lifecycle.ts';
import { carryOver, type MachineLife, takerOf } from '../../../domain/life/machine-life.ts';
import { applyOperation } from '../../../domain/life/operations.ts';
import { projectStatus } from '../../../domain/report/status/machine-status.ts';
import { at, host, plan, snapshot } from './life-fixtures.ts';

const refused = { kind: 'stopped', reason: 'WriteRefused', message: 'secrets "h": denied by policy' } as const;
const claimed = at({ kind: 'claimed', host: host(), attempt: 1 });
const provision = { kind: 'provision', attempt: 1 } as const;
const stopped = (life: MachineLife, times = 1): MachineLife =>
  Array.from({ length: times }).reduce<MachineLife>((now) => onStopped(now, provision, refused, now.revision), life);

describe('a step that was stopped', () => {
  test('waits ever longer, at most five minutes', () => {
    const pauses = [1, 2, 3, 8, 9, 40].map((times) => nextStep(stopped(claimed, times)));
    expect(pauses.map((step) => step.kind === 'wait' && step.deadlineMs)).toEqual([
      2_000, 4_000, 8_000, 256_000, 300_000, 300_000,
    ]);
  });

  test('is due when the pause is over, and counts on if it is stopped again', () => {
    const due = onHaltOver(stopped(claimed));
    expect(nextStep(due)).toEqual(provision);
    expect(nextStep(onStopped(due, provision, refused, due.revision))).toMatchObject({
      reason: 'halt',
      deadlineMs: 4_000,
    });
    expect(nextStep(stopped(withoutHalt(due)))).toMatchObject({ deadlineMs: 2_000 });
  });

  test('is due at once when something happens', () => {
    expect(nextStep(advance.onWoken(stopped(claimed)))).toEqual(provision);
  });

  test('stands in the way of no deletion and no verb', () => {
    const deleting = advance.onObserved(stopped(claimed), { ...claimed.snapshot, deleting: true });
    expect(nextStep(deleting)).toEqual({ kind: 'release', untouched: true, last: true });
    const leaving = applyOperation(stopped(claimed), 'reallocate', { actor: 'a', reason: 'r' });
    expect(nextStep(leaving)).toEqual({ kind: 'release', untouched: true, last: false });
  });

  test('is shown under the condition that it works for, with the words of the server', () => {
    const conditions = projectStatus(stopped(claimed)).conditions.filter(({ status }) => status === 'False');
    const shown = { reason: 'WriteRefused', message: refused.message };
    expect(conditions).toContainEqual({ type: 'PlanApplied', status: 'False', ...shown });
    expect(conditions).toContainEqual({ type: 'Ready', status: 'False', ...shown });
  });

  test('is not shown any more by the status that goes with its write', () => {
    const reprovisioning = at({ kind: 'reprovisioning', host: host(), plan: plan({ kind: 'applied' }) });
    const refusedBefore = [
      whileReprovisioning(stopped(claimed), host(), 1),
      whileCleaning(onStopped(reprovisioning, { kind: 'clean', attempt: 1 }, refused, 0), 1),
      onceCompleted(onStopped(reprovisioning, { kind: 'complete' }, refused, 0)),
    ];
    for (const life of refusedBefore) {
      expect(projectStatus(life).conditions.map(({ reason }) => reason)).not.toContain('WriteRefused');
    }
  });

  test('is held back in the run that takes over, too', () => {
    expect(nextStep(carryOver(stopped(claimed)))).toMatchObject({ kind: 'wait', reason: 'halt' });
  });

  test('is not shown any more when the step is not due any more', () => {
    const unreadable = { kind: 'stopped', reason: 'InventoryUnreadable', message: 'a field is odd' } as const;
    const running = { kind: 'running', host: host(), applied: null, nodeJoinTimedOut: true } as const;
    const troubled = at(running, { hostTrouble: 'unreadable' });
    const life = onStopped(troubled, { kind: 'begin', claim: false }, unreadable, troubled.revision);
    expect(isHaltOver(life, nextStep(life))).toBe(false);
    expect(projectStatus(life).conditions[0]).toMatchObject({ status: 'False', reason: 'InventoryUnreadable' });
    const mended = advance.onObserved(life, snapshot());
    expect(isHaltOver(mended, nextStep(mended))).toBe(true);
    expect(projectStatus(withoutHalt(mended)).conditions[0]).toMatchObject({ type: 'Ready', status: 'True' });
  });

  test('of a wait for a host is not shown while the host is waited for again', () => {
    const reprovisioning = at({ kind: 'reprovisioning', host: host(), plan: plan() });
    const away = { kind: 'stopped', reason: 'Unreachable', message: 'nobody answers' } as const;
    const life = onStopped(reprovisioning, { kind: 'awaitPlan' }, away, reprovisioning.revision);
    expect(projectStatus(life).conditions[0]).toMatchObject({ reason: 'Unreachable' });
    for (const due of [onHaltOver(life), advance.onWoken(life)]) {
      expect(nextStep(due)).toEqual({ kind: 'awaitPlan' });
      expect(projectStatus(due).conditions[0]).toMatchObject({ reason: 'PlanPending' });
    }
  });

  test('a run that goes round in a circle says so and pauses', () => {
    const life = onRestless(claimed, provision, 3);
    expect(nextStep(life)).toMatchObject({ kind: 'wait', reason: 'halt', deadlineMs: 8_000 });
    expect(projectStatus(life).conditions[0]).toMatchObject({ status: 'False', reason: 'Restless' });
  });
});

describe('what a step reads counts, whatever the run was told', () => {
  const running = at({ kind: 'running', host: host(), applied: null, nodeJoinTimedOut: false });
  const told = advance.onObserved(running, { ...running.snapshot, deleting: true });

  test('a deletion that is none is taken back by the step, and by no snapshot', () => {
    expect(nextStep(told)).toMatchObject({ kind: 'clean' });
    expect(nextStep(advance.onObserved(told, { ...running.snapshot, deleting: false }))).toMatchObject({
      kind: 'clean',
    });
    const read = advanceHost.onCleanTried(told, 1, { kind: 'unjustified' });
    expect(read.stage).toEqual(running.stage);
    expect(nextStep(read)).toMatchObject({ kind: 'wait', reason: 'node' });
  });

  test('an object that is said to be gone and is there is looked at anew', () => {
    const gone = advance.onObserved(told, { ...told.snapshot, gone: true });
    expect(nextStep(advanceHost.onCleanTried(gone, 1, { kind: 'unjustified' }))).toMatchObject({ reason: 'node' });
  });

  test('gone and moved: hands off', () => {
    const gone = advance.onObserved(told, { ...told.snapshot, gone: true });
    expect(nextStep(advanceHost.onCleanTried(gone, 1, { kind: 'moved' }))).toEqual({ kind: 'end', outcome: 'moved' });
  });

  test('pause and move count whenever they were seen, and an operator holds a gone object, too', () => {
    const gone = { ...told.snapshot, gone: true };
    const paused = advance.onObserved(told, { ...gone, paused: true });
    expect(nextStep(advance.onPresenceSeen(paused, { kind: 'gone' }))).toMatchObject({ outcome: 'moved' });
    const held = applyOperation(told, 'pause', { actor: 'a', reason: 'r' });
    const seen = advance.onPresenceSeen(advance.onObserved(held, gone), { kind: 'gone' });
    expect(nextStep(seen)).toMatchObject({ kind: 'wait', reason: 'resume' });
  });

  test.each(['applied', 'failed'] as const)(
    'an answer %s that the Secret does not give is waited for again',
    (kind) => {
      const progress = kind === 'applied' ? ({ kind } as const) : ({ kind, message: 'm' } as const);
      const reprovisioning = at({ kind: 'reprovisioning', host: host(), plan: plan(progress) });
      const outcome = { kind: 'unproven', progress: { kind: 'pending' } } as const;
      const back =
        kind === 'applied'
          ? advanceHost.onCompleteTried(reprovisioning, outcome)
          : advanceHost.onMarkTried(reprovisioning, outcome);
      expect(nextStep(back)).toEqual({ kind: 'awaitPlan' });
    },
  );

  test('a plan that no step of ours wrote is written', () => {
    const taken = plan({ kind: 'taken' });
    const reprovisioning = at({ kind: 'reprovisioning', host: host(), plan: { ...taken, attempt: 2 } });
    const unwritten = { kind: 'unwritten' } as const;
    expect(nextStep(advanceHost.onMarkTried(reprovisioning, unwritten))).toEqual({ kind: 'provision', attempt: 2 });
    const stage = {
      kind: 'cleaning',
      host: host(),
      attempt: 2,
      plan: { ...taken, type: 'clean' },
      applied: null,
    } as const;
    const cleaning = at(stage, { deleting: true });
    expect(nextStep(advanceHost.onMarkTried(cleaning, unwritten))).toEqual({ kind: 'clean', attempt: 2 });
  });

  test('a host that is recorded for the machine and was not known is given back before the machine goes', () => {
    const deleting = at({ kind: 'unclaimed' }, { deleting: true });
    const found = advanceHost.onFinishTried(deleting, { kind: 'holdsHost', host: host() });
    expect(nextStep(found)).toEqual({ kind: 'release', untouched: true, last: true });
  });
});

describe('trouble with the host', () => {
  const reprovisioning = at({ kind: 'reprovisioning', host: host(), plan: plan() }, { hostTrouble: 'lost' });
  const running = at(
    { kind: 'running', host: host(), applied: null, nodeJoinTimedOut: false },
    { hostTrouble: 'taken' },
  );
  const begun = { nodeJoinDeadlineMs: 1, kept: { pausedByOperator: false, avoidedHosts: [] } };

  test('lost while its plan runs: back to the claim', () => {
    expect(nextStep(reprovisioning)).toEqual({ kind: 'begin', claim: false });
    const read = advance.onBegun(reprovisioning, { kind: 'fresh', ...begun }, reprovisioning.revision);
    expect(nextStep(read)).toEqual({ kind: 'claim' });
  });

  test('that is none is looked at once', () => {
    const held = { kind: 'holding', host: host(), plan: null, ...begun } as const;
    expect(nextStep(advance.onBegun(reprovisioning, held, reprovisioning.revision))).toEqual({ kind: 'awaitPlan' });
  });

  test('taken from a node: not Ready, and blank when it comes back', () => {
    const wanted = { kind: 'hostWanted', inventory: 'h', by: 'a reset plan stands there', ...begun } as const;
    const taken = advance.onBegun(running, wanted, running.revision);
    expect(projectStatus(taken).conditions[0]).toMatchObject({ status: 'False', reason: 'HostTaken' });
    expect(nextStep(taken)).toMatchObject({ kind: 'wait', reason: 'node' });
    expect(nextStep(advance.onObserved(taken, { ...taken.snapshot, deleting: true }))).toMatchObject({ kind: 'clean' });
    const vanished = advance.onObserved(taken, { ...taken.snapshot, hostMissing: true });
    const hostless = advance.onBegun(vanished, { kind: 'hostMissing', inventory: 'h', ...begun }, vanished.revision);
    expect(takerOf(hostless.stage)).toBe('a reset plan stands there');
    expect(projectStatus(hostless).conditions[0]).toMatchObject({ status: 'False', reason: 'InventoryMissing' });
  });
});
