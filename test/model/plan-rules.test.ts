import { describe, expect, it } from 'vitest';
import { baremetalMachines } from '../../api/resources.ts';
import { attemptId } from '../../domain/plan/attempt.ts';
import type { Machine } from './history.ts';
import { createPlanRules } from './plan-rules.ts';

interface Kind {
  providerID?: string;
  deleting?: boolean;
}

function machine(name: string, { providerID, deleting = false }: Kind = {}): Machine {
  return baremetalMachines.schema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { name, uid: name, ...(deleting && { deletionTimestamp: '2026-01-01T00:00:00Z' }) },
    spec: { machineInventoryPoolRef: { name: 'pool' }, ...(providerID !== undefined && { providerID }) },
  });
}

function plan(
  planType: 'reprovision' | 'reboot' | 'clean',
  uid: string,
  attempt = 1,
  planChecksum = `${planType}${attempt}`,
) {
  return { name: 'h1', planAttempt: attemptId({ uid, planType, attempt, claim: 'claim' }), planChecksum };
}

const onHost = { providerID: 'baremetal:///h1' };
const nobody = (): boolean => false;

describe('the rules of plans', () => {
  it('accept a life on a host, what its agent writes, and a Secret that was put back', () => {
    const judge = createPlanRules(nobody);
    const lives = [
      judge(plan('reprovision', 'm1'), [machine('m1')]),
      judge(plan('reprovision', 'm1'), [machine('m1', onHost)]),
      judge(plan('reboot', 'm1'), [machine('m1', onHost)]),
      judge(plan('clean', 'm1'), [machine('m1', { ...onHost, deleting: true })]),
      judge(plan('reprovision', 'm2', 1, 'next'), [machine('m2')]),
      judge(plan('clean', 'm2', 1, 'after its end'), []),
    ];
    expect(lives.flat()).toEqual([]);
  });

  it('refuse a clean plan for a machine that lives, unless it gives a host up that never became a node', () => {
    expect(createPlanRules(nobody)(plan('clean', 'm1'), [machine('m1')])).toHaveLength(1);
    expect(createPlanRules(() => true)(plan('clean', 'm1'), [machine('m1')])).toEqual([]);
    expect(createPlanRules(() => true)(plan('clean', 'm1'), [machine('m1', onHost)])).toHaveLength(1);
  });

  it('refuse a plan over a host on which a node runs', () => {
    const machines = [machine('m1', onHost), machine('m2')];
    expect(createPlanRules(nobody)(plan('reprovision', 'm2'), machines)).toEqual([
      'm2 wrote a reprovision plan to h1, on which the node of m1 runs',
    ]);
    expect(createPlanRules(nobody)(plan('clean', 'm3'), machines)).toHaveLength(1);
    expect(createPlanRules(nobody)(plan('reprovision', 'm1'), machines)).toHaveLength(1);
  });

  it('refuse a reboot of a host on which no node of the machine runs', () => {
    expect(createPlanRules(() => true)(plan('reboot', 'm1'), [machine('m1')])).toHaveLength(1);
    expect(createPlanRules(nobody)(plan('reboot', 'm2'), [machine('m1', onHost)])).toHaveLength(1);
  });

  it('refuse an attempt that comes again after another plan', () => {
    const judge = createPlanRules(nobody);
    judge(plan('reprovision', 'm1'), []);
    judge({ name: 'h1', planAttempt: undefined, planChecksum: 'of a new Secret' }, []);
    expect(judge(plan('reprovision', 'm1'), [])).toHaveLength(1);
    expect(judge({ ...plan('reprovision', 'm1'), name: 'h2' }, [])).toEqual([]);
  });
});
