import { describe, expect, it } from 'vitest';
import { hostLabels } from '../../support/host-labels.ts';
import { annotations } from '../../../api/constants.ts';
import {
  type HostContext,
  hostProblem,
  type HostProblemReason,
  isEligible,
} from '../../../domain/pool/host-eligibility.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import { acceptanceOf, freeHost } from '../../support/pool-fixtures.ts';

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
    ['validating', { allocationState: 'Unavailable', acceptance: acceptanceOf('Validating') }, {}],
    ['notAccepted', { allocationState: 'Unavailable', acceptance: acceptanceOf('NotAccepted') }, {}],
    ['inUse', { allocationState: 'Unavailable', acceptance: acceptanceOf('Accepted') }, { acceptance: 'h1' }],
    ['owned', { owner, allocationState: 'Unavailable', acceptance: acceptanceOf('Validating') }, {}],
    ['validating', {}, { acceptance: 'h1' }],
    ['validating', { acceptance: acceptanceOf('Accepted', { checks: 'h2' }) }, { acceptance: 'h1' }],
    ['validating', { acceptance: acceptanceOf('Accepted', { checks: undefined }) }, { acceptance: 'h1' }],
    ['validating', { acceptance: acceptanceOf('Validating') }, { acceptance: 'h1' }],
    [
      'validating',
      { failedReprovision: 'r2', acceptance: acceptanceOf('Accepted', { after: 'r1' }) },
      { acceptance: 'h1' },
    ],
    ['notReady', { ready: false }, { acceptance: 'h1' }],
    ['inAnotherPool', { pool: 'other' }, {}],
    ['inAnotherPool', {}, { claimedByOtherPool: true }],
    ['namedByMachine', {}, { namedByProviderId: true }],
    ['planSecretMissing', { planSecretName: undefined }, {}],
    ['planSecretMissing', {}, { planSecretExists: false }],
    ['foreignPlan', {}, { planSecret: { foreignPlanType: 'reset' } }],
    ['foreignPlan', {}, { planSecret: { foreignPlanType: 'storage-format', immutable: true } }],
    ['refusesWrites', {}, { planSecret: { foreignPlanType: undefined, immutable: true } }],
    ['refusesWrites', { annotationsFull: true }, {}],
    ['refusesWrites', {}, { refusal: 'the policy says no' }],
    ['storageBusy', { storageBusy: true }, {}],
    ['storageBusy', { storageBusy: true, storageUnprepared: true }, {}],
    ['storageUnprepared', { storageUnprepared: true }, {}],
    ['notReady', { ready: false }, {}],
  ])('is %s with %o, %o', (reason, overrides, circumstances) => {
    const problem = hostProblem(freeHost('h', overrides), { ...context, ...circumstances });
    expect(problem?.reason).toBe(reason);
    expect(problem?.message).not.toBe('');
    expect(isEligible(freeHost('h', overrides), { ...context, ...circumstances })).toBe(false);
  });

  it.each<Partial<HostView>>([
    { acceptance: acceptanceOf('Accepted') },
    { acceptance: acceptanceOf('Accepted', { after: 'r1' }), failedReprovision: 'r1' },
    { acceptance: acceptanceOf('Accepted', { after: 'r1' }) },
  ])('finds none where the checks of the pool were passed: %o', (overrides) => {
    expect(hostProblem(freeHost('h', overrides), { ...context, acceptance: 'h1' })).toBeUndefined();
  });

  it('finds none where the pool asks for no checks, whatever was passed', () => {
    expect(hostProblem(freeHost('h', { acceptance: acceptanceOf('Accepted') }), context)).toBeUndefined();
  });

  it('finds none in a plan Secret that takes our plans', () => {
    const planSecret = { foreignPlanType: undefined, immutable: false };
    expect(hostProblem(freeHost('h'), { ...context, planSecret })).toBeUndefined();
  });

  it('says what refuses a write', () => {
    expect(hostProblem(freeHost('h'), { ...context, refusal: 'policy p: no' })?.message).toContain('policy p: no');
  });

  it('names the user of the host', () => {
    expect(hostProblem(freeHost('h', { owner }), context)?.message).toContain('bmm');
  });
});

describe('viewHost', () => {
  const view = (notes: Record<string, string> = {}, storage: object = {}, volumes: unknown[] = [{}]) =>
    viewHost(
      {
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
        spec: { storage: { volumes } },
        status: { conditions: [{ type: 'Ready', status: 'True' }], plan: { secretRef: { name: 'h-plan' } }, storage },
      },
      hostLabels,
    );

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

  it.each<[boolean, boolean, object, unknown[]]>([
    [false, false, {}, []],
    [false, false, { phase: '' }, []],
    [false, false, { phase: 'Unmanaged' }, []],
    [false, false, { phase: 'Prepared' }, []],
    [false, false, { phase: 'Prepared' }, [{}]],
    [false, false, { phase: 'Prepared', operation: null, pendingSpecHash: '' }, [{}]],
    [true, false, { phase: 'Preparing' }, []],
    [true, true, { phase: 'Preparing' }, [{}]],
    [true, false, { phase: 'Failed' }, []],
    [true, false, { phase: 'a phase of later' }, []],
    [true, false, { operation: 'format' }, []],
    [true, false, { phase: 'Prepared', operation: { id: 'op-1' } }, [{}]],
    [true, false, { phase: 'Prepared', pendingSpecHash: 'ab12' }, [{}]],
    [false, true, { phase: 'Unmanaged' }, [{}]],
    [false, true, {}, [{}]],
  ])('takes storage as busy: %s, unprepared: %s with %o, volumes %o', (storageBusy, storageUnprepared, storage, of) => {
    expect(view({}, storage, of)).toMatchObject({ storageBusy, storageUnprepared });
  });

  it.each([
    [false, { 'a/b': 'x' }],
    [false, { n: 'x'.repeat(240 * 1024 - 1) }],
    [true, { n: 'x'.repeat(240 * 1024) }],
    [true, { n: 'ü'.repeat(120 * 1024) }],
    [true, { ['n'.repeat(120 * 1024)]: 'x'.repeat(120 * 1024 + 1) }],
  ])('finds annotations full: %s', (annotationsFull, notes: Record<string, string>) => {
    expect(view(notes).annotationsFull).toBe(annotationsFull);
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
