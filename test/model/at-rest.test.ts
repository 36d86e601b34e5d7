import { describe, expect, it } from 'vitest';
import type { MachinePhase } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { judgeRest } from './at-rest.ts';
import type { Machine } from './history.ts';

function machine(name: string, phase: MachinePhase, host: string): Machine {
  return baremetalMachines.schema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { name, uid: name },
    spec: { machineInventoryPoolRef: { name: 'pool' } },
    status: { phase, machineInventoryRef: { name: host } },
  });
}

describe('judgeRest', () => {
  it('finds two machines that name one host', () => {
    expect(judgeRest([machine('m1', 'Running', 'h1'), machine('m2', 'Reprovisioning', 'h1')])).toEqual([
      'at rest m1 and m2 name the host h1',
    ]);
  });

  it('accepts machines on hosts of their own, and one that only thinks of a host', () => {
    expect(judgeRest([machine('m1', 'Running', 'h1'), machine('m2', 'Running', 'h2')])).toEqual([]);
    expect(judgeRest([machine('m1', 'Running', 'h1'), machine('m2', 'Pending', 'h1')])).toEqual([]);
  });
});
