import { expect, it } from 'vitest';
import { tellSlots } from '../../../../domain/report/fleet/slot-use.ts';
import { viewPool } from '../../../../domain/inputs/pool-view.ts';
import { machineInventoryPools } from '../../../../api/resources.ts';

function pool(limit: number | undefined, slots?: { limit: number; used: number; waiting: number }) {
  const raw = {
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'MachineInventoryPool',
    metadata: { name: 'p' },
    spec: { clusterName: 'c', machineInventories: [], maxConcurrentReprovisions: limit },
    status: { slots },
  };
  return viewPool(machineInventoryPools.schema.parse(raw));
}

it.each([
  [pool(undefined), undefined],
  [pool(3), '0 of 3 slots to reprovision a host are used, 0 machines wait for one'],
  [pool(3, { limit: 3, used: 3, waiting: 1 }), '3 of 3 slots to reprovision a host are used, 1 machine waits for one'],
])('tells how a limit is used: %#', (view, told) => {
  expect(tellSlots(view)).toBe(told);
});
