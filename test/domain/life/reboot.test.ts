import { describe, expect, it } from 'vitest';
import * as advance from '../../../domain/life/advance-life.ts';
import { onNodeJoinDeadline, onPlanAnswered } from '../../../domain/life/advance-host.ts';
import { nextStep, stillAwaits } from '../../../domain/life/lifecycle.ts';
import type { MachineLife, PlanProgress, WrittenPlan } from '../../../domain/life/machine-life.ts';
import { applyOperation, judgeOperation } from '../../../domain/life/operations.ts';
import { isRebootUnjudged, onRebootSettled, onRebootTried } from '../../../domain/life/reboot.ts';
import type { MachineSnapshot } from '../../../domain/inputs/machine-snapshot.ts';
import { projectStatus } from '../../../domain/report/status/machine-status.ts';
import { at, host, plan } from './life-fixtures.ts';

const by = { actor: 'ada', reason: 'it hangs' };
const applied = { checksum: 'c', bootstrapHash: 'b' };
const joined = { provisioning: null, machine: { name: 'm', nodeName: 'n' }, boot: 'active' } as const;
const running = (changes: Partial<MachineSnapshot> = {}): MachineLife =>
  at(
    { kind: 'running', host: host(), applied, nodeJoinTimedOut: false, attempt: 1, awaitsBoot: true },
    { ...joined, ...changes },
  );
const rebootPlan = (attempt = 1): WrittenPlan => ({
  ...plan(),
  type: 'reboot',
  attempt,
  checksum: 'r',
  bootstrapHash: null,
});

const ordered = applyOperation(running(), 'reboot', by);
const written = onRebootTried(ordered, 1, { kind: 'written', plan: rebootPlan() });
const answered = (progress: Exclude<PlanProgress, { kind: 'pending' }>): MachineLife =>
  onPlanAnswered(written, progress);
const settled = onRebootSettled(answered({ kind: 'applied' }), { kind: 'settled' });
const see = (life: MachineLife, changes: Partial<MachineSnapshot>): MachineLife =>
  advance.onObserved(life, { ...life.snapshot, ...changes });

/** The plan in the Secret is another one, of which the host has told no boot. */
function untold(life: MachineLife): MachineLife {
  const { boot: _, ...snapshot } = life.snapshot;
  return { ...life, snapshot };
}

function conditionOf(life: MachineLife, type: string): string {
  const { conditions } = projectStatus(life);
  const found = conditions.find((condition) => condition.type === type);
  return found === undefined ? 'none' : `${found.status}/${found.reason}`;
}

