import { describe, expect, it } from 'vitest';
import { type MachinePhase, machinePhases } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import type { Machine } from './history.ts';
import { judgeMachine } from './machine-rules.ts';

const time = '2026-01-01T00:00:00Z';

function condition(type: string, status: 'True' | 'False', reason = type, message = '') {
  return { type, status, reason, message, lastTransitionTime: time };
}

const taken = condition('PlanApplied', 'False', 'HostTaken', 'x');
const notPaused = condition('Paused', 'False', 'NotPaused');
const allTrue = ['InventoryAllocated', 'BootstrapReady', 'ImageResolved', 'PlanApplied', 'NodeJoined'].map((type) =>
  condition(type, 'True'),
);

function machine(phase: MachinePhase, conditions: readonly object[], status: object = {}, spec: object = {}): Machine {
  return baremetalMachines.schema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { name: 'm1', uid: 'uid-1' },
    spec: { machineInventoryPoolRef: { name: 'pool' }, ...spec },
    status: { phase, conditions: [...conditions, notPaused], ...status },
  });
}

function running(changes: { conditions?: object[]; status?: object; spec?: object } = {}): Machine {
  const status = {
    ready: true,
    initialization: { provisioned: true },
    machineInventoryRef: { name: 'h1' },
    addresses: [{ type: 'Hostname', address: 'h1' }],
    ...changes.status,
  };
  const conditions = changes.conditions ?? [condition('Ready', 'True'), ...allTrue];
  return machine('Running', conditions, status, { providerID: 'baremetal:///h1', ...changes.spec });
}

function exhausted(): Machine {
  const message = 'No host is free';
  return machine('Pending', [
    condition('Ready', 'False', 'PoolExhausted', message),
    condition('InventoryAllocated', 'False', 'PoolExhausted', message),
  ]);
}

describe('judgeMachine', () => {
  it('accepts machines as they should be', () => {
    expect(judgeMachine(running(), exhausted())).toEqual([]);
    expect(judgeMachine(exhausted(), undefined)).toEqual([]);
  });

  it('accepts a stopped clean plan of a machine that goes, and no stopped plan of one that is wanted', () => {
    const message = 'The API server refuses';
    const refused = [
      condition('Ready', 'False', 'WriteRefused', message),
      ...allTrue.filter(({ type }) => type !== 'PlanApplied' && type !== 'NodeJoined'),
      condition('PlanApplied', 'False', 'WriteRefused', message),
    ];
    const wanted = machine('Reprovisioning', refused, { machineInventoryRef: { name: 'h1' } });
    const going = { ...wanted, metadata: { ...wanted.metadata, deletionTimestamp: time } };
    expect(judgeMachine(going, undefined)).toEqual([]);
    expect(judgeMachine(wanted, undefined)).toEqual([
      'Reprovisioning, and PlanApplied does not say that the host is waited for',
    ]);
  });

  it('refuses a Running machine that lacks something', () => {
    expect(judgeMachine(running({ spec: { providerID: 'baremetal:///h2' } }), undefined)).toHaveLength(1);
    expect(judgeMachine(running({ status: { ready: false } }), undefined)).toHaveLength(1);
    expect(judgeMachine(running({ status: { addresses: [] } }), undefined)).toHaveLength(1);
    const unplanned = [condition('Ready', 'True'), ...allTrue.filter(({ type }) => type !== 'PlanApplied')];
    expect(judgeMachine(running({ conditions: unplanned }), undefined)).toHaveLength(1);
  });

  it('accepts a Running machine whose host is to reboot, and none whose other plan is pending', () => {
    const pending = (plan: string) => {
      const others = allTrue.filter(({ type }) => type !== 'PlanApplied');
      const said = `Waiting for the host to apply the ${plan} plan, attempt 1, on host h1`;
      const told = ['Ready', 'PlanApplied'].map((type) => condition(type, 'False', 'PlanPending', said));
      return running({ conditions: [...told, ...others] });
    };
    expect(judgeMachine(pending('reboot'), undefined)).toEqual([]);
    expect(judgeMachine(pending('clean'), undefined)).not.toEqual([]);
  });

  it('refuses a Ready that says something else than the conditions', () => {
    const talking = [condition('Ready', 'True', 'Ready', 'all is well'), ...allTrue];
    expect(judgeMachine(running({ conditions: talking }), undefined)).toEqual(['Ready is True and says: all is well']);
    const other = machine('Pending', [
      condition('Ready', 'False', 'PlanPending'),
      condition('InventoryAllocated', 'False', 'PoolMissing', 'There is no pool'),
    ]);
    expect(judgeMachine(other, undefined)).toHaveLength(1);
  });

  it('refuses every phase for a machine of another one', () => {
    const conditions = running().status?.conditions ?? [];
    for (const phase of machinePhases.filter((one) => one !== 'Running')) {
      expect(judgeMachine(machine(phase, conditions, running().status), undefined), phase).not.toEqual([]);
    }
  });

  it('refuses a reason that belongs to another condition', () => {
    const wrong = machine('Failed', [
      condition('Ready', 'False', 'PlanFailed', 'x'),
      condition('PlanApplied', 'False', 'PlanFailed', 'x'),
      condition('ImageResolved', 'False', 'PoolMissing', 'x'),
    ]);
    expect(judgeMachine(wrong, undefined)).not.toEqual([]);
  });

  it('refuses a run without rest, whatever happens to its host', () => {
    const restless = machine('Pending', [
      condition('Ready', 'False', 'Restless', 'x'),
      condition('InventoryAllocated', 'False', 'Restless', 'x'),
    ]);
    expect(judgeMachine(restless, undefined, true)).toEqual(['InventoryAllocated is False for the reason Restless']);
  });

  it('accepts a step that was stopped, and a Running machine whose host somebody meddles with', () => {
    const refused = machine(
      'Allocated',
      [
        condition('Ready', 'False', 'WriteRefused', 'x'),
        condition('InventoryAllocated', 'True'),
        condition('PlanApplied', 'False', 'WriteRefused', 'x'),
      ],
      { machineInventoryRef: { name: 'h1' } },
    );
    expect(judgeMachine(refused, undefined)).toEqual([]);
    const lost = running({ conditions: [condition('Ready', 'False', 'HostTaken', 'x'), taken] });
    expect(judgeMachine(lost, undefined)).not.toEqual([]);
    expect(judgeMachine(lost, undefined, true)).toEqual([]);
  });

  it('refuses what goes back', () => {
    expect(judgeMachine(exhausted(), running())).toEqual([
      'the providerID went from baremetal:///h1 to undefined',
      'ready went back',
      'provisioned went back',
    ]);
  });
});
