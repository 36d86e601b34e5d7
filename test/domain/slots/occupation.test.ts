import { describe, expect, it } from 'vitest';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import type { PlanSecretView } from '../../../domain/plan/secret.ts';
import { readHolders, renderHolder, slotAnnotation, type SlotHolder } from '../../../domain/slots/holders.ts';
import { coversAttempt, isAtReprovision, judgeOccupation } from '../../../domain/slots/occupation.ts';
import { freeHost } from '../../support/pool-fixtures.ts';

const uid = '11111111-2222-3333-4444-555555555555';
const claim = 'secret-uid';
const granted: SlotHolder = { uid, namespace: 'demo', machine: 'm', pool: 'workers', host: 'h', plan: null };
const taken: SlotHolder = { ...granted, plan: { attempt: 2, claim } };
const id = (planType: 'reprovision' | 'clean', attempt: number, of = uid) =>
  attemptId({ uid: of, planType, attempt, claim });

function ownerOf(machineUid: string): HostView['owner'] {
  return { cluster: 'c', machine: 'm', baremetalMachine: 'm', uid: machineUid };
}

function host(changes: Partial<HostView> = {}): HostView {
  return freeHost('h', { owner: ownerOf(uid), allocationState: 'Reprovisioning', ...changes });
}

function secret(planAttempt: string | undefined, answer: 'none' | 'applied' | 'failed' = 'none'): PlanSecretView {
  return {
    namespace: 'demo',
    name: 'h-plan',
    uid: claim,
    resourceVersion: '1',
    planChecksum: 'c'.repeat(64),
    isEmpty: planAttempt === undefined,
    planAttempt,
    planType: 'reprovision',
    foreignPlanType: undefined,
    isPlanSecret: true,
    controllerUid: undefined,
    immutable: false,
    appliedChecksum: answer === 'applied' ? 'c'.repeat(64) : '',
    failedChecksum: answer === 'failed' ? 'c'.repeat(64) : '',
    failureCount: answer === 'failed' ? 1 : 0,
    maxFailures: 1,
    planState: '',
    boot: undefined,
  };
}

describe('a slot that is taken', () => {
  const noted = (allocationState: HostView['allocationState']) => ({
    allocationState,
    plan: { attemptId: id('reprovision', 2), checksum: 'c' },
  });
  const cleaning = { plan: { attemptId: id('clean', 1), checksum: 'c' } };
  it.each([
    ['the host is at the plan', host(), secret(id('reprovision', 2)), 'busy'],
    ['it has applied it', host(), secret(id('reprovision', 2), 'applied'), 'over'],
    ['it has failed', host(), secret(id('reprovision', 2), 'failed'), 'over'],
    ['its run has taken in what the agent lost', host(noted('Allocated')), secret(id('reprovision', 2)), 'over'],
    ['the same of a failure', host(noted('Unavailable')), secret(id('reprovision', 2)), 'over'],
    ['the plan is noted as coming', host(noted('Reprovisioning')), secret(undefined), 'unwritten'],
    ['the plan is about to be written', host(), secret(undefined), 'unwritten'],
    ['the one before it failed', host(), secret(id('reprovision', 1), 'failed'), 'unwritten'],
    ['the host is at the one before it', host(), secret(id('reprovision', 1)), 'busy'],
    ['a clean plan has replaced it', host(cleaning), secret(id('clean', 1)), 'busy'],
    ['and is applied', host(cleaning), secret(id('clean', 1), 'applied'), 'over'],
    ['a clean plan of an earlier claim stands there', host(), secret(id('clean', 1), 'applied'), 'unwritten'],
    ['the plan of another machine stands there', host(), secret(id('reprovision', 2, 'other')), 'unwritten'],
    ['the host was let go', host({ owner: undefined }), secret(id('reprovision', 2)), 'over'],
    ['another machine has the host', host({ owner: ownerOf('o') }), secret(undefined), 'over'],
    ['the inventory is gone', undefined, undefined, 'over'],
    ['the plan Secret is gone', host(), undefined, 'over'],
    ['nobody says where the plan Secret is', host({ planSecretName: undefined }), undefined, 'busy'],
  ] as const)('%s', (_, on, plan, occupation) => {
    expect(judgeOccupation(taken, { host: on, secret: plan })).toBe(occupation);
  });

  it.each([
    [granted, secret(undefined), true],
    [taken, secret(undefined), true],
    [{ ...taken, plan: { attempt: 1, claim } }, secret(id('reprovision', 1)), true],
    [{ ...taken, plan: { attempt: 1, claim } }, secret(id('reprovision', 1), 'failed'), false],
    [{ ...taken, plan: { attempt: 1, claim } }, secret(undefined), false],
    [{ ...taken, plan: { attempt: 2, claim: 'other' } }, secret(undefined), false],
  ])('%j lets attempt 2 be written: %#', (holder, plan, may) => {
    expect(coversAttempt(holder, id('reprovision', 2), plan)).toBe(may);
  });

  it('is not needed to be counted', () => {
    expect(isAtReprovision({ host: host(), secret: secret(id('reprovision', 2)) })).toBe(true);
    expect(isAtReprovision({ host: host(), secret: secret(id('reprovision', 2), 'failed') })).toBe(false);
    expect(isAtReprovision({ host: host(), secret: secret(id('clean', 2)) })).toBe(false);
    expect(isAtReprovision({ host: host({ owner: undefined }), secret: secret(id('reprovision', 2)) })).toBe(false);
  });
});

describe('the holders', () => {
  it('are read as they were written; what cannot be read holds nothing', () => {
    const other = { ...granted, uid: 'u2' };
    const annotations = {
      [slotAnnotation(uid)]: renderHolder(taken),
      [slotAnnotation('u2')]: renderHolder(other),
      [slotAnnotation('u3')]: 'by hand',
      [slotAnnotation('')]: renderHolder(granted),
      'example.com/other': renderHolder(granted),
    };
    expect(annotations[slotAnnotation(uid)]).toBe(`demo/m workers h 2.${claim}`);
    expect([...readHolders(annotations).values()]).toEqual([taken, other]);
  });
});
