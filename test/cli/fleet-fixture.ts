import { annotations } from '../../api/constants.ts';
import type { FakeApiServer } from '../runtime/kube/fake-api-server.ts';

const capi = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', uid: 'c', controller: true };
const meta = (name: string, changes: object = {}) => ({
  namespace: 'metal',
  name,
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-07-05T01:00:00Z',
  ...changes,
});
const condition = (type: string, status: 'True' | 'False', reason: string, message = '') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-07-05T03:30:00Z',
});
const machine = (name: string, status: object, spec: object = {}) => ({
  apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
  kind: 'BaremetalMachine',
  metadata: meta(name, {
    labels: { 'cluster.x-k8s.io/cluster-name': 'c1' },
    ownerReferences: [{ ...capi, name: `capi-${name}` }],
  }),
  spec: { machineInventoryPoolRef: { name: 'workers' }, ...spec },
  status,
});
export const host = (name: string, notes: object = {}, labels: object = {}) => ({
  apiVersion: 'elemental.cattle.io/v1beta1',
  kind: 'MachineInventory',
  metadata: meta(name, { annotations: notes, labels }),
  status: {
    conditions: [condition('Ready', 'True', 'Ready')],
    plan: { secretRef: { namespace: 'metal', name: `${name}-plan` } },
  },
});
const owned = (by: string) => ({
  [annotations.ownerUid]: `uid-${by}`,
  [annotations.ownerBaremetalMachine]: by,
  [annotations.ownerMachine]: `capi-${by}`,
  [annotations.ownerCluster]: 'c1',
  [annotations.allocationState]: 'Unavailable',
  [annotations.pool]: 'workers',
});

/** A pool of five hosts, each with another trouble, one machine that runs, one that failed and one that waits. */
export const standing = {
  baremetalmachines: [
    machine(
      'm-runs',
      {
        phase: 'Running',
        initialization: { provisioned: true },
        machineInventoryRef: { name: 'rack1' },
        conditions: [condition('Ready', 'True', 'Ready'), condition('PlanApplied', 'True', 'PlanApplied')],
      },
      { providerID: 'baremetal:///rack1' },
    ),
    machine('m-failed', {
      phase: 'Failed',
      machineInventoryRef: { name: 'rack2' },
      planSecretRef: { name: 'rack2-plan' },
      conditions: [
        condition('Ready', 'False', 'PlanFailed', 'The reprovision plan, attempt 1, on host rack2, failed'),
        condition('PlanApplied', 'False', 'PlanFailed', 'The reprovision plan, attempt 1, on host rack2, failed'),
      ],
    }),
    machine('m-waits', {
      phase: 'Pending',
      conditions: [
        condition('Ready', 'False', 'PoolExhausted', 'No host of pool workers is free (5 hosts)'),
        condition('InventoryAllocated', 'False', 'PoolExhausted', 'No host of pool workers is free (5 hosts)'),
      ],
    }),
  ],
  machineinventorypools: [
    {
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
      kind: 'MachineInventoryPool',
      metadata: meta('workers'),
      spec: {
        clusterName: 'c1',
        machineInventories: ['rack1', 'rack2', 'rack3', 'rack4', 'rack5'].map((name) => ({ name })),
      },
      status: { total: 5, available: 0, allocated: 2, unavailable: 3, conditions: [] },
    },
  ],
  machineinventories: [
    host('rack1', { ...owned('m-runs'), [annotations.allocationState]: 'Allocated' }),
    host('rack2', owned('m-failed')),
    host('rack3', { [annotations.quarantine]: 'ada: new disk', [annotations.allocationState]: 'Unavailable' }),
    host('rack4', owned('m-gone')),
  ],
  secrets: ['rack1', 'rack2', 'rack3', 'rack4'].map((name) => ({ metadata: meta(`${name}-plan`) })),
  machines: [
    {
      metadata: meta('capi-m-runs'),
      spec: { clusterName: 'c1' },
      status: { nodeRef: { name: 'node-1' } },
    },
  ],
};

/** What the API server has; `refused` are the kinds that it does not let anybody list. */
export function serveFleet(
  server: FakeApiServer,
  objects: Record<string, object[]>,
  refused: readonly string[] = [],
): void {
  server.otherwise = (request, response, body) => {
    const path = new URL(request.url ?? '', 'http://localhost').pathname.split('/');
    const kind = Object.keys(objects).find((known) => path.includes(known)) ?? '';
    const send = (code: number, answer: object): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    };
    if (path.includes('selfsubjectreviews')) return send(201, { status: { userInfo: { username: 'grace' } } });
    if (refused.includes(kind)) return send(403, { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no' });
    const items = objects[kind] ?? [];
    if (path.at(-1) === kind) return send(200, { metadata: { resourceVersion: '1' }, items });
    const found = items.find(
      (item) => 'metadata' in item && JSON.stringify(item.metadata).includes(`"name":"${path.at(-1)}"`),
    );
    if (found !== undefined)
      return send(200, request.method === 'PATCH' ? { ...found, ...(body === '' && {}) } : found);
    send(404, { kind: 'Status', code: 404, reason: 'NotFound', message: 'none', details: { name: path.at(-1) } });
  };
}
