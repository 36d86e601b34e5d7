import { describe, expect, it } from 'vitest';
import { attemptId } from '../../domain/plan/attempt.ts';
import { findBreaches, type LedgerEntry } from './ownership-ledger.ts';

let revision = 0n;

function owned(name: string, uid: string | undefined): LedgerEntry {
  const owner = uid === undefined ? undefined : { cluster: 'demo', machine: uid, baremetalMachine: uid, uid };
  return { revision: ++revision, kind: 'host', host: { name, owner } };
}

function planned(name: string, uid: string, planType: 'reprovision' | 'clean', checksum: string): LedgerEntry {
  const planAttempt = attemptId({ uid, planType, attempt: 1 });
  return { revision: ++revision, kind: 'plan', secret: { name, planAttempt, planChecksum: checksum } };
}

describe('findBreaches', () => {
  it('accepts two lives on one host', () => {
    const first = [owned('h1', 'm1'), planned('h1', 'm1', 'reprovision', 'x'), planned('h1', 'm1', 'clean', 'y')];
    const second = [owned('h1', undefined), owned('h1', 'm2'), planned('h1', 'm2', 'reprovision', 'z')];
    expect(findBreaches([...first, ...second])).toEqual([]);
  });

  it('accepts what an agent writes to the Secret after the host was released', () => {
    const plan = planned('h1', 'm1', 'clean', 'x');
    expect(findBreaches([owned('h1', 'm1'), plan, owned('h1', undefined), { ...plan, revision: ++revision }])).toEqual(
      [],
    );
  });

  it('finds an owner who follows another without a release', () => {
    expect(findBreaches([owned('h1', 'm1'), owned('h1', 'm2')])).toHaveLength(1);
  });

  it('finds a machine with two hosts', () => {
    expect(findBreaches([owned('h1', 'm1'), owned('h2', 'm1')])).toEqual(['m1 owns h2 and h1']);
  });

  it('finds a plan of somebody who does not own the host', () => {
    expect(findBreaches([owned('h1', 'm1'), planned('h1', 'm2', 'clean', 'x')])).toHaveLength(1);
    expect(findBreaches([owned('h1', undefined), planned('h1', 'm1', 'clean', 'x')])).toHaveLength(1);
  });
});
