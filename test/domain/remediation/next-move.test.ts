import { describe, expect, it } from 'vitest';
import { baremetalRemediationSchema } from '../../../api/remediation.ts';
import { type RemediationView, viewRemediation } from '../../../domain/inputs/remediation-view.ts';
import {
  afterRefusal,
  nextMove,
  orderReason,
  type RemediationFacts,
  type RemediationMove,
} from '../../../domain/remediation/next-move.ts';
import { changeStatus, isQuarantineDue } from '../../../domain/remediation/status.ts';
import { machineView, T0 } from '../../k8s-bridge/bridge-fixtures.ts';

const MINUTE = 60_000;

/** A request of this moment that may reboot twice, with 10 minutes for each. */
function request(changes: Partial<RemediationView> = {}): RemediationView {
  const parsed = baremetalRemediationSchema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalRemediation',
    metadata: {
      namespace: 'demo',
      name: 'capi-m1',
      uid: 'r1',
      resourceVersion: '1',
      creationTimestamp: new Date(T0).toISOString(),
      ownerReferences: [{ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name: 'capi-m1', uid: 'cm1' }],
    },
    spec: { strategy: { retryLimit: 2 } },
  });
  return { ...viewRemediation(parsed), ...changes };
}

const rebooted = { phase: 'Running', retryCount: 1, lastRemediatedMs: T0 } as const;
const first = { rebootOrder: orderReason(request(), 1), inventory: 'h1' } as const;

function move(
  view: RemediationView,
  machine: Parameters<typeof machineView>[0],
  facts: Partial<RemediationFacts> = {},
) {
  const nothing = { isHealthy: false, isDeleting: false, isPaused: false, nowMs: T0 + MINUTE };
  return nextMove(view, { machine: machineView(machine), ...nothing, ...facts });
}

function inShort(next: RemediationMove): string {
  switch (next.kind) {
    case 'report':
      return `${next.phase} ${next.reason}`;
    case 'order':
      return `order ${next.number}`;
    case 'giveUp':
      return `giveUp${next.isSuspect ? ' suspect' : ''}: ${next.message}`;
    case 'hold':
      return next.kind;
  }
}

const over = { nowMs: T0 + 11 * MINUTE };
const last = { ...rebooted, retryCount: 2 };
const second = { ...first, rebootOrder: orderReason(request(), 2) };

describe('the next move', () => {
  it.each<[string, RemediationView, Parameters<typeof machineView>[0], Partial<RemediationFacts>, string]>([
    ['a new request', request(), {}, {}, 'order 1'],
    ['a healthy Machine', request(rebooted), first, { isHealthy: true }, 'Succeeded Healthy'],
    ['a pause', request(), {}, { isPaused: true }, 'hold'],
    ['a pause that lasts', request(rebooted), first, { isPaused: true, ...over }, 'hold'],
    ['a Machine that goes', request(rebooted), first, { isDeleting: true, isPaused: true }, 'GivenUp MachineDeleting'],
    ['an unanswered plan', request(rebooted), { ...first, planReason: 'PlanPending' }, {}, 'Running Rebooting'],
    ['an applied plan', request(rebooted), first, {}, 'Running Rebooting'],
    ['a boot', request(rebooted), { ...first, reportsBooted: true }, {}, 'Waiting WaitingForNode'],
    ['a boot that is of before the order', request(last), { ...first, reportsBooted: true }, {}, 'Running Rebooting'],
    [
      'an operator who did something else since',
      request(rebooted),
      { reportsBooted: true },
      {},
      'Waiting WaitingForNode',
    ],
    ['a boot that did not help', request(rebooted), { ...first, reportsBooted: true }, over, 'order 2'],
    ['a failed plan', request(rebooted), { ...first, planReason: 'PlanFailed' }, {}, 'order 2'],
    [
      'the last boot that did not help',
      request(last),
      { ...second, reportsBooted: true },
      over,
      'giveUp suspect: Host h1 was rebooted 2 times, and its Node is not healthy within 600 s',
    ],
    [
      'the last plan failed',
      request(last),
      { ...second, planReason: 'PlanFailed' },
      {},
      'giveUp suspect: Host h1 could not carry out its reboot plan, which was ordered 2 times',
    ],
    [
      'a silent host, whatever tries are left',
      request(rebooted),
      { ...first, planReason: 'PlanTimedOut' },
      over,
      'giveUp suspect: Host h1 did not take its reboot plan within 600 s: it is dead or cut off',
    ],
  ])('of %s', (_, view, machine, facts, expected) => {
    expect(inShort(move(view, machine, facts))).toBe(expected);
  });

  it('is looked for again when the time is over', () => {
    expect(move(request(rebooted), first)).toMatchObject({ lookAgainMs: 9 * MINUTE });
  });

  it('does not count the time of a pause', () => {
    const unpaused = changeStatus(request(rebooted), { paused: true }, new Date(T0));
    const conditions = baremetalRemediationSchema.shape.status.parse(unpaused)?.conditions ?? [];
    const resumed = changeStatus(request({ conditions }), { paused: false }, new Date(T0 + 5 * MINUTE));
    const since = baremetalRemediationSchema.shape.status.parse(resumed)?.conditions ?? [];
    expect(inShort(move(request({ ...rebooted, conditions: since }), first, over))).toBe('Running Rebooting');
    const later = { nowMs: T0 + 16 * MINUTE };
    expect(inShort(move(request({ ...rebooted, conditions: since }), first, later))).toBe('order 2');
  });

  it('after a refusal is to ask again for as long as a reboot may take, and then to leave it to the owner', () => {
    const refused = (view: RemediationView, atMs: number) => inShort(afterRefusal(view, T0 + atMs, 'cp-2 is not well'));
    expect(refused(request(), 9 * MINUTE)).toBe('Waiting RebootRefused');
    expect(refused(request(), 11 * MINUTE)).toBe(
      'giveUp: The host could not be rebooted within 600 s: cp-2 is not well',
    );
    expect(refused(request(rebooted), 19 * MINUTE)).toBe('Waiting RebootRefused');
    expect(refused(request(rebooted), 21 * MINUTE)).toMatch(/^giveUp suspect: /);
  });
});

describe('the status', () => {
  it('is written for what is new only', () => {
    const told = { phase: 'Running', reason: 'Rebooting', message: 'm', paused: false } as const;
    const status = baremetalRemediationSchema.shape.status.parse(
      changeStatus(request(), { ...told, ordered: 1 }, new Date(T0)),
    );
    expect(status).toMatchObject({ phase: 'Running', retryCount: 1, lastRemediated: '2026-01-01T00:00:00Z' });
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready', 'Paused']);
    const again = request({ ...rebooted, conditions: status?.conditions ?? [] });
    expect(changeStatus(again, told, new Date(T0 + 1))).toBeUndefined();
  });

  it('remembers that a host is to be quarantined, until it is', () => {
    const after = (view: RemediationView, quarantine: 'due' | 'done') => {
      const status = baremetalRemediationSchema.shape.status.parse(changeStatus(view, { quarantine }, new Date(T0)));
      return request({ conditions: status?.conditions ?? [] });
    };
    expect(isQuarantineDue(request())).toBe(false);
    expect(isQuarantineDue(after(request(), 'due'))).toBe(true);
    expect(isQuarantineDue(after(after(request(), 'due'), 'done'))).toBe(false);
  });
});
