import { describe, expect, it } from 'vitest';
import { findHostTrouble, type PlanSight } from '../../../domain/inputs/host-trouble.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import type { HostTrouble } from '../../../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { hostView, machineView } from '../../k8s-bridge/bridge-fixtures.ts';

const ours: PlanSight = { foreignPlanType: undefined, planAttempt: 'reprovision-1-uid-1', isEmpty: false };
const bare: PlanSight = { foreignPlanType: undefined, planAttempt: undefined, isEmpty: false };
const empty: PlanSight = { foreignPlanType: undefined, planAttempt: undefined, isEmpty: true };
const reset: PlanSight = { ...ours, foreignPlanType: 'reset' };

const bound: Partial<MachineView> = { inventory: 'h1', planSecret: 'h1-plan' };
const running: Partial<MachineView> = { ...bound, providerID: 'baremetal:///h1', provisioned: true };
const noted: Partial<HostView> = { plan: { attemptId: 'reprovision-1-uid-1', checksum: 'c' } };
const other = { cluster: 'c1', machine: 'capi-m2', baremetalMachine: 'm2', uid: 'uid-2' };

describe('findHostTrouble', () => {
  it.each<[string, HostTrouble | undefined, Partial<MachineView>, Partial<HostView>, PlanSight | undefined]>([
    ['a running machine at rest', undefined, running, noted, ours],
    [
      'a machine that chose a host and does not own it yet',
      undefined,
      { inventory: 'h1' },
      { owner: undefined },
      empty,
    ],
    ['a host that another machine got first', undefined, { inventory: 'h1' }, { owner: other }, empty],
    ['a blank host', 'lost', bound, { owner: undefined, allocationState: undefined }, empty],
    ['a blank host after a move', 'lost', { providerID: 'baremetal:///h1' }, { owner: undefined }, empty],
    ['a host of another machine', 'lost', bound, { owner: other }, ours],
    [
      'a host of an older object of the same name',
      'lost',
      running,
      { owner: { ...other, baremetalMachine: 'm1' } },
      ours,
    ],
    ['a host that is being deleted', 'taken', running, { deleting: true }, ours],
    ['a host with a selector', 'taken', running, { takenBySelector: true }, ours],
    ['a reset plan', 'taken', running, noted, reset],
    ['a reset plan before the first plan of ours', 'taken', bound, {}, reset],
    ['a bare plan on a running host', 'taken', running, noted, bare],
    ['a plan Secret emptied on a running host', undefined, running, noted, empty],
    ['a bare plan that may be from before the claim', undefined, bound, noted, bare],
    ['a bare plan that whoever waits for the clean plan sees', undefined, { ...running, deleting: true }, noted, bare],
    ['a plan Secret that is gone', undefined, running, noted, undefined],
    ['a host released in the deletion', undefined, { ...running, deleting: true }, { owner: undefined }, ours],
    [
      'a host lost in the deletion',
      'lost',
      { ...running, deleting: true },
      { owner: undefined, allocationState: undefined },
      empty,
    ],
  ])('of %s is %s', (_what, trouble, machine, host, plan) => {
    const sight = { kind: 'found', host: hostView(host), plan } as const;
    expect(findHostTrouble(machineView(machine), sight)).toBe(trouble);
  });

  it('says of a host that cannot be read nothing else', () => {
    expect(findHostTrouble(machineView(running), { kind: 'unreadable' })).toBe('unreadable');
    expect(findHostTrouble(machineView(running), { kind: 'missing' })).toBeUndefined();
  });
});
