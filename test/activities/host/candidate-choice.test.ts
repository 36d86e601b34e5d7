import { expect, it } from 'vitest';
import { chooseCandidate } from '../../../activities/host/candidate-choice.ts';
import { baremetalMachines, machineInventoryPools } from '../../../api/resources.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { type PoolView, viewPool } from '../../../domain/inputs/pool-view.ts';
import { claimIndexes } from '../../../domain/pool/indexes.ts';
import { createObjectStore } from '../../../runtime/kube/cache/object-store.ts';
import { machineView } from '../../k8s-bridge/bridge-fixtures.ts';
import { freeHost } from '../../support/pool-fixtures.ts';

const apiVersion = 'infrastructure.cluster.x-k8s.io/v1beta1';

const machine = baremetalMachines.schema.parse({
  apiVersion,
  kind: 'BaremetalMachine',
  metadata: {
    namespace: 'demo',
    name: 'm',
    uid: 'mine',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: { machineInventoryPoolRef: { name: 'p' } },
});

const pool = viewPool(
  machineInventoryPools.schema.parse({
    apiVersion,
    kind: 'MachineInventoryPool',
    metadata: { namespace: 'demo', name: 'p', uid: 'p', resourceVersion: '1' },
    spec: { clusterName: 'c', machineInventories: [{ name: 'h1' }, { name: 'h2' }] },
  }),
);

/** Which of two free hosts the machine gets, while others name them. */
function choose(others: Partial<MachineView>[]): string {
  const machines = createObjectStore<MachineView>(claimIndexes.machines);
  const hosts = createObjectStore<HostView>(claimIndexes.hosts);
  for (const name of ['h1', 'h2']) hosts.put(freeHost(name));
  for (const [index, other] of others.entries()) {
    machines.put(machineView({ name: `o${index}`, uid: `o${index}`, pool: 'other', ...other }));
  }
  const planSecrets = { get: () => ({ foreignPlanType: undefined }) };
  const pools = createObjectStore<PoolView>();
  pools.put(pool);
  const known = { ...hosts, problemOf: () => undefined };
  const circumstances = { reservations: new Map(), intended: undefined, failureDomain: undefined };
  const choice = chooseCandidate({ caches: { machines, hosts: known, pools, planSecrets } }, machine, pool, {
    ...circumstances,
    avoid: [],
    passedOver: new Map(),
  });
  return choice.kind === 'host' ? choice.host.name : choice.message;
}

it.each<[string, Partial<MachineView>[], string]>([
  ['nobody: the first', [], 'h1'],
  ['another machine the first, which a claim of another worker is at', [{ inventory: 'h1' }], 'h2'],
  [
    'others both: the first all the same, for one that names a host may never claim it',
    [{ inventory: 'h1' }, { inventory: 'h2' }],
    'h1',
  ],
  ['the machine itself the first', [{ uid: 'mine', inventory: 'h1' }], 'h1'],
])('of two free hosts, named by %s', (_, others, expected) => {
  expect(choose(others)).toBe(expected);
});
