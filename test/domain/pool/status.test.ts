import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocationStates } from '../../../api/constants.ts';
import { hostProblem } from '../../../domain/pool/host-eligibility.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import {
  classifyMember,
  type MemberBucket,
  type MemberFault,
  type ObservedMemberFacts,
} from '../../../domain/pool/members.ts';
import { computePoolStatus } from '../../../domain/pool/status.ts';
import { acceptanceOf, memberFacts } from '../../support/pool-fixtures.ts';

const owner = { cluster: 'c', machine: 'm', baremetalMachine: 'bmm', uid: 'u' };
const kept = { allocationState: 'Unavailable' } as const;
const notReady = { ready: false };

describe('classifyMember', () => {
  it.each<[MemberBucket, MemberFault | undefined, Partial<HostView>, Partial<ObservedMemberFacts>]>([
    ['available', undefined, {}, {}],
    ['allocated', undefined, { owner, allocationState: 'Allocated' }, {}],
    ['allocated', undefined, { owner }, {}],
    ['allocated', undefined, { owner, allocationState: 'Allocated', ...notReady }, {}],
    ['reprovisioning', undefined, { owner, allocationState: 'Reprovisioning', ...notReady }, {}],
    ['preparing', undefined, { owner, allocationState: 'Preparing', ...notReady }, {}],
    ['unavailable', undefined, { owner, allocationState: 'Unavailable' }, {}],
    ['unavailable', 'MemberNotReady', { owner, allocationState: 'Unavailable', ...notReady }, {}],
    ['unavailable', 'MemberNotReady', { allocationState: 'Unavailable', quarantined: true }, {}],
    ['unavailable', 'MemberNotReady', { quarantined: true }, {}],
    ['unavailable', 'MemberNotReady', notReady, {}],
    ['unavailable', 'MemberNotReady', { allocationState: 'Available', ...notReady }, {}],
    ['preparing', undefined, { allocationState: 'Available', ...notReady }, { settling: true }],
    ['available', undefined, { allocationState: 'Available' }, { settling: true }],
    ['unavailable', 'MemberNotReady', { takenBySelector: true }, {}],
    ['unavailable', 'MemberNotReady', { storageUnprepared: true }, {}],
    ['unavailable', 'MemberNotReady', { storageBusy: true }, {}],
    ['unavailable', 'MemberNotReady', {}, { planSecret: { foreignPlanType: 'bootstrap' } }],
    ['unavailable', 'MemberRefused', {}, { planSecret: { foreignPlanType: undefined, immutable: true } }],
    ['unavailable', 'MemberRefused', { annotationsFull: true }, {}],
    ['unavailable', 'MemberRefused', {}, { refusal: 'no' }],
    ['unavailable', 'MemberSuspect', { quarantined: true, suspect: 'it hangs' }, {}],
    ['allocated', 'MemberSuspect', { owner, allocationState: 'Allocated', suspect: 'it hangs' }, {}],
    ['unavailable', 'MemberRefused', { owner, allocationState: 'Unavailable', annotationsFull: true }, {}],
    ['reprovisioning', undefined, { owner, allocationState: 'Reprovisioning', annotationsFull: true }, {}],
    ['unavailable', 'MemberMissing', { deleting: true }, {}],
    ['unavailable', 'PlanSecretMissing', {}, { planSecretExists: false }],
    ['unavailable', 'PlanSecretMissing', { planSecretName: undefined }, { planSecretExists: false }],
    ['allocated', 'PlanSecretMissing', { owner, allocationState: 'Allocated' }, { planSecretExists: false }],
    ['unavailable', 'MemberInAnotherPool', { pool: 'other' }, {}],
    ['unavailable', 'MemberInAnotherPool', { pool: 'other', owner, allocationState: 'Allocated' }, {}],
    ['unavailable', 'MemberInAnotherPool', {}, { claimedByOtherPool: true }],
    ['available', undefined, { pool: 'workers' }, { claimedByOtherPool: true }],
    ['allocated', undefined, notReady, { namedByProviderId: true }],
    ['unavailable', undefined, {}, { acceptance: 'h1' }],
    ['available', undefined, { acceptance: acceptanceOf('Accepted') }, { acceptance: 'h1' }],
    ['unavailable', undefined, { ...kept, ...notReady, acceptance: acceptanceOf('Validating') }, { acceptance: 'h1' }],
    ['unavailable', 'MemberNotAccepted', { ...kept, ...notReady, acceptance: acceptanceOf('NotAccepted') }, {}],
    ['unavailable', 'MemberNotReady', { ...kept, ...notReady, acceptance: acceptanceOf('Accepted') }, {}],
    ['unavailable', 'MemberNotReady', { ...kept, quarantined: true, acceptance: acceptanceOf('NotAccepted') }, {}],
  ])('is %s (%s) with %o, %o', (bucket, fault, host, circumstances) => {
    const facts = memberFacts('h', host, circumstances);
    expect(classifyMember(facts, 'workers')).toMatchObject({ bucket, fault });
  });
});

it('names the checks that a host did not pass, and not what it says', () => {
  const results = {
    checks: [
      { name: 'links', passed: false, measured: 'eth0', message: 's3cret' },
      { name: 'cpu', passed: true, measured: '', message: '' },
      { name: 'disk', passed: false, measured: '', message: '' },
    ],
  };
  const facts = memberFacts('h', { ...kept, acceptance: acceptanceOf('NotAccepted', { results }) });
  expect(classifyMember(facts, 'workers').detail).toBe('links, disk');
});

