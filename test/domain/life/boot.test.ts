import { describe, expect, it } from 'vitest';
import * as advanceHost from '../../../domain/life/advance-host.ts';
import type { MachineLife } from '../../../domain/life/machine-life.ts';
import { nextStep } from '../../../domain/life/lifecycle.ts';
import { applyOperation, judgeOperation } from '../../../domain/life/operations.ts';
import { allRules } from '../../../domain/life/later-rules.ts';
import type { MachineSnapshot } from '../../../domain/inputs/machine-snapshot.ts';
import { projectStatus } from '../../../domain/report/status/machine-status.ts';
import { at, host, plan } from './life-fixtures.ts';

const applied = { checksum: 'c', bootstrapHash: null };
const stage = {
  kind: 'running',
  host: host(),
  applied,
  nodeJoinTimedOut: false,
  attempt: 2,
  awaitsBoot: true,
} as const;
const { awaitsBoot: _, ...quiet } = stage;
const provisioned = { provisioning: null } as const;
const joined = { machine: { name: 'm', nodeName: 'n' } };

function running(changes: Partial<MachineSnapshot> = {}, timedOut = false): MachineLife {
  return at({ ...stage, nodeJoinTimedOut: timedOut }, { ...provisioned, ...changes });
}
function conditionOf(life: MachineLife, type: string) {
  return projectStatus(life).conditions.find((condition) => condition.type === type);
}
const booted = (life: MachineLife): string => {
  const condition = conditionOf(life, 'Booted');
  return condition === undefined ? 'nothing' : `${condition.status}/${condition.reason}`;
};

describe('Booted', () => {
  it.each([
    ['a host that has told nothing yet', running(), 'False/WaitingForBoot'],
    ['one whose Node was faster', running(joined), 'False/WaitingForBoot'],
    ['one that has told nothing in time', running({}, true), 'False/BootTimedOut'],
    ['one whose Node was there and that has told nothing in time', running(joined, true), 'False/BootTimedOut'],
    ['one that booted the new image', running({ boot: 'active' }), 'True/Booted'],
    ['one that did so late', running({ boot: 'active' }, true), 'True/Booted'],
    ['one that fell back', running({ boot: 'fallback' }), 'False/BootedFallback'],
    ['one that was taken', at({ ...stage, takenBy: 'a reset' }, provisioned), 'nothing'],
    ['one with a plan of before', at(quiet, provisioned), 'nothing'],
    ['one that has not applied its plan', at({ kind: 'reprovisioning', host: host(), plan: plan() }), 'nothing'],
  ])('of %s', (_, life, expected) => {
    expect(booted(life)).toBe(expected);
  });

  it('does not keep a machine from being Ready', () => {
    for (const life of [running(), running({}, true), running({ boot: 'fallback' })]) {
      expect(conditionOf(life, 'Ready')?.status).toBe('True');
    }
  });

  it('is expected of a plan that makes its host tell', () => {
    const reprovisioning = (reportsBoot?: true) => ({
      kind: 'reprovisioning' as const,
      host: host(),
      plan: { ...plan({ kind: 'applied' }), attempt: 3, ...(reportsBoot && { reportsBoot }) },
    });
    expect(advanceHost.onCompleted(at(reprovisioning(true))).stage).toMatchObject({ attempt: 3, awaitsBoot: true });
    expect(advanceHost.onCompleted(at(reprovisioning())).stage).not.toHaveProperty('awaitsBoot');
  });

  it('tells a Node without its proof from a host that does not boot', () => {
    expect(conditionOf(running(joined, true), 'Booted')?.message).toMatch(/^The Node of host h has joined, .*agent/);
    expect(conditionOf(running({}, true), 'Booted')?.message).toMatch(/^Host h applied its plan .* console$/);
    expect(conditionOf(running(joined, true), 'NodeJoined')?.status).toBe('True');
  });

  it('has the deadline of the Node', () => {
    const waiting = { kind: 'wait', reason: 'node', deadlineMs: 1000 };
    expect(nextStep(running())).toEqual(waiting);
    expect(nextStep(running({ boot: 'active' }))).toEqual(waiting);
    expect(nextStep(running({ boot: 'fallback' }))).toEqual(waiting);
    const owed = { kind: 'wait', reason: 'boot', deadlineMs: 1000 };
    const atRest = { kind: 'wait', reason: 'deletion', deadlineMs: null };
    expect(nextStep(running(joined))).toEqual(owed);
    expect(nextStep(running(joined), { ...allRules, boundsBoot: false })).toEqual(atRest);
    expect(nextStep(running({ ...joined, boot: 'active' }))).toEqual(atRest);
    expect(nextStep(running(joined, true))).toEqual(atRest);
    expect(advanceHost.onNodeJoinDeadline(running(joined))).toEqual(running(joined, true));
    expect(advanceHost.onNodeJoinDeadline(running())).toEqual(running({}, true));
  });
});

it('a pause shows as the reason of Ready', () => {
  expect(conditionOf(running(), 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
  const paused = { ...running(), pausedByOperator: true };
  expect(conditionOf(paused, 'Ready')).toMatchObject({ status: 'True', reason: 'Paused', message: '' });
});

it.each([
  [running({}, true), 'the host has not rebooted'],
  [running({ boot: 'active' }, true), 'the host has rebooted and did not join'],
  [running({ boot: 'fallback' }, true), 'the host has booted its old image'],
])('the advice of NodeJoined tells the nights apart (%#)', (life, words) => {
  expect(conditionOf(life, 'NodeJoined')).toMatchObject({ reason: 'NodeJoinTimedOut' });
  expect(conditionOf(life, 'NodeJoined')?.message).toContain(words);
});

describe('retry', () => {
  const request = { actor: 'ada', reason: 'new disk' };

  it('gives a host that fell back its plan once more, and keeps the machine on it', () => {
    const again = applyOperation(running({ boot: 'fallback' }), 'retry', request);
    expect(again.lastOperation).toMatchObject({
      accepted: true,
      answer: 'Attempt 3 of the reprovision plan is written',
    });
    expect(nextStep(again)).toEqual({ kind: 'provision', attempt: 3 });
    expect(judgeOperation(again, 'reallocate').accepted).toBe(false);
    const written = { ...again, stage: { kind: 'reprovisioning', host: host(), plan: plan() } } as const;
    expect(judgeOperation(written, 'reallocate').accepted).toBe(false);
  });

  it.each([
    ['a host that booted', running({ boot: 'active' })],
    ['a host that has not told', running({}, true)],
    ['a machine whose Node is known', running({ ...joined, boot: 'fallback' })],
    ['a machine that is being deleted', running({ deleting: true, boot: 'fallback' })],
    ['a host that was taken', at({ ...stage, takenBy: 'a reset' }, { ...provisioned, boot: 'fallback' })],
  ])('refuses %s', (_, life) => {
    expect(judgeOperation(life, 'retry').accepted).toBe(false);
  });
});
