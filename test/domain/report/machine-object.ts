import type { BaremetalMachine } from '../../../api/machine.ts';
import type { MachineLife } from '../../../domain/life/machine-life.ts';
import { projectStatus } from '../../../domain/report/status/machine-status.ts';

/** The object of a machine `m1` whose run is at that life, a moment after its status was written. */
export function objectOf(life: MachineLife): BaremetalMachine {
  const status = projectStatus(life);
  const { stage, snapshot } = life;
  const bound = stage.kind === 'running' || (stage.kind === 'cleaning' && stage.applied !== null);
  return {
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: {
      namespace: 'demo',
      name: 'm1',
      uid: 'uid-1',
      resourceVersion: '1',
      creationTimestamp: '2026-07-05T00:00:00Z',
      ...(snapshot.deleting && { deletionTimestamp: '2026-07-05T03:00:00Z' }),
      labels: {},
      annotations: {},
      finalizers: [],
      ownerReferences: [
        { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name: 'capi-m1', uid: 'c', controller: true },
      ],
    },
    spec: { machineInventoryPoolRef: { name: 'workers' }, ...(bound && { providerID: 'baremetal:///h' }) },
    status: {
      ...(status.phase !== null && { phase: status.phase }),
      ...(status.inventory !== null && { machineInventoryRef: { name: status.inventory } }),
      initialization: { provisioned: status.provisioned },
      avoidedInventories: status.avoidedInventories ?? [],
      pausedByOperator: status.pausedByOperator ?? false,
      conditions: status.conditions.map((condition) => ({
        ...condition,
        lastTransitionTime: '2026-07-05T02:00:00Z',
      })),
    },
  };
}