describe('a reboot', () => {
  it('is ordered, waited for, and ends with the proof of another boot', () => {
    expect(nextStep(running())).toMatchObject({ kind: 'wait', reason: 'deletion' });
    expect(nextStep(ordered)).toEqual({ kind: 'reboot', attempt: 1 });
    expect(nextStep(written)).toEqual({ kind: 'awaitPlan' });
    expect(stillAwaits(written, { type: 'reboot', attempt: 1 })).toBe(true);
    expect(nextStep(answered({ kind: 'applied' }))).toEqual({ kind: 'settleReboot' });
    expect(nextStep(settled)).toMatchObject({ kind: 'wait', reason: 'boot', deadlineMs: 1000 });
    expect(nextStep(see(settled, { rebooted: 1 }))).toMatchObject({ kind: 'wait', reason: 'deletion' });
  });

  it('keeps the machine Running and provisioned, and its conditions say how far it is', () => {
    const shown = (life: MachineLife) =>
      ['Ready', 'PlanApplied', 'Booted', 'NodeJoined'].map((type) => conditionOf(life, type));
    const pending = 'False/PlanPending';
    expect(shown(ordered)).toEqual([pending, pending, 'True/Booted', 'True/NodeJoined']);
    expect(shown(written)).toEqual([pending, pending, 'True/Booted', 'True/NodeJoined']);
    expect(shown(settled)).toEqual(['True/Ready', 'True/PlanApplied', 'False/WaitingForBoot', 'True/NodeJoined']);
    expect(shown(see(settled, { rebooted: 1 }))).toEqual(shown(running()));
    for (const life of [ordered, written, settled, answered({ kind: 'failed', message: 'm' })]) {
      expect(projectStatus(life)).toMatchObject({ phase: 'Running', provisioned: true, inventory: 'h' });
    }
    expect(projectStatus(settled)).toMatchObject({ appliedPlanChecksum: 'r', appliedBootstrapHash: 'b' });
  });

  it('is not proven by what the host said of an earlier boot', () => {
    const again = onRebootTried(applyOperation(see(settled, { rebooted: 1 }), 'reboot', by), 2, {
      kind: 'written',
      plan: rebootPlan(2),
    });
    const second = onRebootSettled(onPlanAnswered(again, { kind: 'applied' }), { kind: 'settled' });
    expect(conditionOf(second, 'Booted')).toBe('False/WaitingForBoot');
    expect(conditionOf(see(second, { rebooted: 2 }), 'Booted')).toBe('True/Booted');
    expect(conditionOf(see(second, { rebooted: 2, boot: 'fallback' }), 'Booted')).toBe('False/BootedFallback');
  });

  it('that does not come up is shown after the deadline', () => {
    const late = onNodeJoinDeadline(settled);
    expect(conditionOf(late, 'Booted')).toBe('False/BootTimedOut');
    expect(judgeOperation(late, 'reboot').accepted).toBe(true);
  });

  it.each<[string, MachineLife, RegExp]>([
    ['that is being deleted', running({ deleting: true }), /being deleted/],
    ['whose host is gone', running({ hostMissing: true }), /gone/],
    ['that is paused', running({ paused: true }), /paused/],
    ['that has no node yet', at({ kind: 'claimed', host: host(), attempt: 1 }), /Only the host of a Running/],
    ['that reboots', written, /under way/],
    ['whose host has just applied the plan', answered({ kind: 'applied' }), /under way/],
    ['whose host is about to boot', settled, /about to boot/],
    [
      'whose host was taken',
      at({ kind: 'running', host: host(), applied, nodeJoinTimedOut: false, takenBy: 'a reset' }, joined),
      /taken/,
    ],
  ])('is refused to a machine %s', (_, life, why) => {
    const verdict = judgeOperation(life, 'reboot');
    expect(verdict).toMatchObject({ accepted: false });
    expect(verdict.answer).toMatch(why);
  });

  it.each<Exclude<PlanProgress, { kind: 'pending' | 'applied' }>>([
    { kind: 'failed', message: 'm' },
    { kind: 'timedOut' },
    { kind: 'secretMissing' },
    { kind: 'taken' },
  ])('that came to no good end ($kind) is ordered again by reboot and by retry, as the next attempt', (progress) => {
    const life = answered(progress);
    for (const verb of ['reboot', 'retry'] as const) {
      expect(nextStep(applyOperation(life, verb, by))).toEqual({ kind: 'reboot', attempt: 2 });
    }
    expect(conditionOf(untold(life), 'Booted')).toBe('True/Booted');
    const rests = { kind: 'wait', reason: 'deletion', deadlineMs: null };
    expect(nextStep(untold(life))).toEqual(progress.kind === 'timedOut' ? { kind: 'awaitPlan' } : rests);
    expect(conditionOf(life, 'PlanApplied')).toMatch(/^False\/(Plan|HostTaken)/);
  });

  it('gives way to a deletion, wherever it is', () => {
    for (const life of [ordered, written, answered({ kind: 'applied' }), settled]) {
      expect(nextStep(see(life, { deleting: true }))).toEqual({ kind: 'clean', attempt: 1 });
    }
  });

  it('is waited for no more when somebody takes the host', () => {
    const taken = advance.onBegun(
      written,
      { kind: 'hostWanted', inventory: 'h', by: 'a reset', nodeJoinDeadlineMs: 1 },
      0,
    );
    expect(nextStep(taken)).toMatchObject({ kind: 'wait', reason: 'deletion' });
    expect(conditionOf(taken, 'PlanApplied')).toBe('False/HostTaken');
  });

  it('waits while the machine is paused; an answer is taken all the same', () => {
    expect(nextStep(see(ordered, { paused: true }))).toMatchObject({ kind: 'wait', reason: 'resume' });
    expect(nextStep(see(written, { paused: true }))).toEqual({ kind: 'awaitPlan' });
    expect(nextStep(see(answered({ kind: 'applied' }), { paused: true }))).toMatchObject({ reason: 'resume' });
  });

  it('that the step refuses is not accepted after all, and the number is used up', () => {
    const refused = onRebootTried(ordered, 1, { kind: 'refused', message: 'cp-2 is not well' });
    expect(refused.lastOperation).toMatchObject({ ...by, verb: 'reboot', accepted: false, answer: 'cp-2 is not well' });
    expect(nextStep(refused)).toMatchObject({ kind: 'wait', reason: 'deletion' });
    expect(nextStep(applyOperation(refused, 'reboot', by))).toEqual({ kind: 'reboot', attempt: 2 });
  });

  it('is judged once its plan is written or refused, or cannot be written now', () => {
    expect(isRebootUnjudged(ordered)).toBe(true);
    expect(isRebootUnjudged(written)).toBe(false);
    expect(isRebootUnjudged(see(ordered, { deleting: true }))).toBe(false);
    expect(isRebootUnjudged(applyOperation(ordered, 'pause', by))).toBe(false);
  });

  it('is gone on with by a run that finds its plan', () => {
    const begin = (progress: PlanProgress) =>
      advance.onBegun(
        at({ kind: 'new' }, { provisioning: null }),
        { kind: 'provisioned', host: host(), plan: { ...rebootPlan(3), progress }, nodeJoinDeadlineMs: 1000 },
        0,
      );
    expect(nextStep(begin({ kind: 'pending' }))).toEqual({ kind: 'awaitPlan' });
    const found = onRebootSettled(begin({ kind: 'applied' }), { kind: 'settled' });
    expect(conditionOf(see(found, { boot: 'active', rebooted: 3 }), 'Booted')).toBe('True/Booted');
    expect(nextStep(applyOperation(see(found, { boot: 'active', rebooted: 3 }), 'reboot', by))).toEqual({
      kind: 'reboot',
      attempt: 4,
    });
  });

  it('is counted on from what an earlier run left in the Secret', () => {
    const counted = onRebootTried(ordered, 1, { kind: 'written', plan: rebootPlan(4) });
    const proven = onRebootSettled(onPlanAnswered(counted, { kind: 'applied' }), { kind: 'settled' });
    expect(conditionOf(see(proven, { rebooted: 1 }), 'Booted')).toBe('False/WaitingForBoot');
    expect(conditionOf(see(proven, { rebooted: 4 }), 'Booted')).toBe('True/Booted');
    expect(nextStep(applyOperation(see(proven, { rebooted: 4 }), 'reboot', by))).toEqual({
      kind: 'reboot',
      attempt: 5,
    });
  });

  it('whose plan the host did not apply after all is waited for again', () => {
    const unproven = onRebootSettled(answered({ kind: 'applied' }), {
      kind: 'unproven',
      progress: { kind: 'pending' },
    });
    expect(nextStep(unproven)).toEqual({ kind: 'awaitPlan' });
    expect(nextStep(onRebootSettled(answered({ kind: 'applied' }), { kind: 'hostLost' }))).toMatchObject({
      kind: 'wait',
    });
  });
});