const anyHost = fc.record({
  deleting: fc.boolean(),
  ready: fc.boolean(),
  planSecretName: fc.constantFrom('s', undefined),
  takenBySelector: fc.boolean(),
  storageUnprepared: fc.boolean(),
  storageBusy: fc.boolean(),
  annotationsFull: fc.boolean(),
  quarantined: fc.boolean(),
  allocationState: fc.constantFrom(...allocationStates, undefined),
  pool: fc.constantFrom('workers', 'other', undefined),
  owner: fc.constantFrom(owner, undefined),
});
const anyFacts = fc.record({
  planSecretExists: fc.boolean(),
  planSecret: fc.constantFrom(
    undefined,
    { foreignPlanType: undefined },
    { foreignPlanType: 'reset' },
    { foreignPlanType: undefined, immutable: true },
  ),
  refusal: fc.constantFrom('no', undefined),
  claimedByOtherPool: fc.boolean(),
  namedByProviderId: fc.boolean(),
  settling: fc.boolean(),
});
const anyMember = fc.option(fc.tuple(anyHost, anyFacts), { nil: undefined });

describe('computePoolStatus', () => {
  it('adds up, and calls exactly the eligible hosts available', () => {
    fc.assert(
      fc.property(fc.array(anyMember, { maxLength: 20 }), (drawn) => {
        const members = drawn.map((_, index) => ({ name: `h${index}` }));
        const facts = new Map(
          drawn.map((member, index) => [`h${index}`, member && memberFacts(`h${index}`, member[0], member[1])]),
        );
        const { counters, eligible } = computePoolStatus({ name: 'workers', generation: 1, members }, (name) =>
          facts.get(name),
        );
        const { total, ...buckets } = counters;
        expect(total).toBe(members.length);
        expect(Object.values(buckets).reduce((sum, value) => sum + value, 0)).toBe(total);
        expect(eligible).toHaveLength(counters.available);
        const claimable = members.filter(({ name }) => {
          const known = facts.get(name);
          return known !== undefined && hostProblem(known.host, { ...known, poolName: 'workers' }) === undefined;
        });
        expect(eligible.map(({ name }) => name)).toEqual(claimable.map(({ name }) => name));
      }),
    );
  });

  it('is Ready when every member can be used', () => {
    const status = computePoolStatus({ name: 'workers', generation: 4, members: [{ name: 'a' }] }, (name) =>
      memberFacts(name),
    );
    expect(status.conditions).toEqual([
      { type: 'Ready', status: 'True', reason: 'Ready', message: '', observedGeneration: 4 },
      { type: 'MembersValid', status: 'True', reason: 'MembersValid', message: '', observedGeneration: 4 },
    ]);
  });

  it('names the offenders, worst first', () => {
    const facts = new Map([
      ['b', memberFacts('b', notReady)],
      ['c', memberFacts('c', { pool: 'other' })],
    ]);
    const members = [{ name: 'b' }, { name: 'c' }, { name: 'a' }];
    const { conditions } = computePoolStatus({ name: 'workers', generation: 1, members }, (name) => facts.get(name));
    expect(conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'MemberMissing' },
      { type: 'MembersValid', status: 'False', reason: 'MemberMissing' },
    ]);
    expect(conditions[1]?.message).toMatch(
      /^Without a MachineInventory: a .*another pool: c \(other\) .*Not Ready: b /,
    );
  });

  it('tells a member that cannot be read from a missing one, and where to mend it', () => {
    const { conditions, counters } = computePoolStatus(
      { name: 'workers', generation: 1, members: [{ name: 'a' }, { name: 'b' }] },
      (name) => (name === 'a' ? { unreadable: `spec.storage.volumes: ${'x'.repeat(2000)}` } : memberFacts(name)),
    );
    expect(counters).toMatchObject({ total: 2, available: 1, unavailable: 1 });
    expect(conditions[1]).toMatchObject({ type: 'MembersValid', status: 'False', reason: 'MemberUnreadable' });
    expect(conditions[1]?.message).toMatch(/^Unreadable: a \(spec\.storage\.volumes: x+\) \(mend /);
    expect(conditions[1]?.message).not.toContain('register');
    expect(conditions[1]?.message.length).toBeLessThan(500);
  });

  it('says what refuses a write', () => {
    const facts = memberFacts('b', {}, { planSecret: { foreignPlanType: undefined, immutable: true } });
    const { conditions, counters } = computePoolStatus(
      { name: 'workers', generation: 1, members: [{ name: 'b' }] },
      () => facts,
    );
    expect(counters).toMatchObject({ available: 0, unavailable: 1 });
    expect(conditions[1]).toMatchObject({ type: 'MembersValid', status: 'False', reason: 'MemberRefused' });
    expect(conditions[1]?.message).toMatch(/^Cannot be written to: b \(has an immutable plan Secret\) \(mend /);
  });

  it('keeps the message short in a large pool', () => {
    const members = Array.from({ length: 10_000 }, (_, index) => ({ name: `host-${index}` }));
    const { conditions } = computePoolStatus({ name: 'workers', generation: 1, members }, () => undefined);
    expect(conditions[1]?.message).toContain('host-9 and 9990 more');
  });
});
