import { describe, expect, it } from 'vitest';
import { baremetalMachines, machineInventoryPools } from '../../api/resources.ts';
import { createClaimRules } from './claim-rules.ts';

function pool(...names: string[]) {
  return machineInventoryPools.schema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'MachineInventoryPool',
    metadata: { name: 'pool' },
    spec: { clusterName: 'demo', machineInventories: names.map((name) => ({ name })) },
  });
}

function machine(providerID?: string) {
  return baremetalMachines.schema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { name: 'm1', uid: 'm1' },
    spec: { machineInventoryPoolRef: { name: 'pool' }, ...(providerID !== undefined && { providerID }) },
  });
}

const owner = { cluster: 'demo', machine: 'm1', baremetalMachine: 'm1', uid: 'm1' };
const free = { name: 'h1', owner: undefined };
const owned = { name: 'h1', owner };

describe('the rules of claims', () => {
  it('refuse a host that the pool dropped a while ago, and not one that it names again', () => {
    const rules = createClaimRules();
    rules.seePool(pool('h1', 'h2'), false, 0);
    expect(rules.seeHost(owned, [machine()], 100)).toEqual([]);
    rules.seePool(pool('h2'), false, 1_000);
    // It keeps what it has.
    expect(rules.seeHost(owned, [machine()], 9_000)).toEqual([]);
    expect(rules.seeHost(free, [machine()], 9_100)).toEqual([]);
    expect(rules.seeHost(owned, [machine()], 9_200)).toEqual(['m1 got it 8200 ms after pool had dropped it']);
    rules.seePool(pool('h1', 'h2'), false, 10_000);
    rules.seeHost(free, [machine()], 10_100);
    expect(rules.seeHost(owned, [machine()], 20_000)).toEqual([]);
  });

  it('accept a claim that was under way, and a node that finds its host again', () => {
    const rules = createClaimRules();
    rules.seePool(pool('h1'), false, 0);
    rules.seePool(pool('h1'), true, 1_000);
    expect(rules.seeHost(owned, [machine()], 2_000)).toEqual([]);
    rules.seeHost(free, [], 2_500);
    expect(rules.seeHost(owned, [machine('baremetal:///h1')], 9_000)).toEqual([]);
  });
});
