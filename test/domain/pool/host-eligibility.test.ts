import { describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import {
  type HostContext,
  hostProblem,
  type HostProblemReason,
  isEligible,
} from '../../../domain/pool/host-eligibility.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import { freeHost } from '../../support/pool-fixtures.ts';

const context: HostContext = {
  poolName: 'workers',
  planSecretExists: true,
  claimedByOtherPool: false,
  namedByProviderId: false,
};
const owner = { cluster: 'c', machine: 'm', baremetalMachine: 'bmm', uid: 'u' };

describe('hostProblem', () => {
  it.each<Partial<HostView>>([
    {},
    { pool: 'workers' },
    { allocationState: 'Available' },
    { pool: 'workers', allocationState: 'Available' },
  ])('finds none with %o', (overrides) => {
    expect(hostProblem(freeHost('h', overrides), context)).toBeUndefined();
    expect(isEligible(freeHost('h', overrides), context)).toBe(true);
  });

  it.each<[HostProblemReason, Partial<HostView>, Partial<HostContext>]>([
    ['deleting', { deleting: true }, {}],
    ['takenBySelector', { takenBySelector: true }, {}],
    ['quarantined', { quarantined: true }, {}],
    ['owned', { owner }, {}],
    ['owned', { owner, allocationState: 'Available' }, {}],
    ['inUse', { allocationState: 'Allocated' }, {}],
    ['inUse', { allocationState: 'Preparing' }, {}],
    ['inUse', { allocationState: 'Reprovisioning' }, {}],
    ['inUse', { allocationState: 'Unavailable' }, {}],
    ['inAnotherPool', { pool: 'other' }, {}],
    ['inAnotherPool', {}, { claimedByOtherPool: true }],
    ['namedByMachine', {}, { namedByProviderId: true }],
    ['planSecretMissing', { planSecretName: undefined }, {}],
    ['planSecretMissing', {}, { planSecretExists: false }],
    ['storageUnprepared', { storageUnprepared: true }, {}],
    ['notReady', { ready: false }, {}],
  ])('is %s with %o, %o', (reason, overrides, circumstances) => {
    const problem = hostProblem(freeHost('h', overrides), { ...context, ...circumstances });
    expect(problem?.reason).toBe(reason);
    expect(problem?.message).not.toBe('');
    expect(isEligible(freeHost('h', overrides), { ...context, ...circumstances })).toBe(false);
  });

  it('names the user of the host', () => {
    expect(hostProblem(freeHost('h', { owner }), context)?.message).toContain('bmm');
  });
});

describe('viewHost', () => {
  const view = (notes: Record<string, string> = {}) =>
    viewHost({
      apiVersion: 'elemental.cattle.io/v1beta1',
      kind: 'MachineInventory',
      metadata: {
        name: 'h',
        namespace: 'n',
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: '',
        labels: {},
        annotations: notes,
        finalizers: [],
        ownerReferences: [{ apiVersion: 'e/v1', kind: 'MachineInventorySelector', name: 's', uid: 'x' }],
      },
      spec: { storage: { volumes: [{}] } },
      status: { conditions: [{ type: 'Ready', status: 'True' }], plan: { secretRef: { name: 'h-plan' } } },
    });

  it('takes an inventory as elemental-operator makes it', () => {
    expect(view()).toMatchObject({
      ready: true,
      planSecretName: 'h-plan',
      takenBySelector: true,
      storageUnprepared: true,
      allocationState: undefined,
      owner: undefined,
    });
  });

  it.each([
    ['', undefined],
    ['Available', 'Available'],
    ['Preparing', 'Preparing'],
    ['available', 'Unavailable'],
    ['Nonsense', 'Unavailable'],
  ])('reads the allocation state "%s" as %s', (text, state) => {
    expect(view({ [annotations.allocationState]: text }).allocationState).toBe(state);
  });
});
