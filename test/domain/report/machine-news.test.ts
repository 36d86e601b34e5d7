import { describe, expect, it } from 'vitest';
import type { BaremetalMachineStatus } from '../../../api/machine.ts';
import { tellForcedRelease, tellNews, tellRelease } from '../../../domain/report/machine-news.ts';

type Phase = NonNullable<BaremetalMachineStatus['phase']>;

function condition(type: string, status: 'True' | 'False', reason: string, message = '') {
  return { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

function statusOf(phase: Phase | undefined, reason: string, message = '', host?: string): BaremetalMachineStatus {
  return {
    ...(phase !== undefined && { phase }),
    ...(host !== undefined && { machineInventoryRef: { name: host } }),
    conditions: [condition('Ready', reason === 'Ready' ? 'True' : 'False', reason, message)],
  };
}

const told = (before: BaremetalMachineStatus | undefined, after: BaremetalMachineStatus): string[] =>
  tellNews(before, after).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);

describe('what is told of a machine', () => {
  it('each step of a life without trouble, once', () => {
    const life = [
      statusOf('Pending', 'WaitingForMachine', 'No Machine owns it'),
      statusOf('Pending', 'PlanPending', 'on its way', 'h1'),
      statusOf('Allocated', 'BootstrapWaiting', 'No bootstrap Secret yet', 'h1'),
      statusOf('Reprovisioning', 'PlanPending', 'Waiting for the host', 'h1'),
      statusOf('Running', 'Ready', '', 'h1'),
      statusOf('Preparing', 'PlanPending', 'Waiting for the host to clean itself', 'h1'),
    ];
    expect(life.flatMap((after, index) => told(life[index - 1], after))).toEqual([
      'Normal Reprovisioning: Waiting for the host',
      'Normal Running: Host h1 is provisioned',
      'Normal Preparing: Waiting for the host to clean itself',
    ]);
  });

  it.each(['PoolMissing', 'PoolExhausted', 'ImageCatalogMiss', 'PlanTimedOut', 'HostTaken', 'BootstrapInvalid'])(
    'a warning for %s',
    (reason) => {
      expect(told(statusOf('Pending', 'PlanPending'), statusOf('Pending', reason, 'look', 'h1'))).toEqual([
        `Warning ${reason}: Host h1: look`,
      ]);
    },
  );

  it('what is waited for, where there was something else', () => {
    const before = statusOf('Pending', 'PoolMissing', 'No pool p');
    expect(told(before, statusOf('Pending', 'WaitingForMachine', 'No Machine owns it'))).toEqual([
      'Normal Pending: No Machine owns it',
    ]);
    expect(told(before, statusOf('Allocated', 'BootstrapWaiting', 'No bootstrap Secret yet', 'h1'))).toEqual([
      'Normal BootstrapWaiting: No bootstrap Secret yet',
    ]);
  });

  it('a warning without a host where there is none', () => {
    expect(told(undefined, statusOf('Pending', 'PoolMissing', 'No pool p'))).toEqual([
      'Warning PoolMissing: No pool p',
    ]);
  });

  it('nothing where phase and reason stay', () => {
    const before = statusOf('Pending', 'PoolExhausted', '5 older machines wait');
    expect(told(before, statusOf('Pending', 'PoolExhausted', '4 older machines wait'))).toEqual([]);
    expect(told(before, {})).toEqual([]);
  });

  it('the pause of a machine that is Ready, and not its end', () => {
    const running = statusOf('Running', 'Ready', '', 'h1');
    const paused = {
      ...running,
      conditions: [
        { ...condition('Ready', 'True', 'Paused') },
        condition('Paused', 'True', 'Paused', 'An operator paused the machine'),
      ],
    };
    expect(told(running, paused)).toEqual(['Normal Paused: An operator paused the machine']);
    expect(told(paused, running)).toEqual([]);
  });

  it('a failure with the host, once', () => {
    const pending = statusOf('Reprovisioning', 'PlanPending', '', 'h1');
    const failed = (message: string) => told(pending, statusOf('Failed', 'PlanFailed', message, 'h1'));
    expect(failed('it failed')).toEqual(['Warning PlanFailed: Host h1: it failed']);
    expect(failed('The plan on host h1 failed')).toEqual(['Warning PlanFailed: The plan on host h1 failed']);
  });

  it('a pause, with and without a phase', () => {
    const paused = ['Normal Paused: Reconciliation is paused'];
    expect(told(undefined, statusOf(undefined, 'Paused', 'Reconciliation is paused'))).toEqual(paused);
    expect(told(statusOf('Pending', 'PlanPending'), statusOf('Pending', 'Paused', 'Reconciliation is paused'))).toEqual(
      paused,
    );
  });

  it('the Node that registers, or does not in time', () => {
    const running = (node: ReturnType<typeof condition>): BaremetalMachineStatus => {
      const status = statusOf('Running', 'Ready', '', 'h1');
      return { ...status, conditions: [...(status.conditions ?? []), node] };
    };
    const waiting = running(condition('NodeJoined', 'False', 'WaitingForNode', 'not yet'));
    const late = running(condition('NodeJoined', 'False', 'NodeJoinTimedOut', 'look at the host'));
    const joined = running(condition('NodeJoined', 'True', 'NodeJoined'));
    const taken = running(condition('NodeJoined', 'False', 'NodeNameTaken', 'by m2'));
    expect(told(waiting, taken)).toEqual(['Warning NodeNameTaken: by m2']);
    expect(told(waiting, waiting)).toEqual([]);
    expect(told(waiting, late)).toEqual(['Warning NodeJoinTimedOut: look at the host']);
    expect(told(late, joined)).toEqual(['Normal NodeJoined: The Node of the machine has registered']);
    expect(told(joined, joined)).toEqual([]);
  });

  it('how a host was let go', () => {
    expect(tellRelease('h1', false).message).toBe('Host h1 is clean and is Available again');
    expect(tellRelease('h1', true).message).toBe('Host h1 was given back untouched and is Available again');
    expect(tellForcedRelease('h1', 'ann: burnt')).toEqual({
      type: 'Warning',
      reason: 'ForceReleased',
      message: 'Host h1 was let go without a successful clean and is quarantined. ann: burnt',
    });
  });
});
