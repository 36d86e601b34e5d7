import { describe, expect, it } from 'vitest';
import { chooseHost } from '../../../domain/pool/candidates.ts';
import type { ObservedMemberFacts } from '../../../domain/pool/members.ts';
import { memberFacts } from '../../support/pool-fixtures.ts';

const members = [{ name: 'zeta' }, { name: 'alpha', hostname: 'node-1' }, { name: 'mu' }];
const options = { poolName: 'workers', olderWaiting: [], avoid: [], isReserved: () => false };
const older = (...avoided: string[][]) =>
  avoided.map((avoidedHosts) => ({ avoidedHosts, awaitedFailureDomain: undefined }));

const lookupIn = (facts: Record<string, ObservedMemberFacts>) => (name: string) => facts[name];
const allFree = lookupIn({ zeta: memberFacts('zeta'), alpha: memberFacts('alpha'), mu: memberFacts('mu') });

describe('chooseHost', () => {
  it('takes the first eligible host in declared order, whatever the alphabet says', () => {
    expect(chooseHost(members, allFree, options)).toMatchObject({
      kind: 'host',
      host: { name: 'zeta' },
      hostname: 'zeta',
    });
  });

  it('skips what cannot be claimed and gives the hostname of the member', () => {
    const lookup = lookupIn({ zeta: memberFacts('zeta', { ready: false }), alpha: memberFacts('alpha') });
    expect(chooseHost(members, lookup, options)).toMatchObject({ host: { name: 'alpha' }, hostname: 'node-1' });
  });

  it('takes a host on which a reprovision plan failed after all others, and then in declared order', () => {
    const failedReprovision = 'reprovision-1-uid';
    const zeta = memberFacts('zeta', { failedReprovision });
    const alpha = memberFacts('alpha', { failedReprovision });
    const others = lookupIn({ zeta, alpha, mu: memberFacts('mu') });
    expect(chooseHost(members, others, options)).toMatchObject({ host: { name: 'mu' } });
    expect(chooseHost(members, lookupIn({ zeta, alpha }), options)).toMatchObject({ host: { name: 'zeta' } });
    const kept = { ...options, olderWaiting: older([], []) };
    expect(chooseHost(members, others, kept)).toMatchObject({ host: { name: 'mu' } });
    expect(chooseHost(members, lookupIn({ zeta, alpha }), kept)).toMatchObject({ kind: 'exhausted', eligible: 2 });
  });

  it.each([
    [0, 'host'],
    [2, 'host'],
    [3, 'exhausted'],
  ])('serves %i older machines first', (count, kind) => {
    const olderWaiting = older(...Array.from({ length: count }, () => []));
    expect(chooseHost(members, allFree, { ...options, olderWaiting }).kind).toBe(kind);
  });

  it('does not take again what was given up for the machine, and says so', () => {
    expect(chooseHost(members, allFree, { ...options, avoid: ['zeta'] })).toMatchObject({ host: { name: 'alpha' } });
    const alone = chooseHost([{ name: 'zeta' }], allFree, { ...options, avoid: ['zeta'] });
    expect(alone).toMatchObject({
      kind: 'exhausted',
      message: 'No host of pool workers is free (1 host): 1 given up for this machine',
    });
  });

  it('is not held up by an older machine for which every free host was given up', () => {
    const lookup = lookupIn({ zeta: memberFacts('zeta') });
    expect(chooseHost(members, lookup, { ...options, olderWaiting: older(['zeta']) }).kind).toBe('host');
    expect(chooseHost(members, lookup, { ...options, olderWaiting: older(['zeta'], []) }).kind).toBe('exhausted');
    expect(chooseHost(members, lookup, { ...options, olderWaiting: older(['mu']) }).kind).toBe('exhausted');
  });

  it('counts why no host is free', () => {
    const lookup = lookupIn({
      zeta: memberFacts('zeta', { ready: false }),
      mu: memberFacts('mu', {}, { planSecretExists: false }),
    });
    expect(chooseHost(members, lookup, options)).toEqual({
      kind: 'exhausted',
      total: 3,
      eligible: 0,
      reasons: { missing: 1, notReady: 1, planSecretMissing: 1 },
      message:
        'No host of pool workers is free (3 hosts): 1 without a MachineInventory, 1 without a plan Secret, 1 not Ready',
    });
  });

  it('counts a host that cannot be read apart from one that is missing', () => {
    const lookup = (name: string) =>
      name === 'zeta' ? { unreadable: 'spec.storage.volumes: expected array' } : undefined;
    expect(chooseHost(members, lookup, options)).toMatchObject({
      kind: 'exhausted',
      reasons: { missing: 2, unreadable: 1 },
      message:
        'No host of pool workers is free (3 hosts): 2 without a MachineInventory, 1 with a MachineInventory that cannot be read',
    });
  });

  it('counts a host that is being given to another machine as used', () => {
    const isReserved = (name: string) => name === 'zeta';
    expect(chooseHost(members, allFree, { ...options, isReserved })).toMatchObject({ host: { name: 'alpha' } });
    expect(chooseHost([{ name: 'zeta' }], allFree, { ...options, isReserved })).toMatchObject({
      eligible: 0,
      reasons: { owned: 1 },
      message: 'No host of pool workers is free (1 host): 1 used by a machine',
    });
  });

  it('says that older machines come first', () => {
    const choice = chooseHost([{ name: 'zeta' }], allFree, { ...options, olderWaiting: older([]) });
    expect(choice).toMatchObject({
      eligible: 1,
      message: '1 of 1 host of pool workers free, kept for 1 older machine',
    });
  });

  it('finds an empty pool exhausted', () => {
    expect(chooseHost([], allFree, options)).toMatchObject({ kind: 'exhausted', total: 0, reasons: {} });
  });
});
