import { annotations } from '../../api/constants.ts';

const times = ['2026-07-05T01:00:00Z', '2026-07-05T01:00:04Z', '2026-07-05T01:02:00Z', '2026-07-05T01:09:30Z'] as const;
const [born, claimed, planned, applied] = times;

const meta = (name: string, changes: object = {}, namespace = 'metal') => ({
  namespace,
  name,
  uid: `uid-${name}`,
  creationTimestamp: born,
  ...changes,
});
const condition = (type: string, status: 'True' | 'False', reason: string, since: string, message = '') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: since,
});

/** An inventory; `zone`: its failure domain. */
export const inventory = (
  name: string,
  notes: object = {},
  more: { zone?: string; meta?: object; ready?: boolean } = {},
) => ({
  apiVersion: 'elemental.cattle.io/v1beta1',
  kind: 'MachineInventory',
  metadata: meta(name, {
    annotations: notes,
    labels: more.zone === undefined ? {} : { 'topology.kubernetes.io/zone': more.zone },
    ...more.meta,
  }),
  status: {
    conditions: [condition('Ready', more.ready === false ? 'False' : 'True', 'Ready', born)],
    plan: { secretRef: { namespace: 'metal', name: `${name}-plan` } },
  },
});

const usedBy = (machine: string, state: string, pool: string) => ({
  [annotations.ownerUid]: `uid-${machine}`,
  [annotations.ownerBaremetalMachine]: machine,
  [annotations.ownerMachine]: `capi-${machine}`,
  [annotations.ownerCluster]: 'shop',
  [annotations.allocationState]: state,
  [annotations.pool]: pool,
});

const provisioned = (since: string) => [
  condition('InventoryAllocated', 'True', 'InventoryAllocated', claimed),
  condition('BootstrapReady', 'True', 'BootstrapReady', planned),
  condition('PlanApplied', 'True', 'PlanApplied', since),
];

/** Which conditions a machine has in its phase, what its host records, and what is over its deadline. */
const lives: Readonly<Record<string, { phase: string; state: string; conditions: object[]; provisioned?: true }>> = {
  running: {
    phase: 'Running',
    state: 'Allocated',
    provisioned: true,
    conditions: [...provisioned(applied), condition('Ready', 'True', 'Ready', applied)],
  },
  unjoined: {
    phase: 'Running',
    state: 'Allocated',
    provisioned: true,
    conditions: [
      ...provisioned(applied),
      condition('Ready', 'True', 'Ready', applied),
      condition('NodeJoined', 'False', 'NodeJoinTimedOut', applied, 'No Node of the host after 20m'),
    ],
  },
  claimed: {
    phase: 'Allocated',
    state: 'Allocated',
    conditions: [
      condition('InventoryAllocated', 'True', 'InventoryAllocated', claimed),
      condition('BootstrapReady', 'False', 'BootstrapWaiting', claimed, 'The bootstrap Secret is not there yet'),
      condition('Ready', 'False', 'BootstrapWaiting', claimed, 'The bootstrap Secret is not there yet'),
    ],
  },
  busy: {
    phase: 'Reprovisioning',
    state: 'Reprovisioning',
    conditions: [
      condition('InventoryAllocated', 'True', 'InventoryAllocated', claimed),
      condition('BootstrapReady', 'True', 'BootstrapReady', planned),
      condition('PlanApplied', 'False', 'PlanPending', planned, 'The host applies its reprovision plan'),
      condition('Ready', 'False', 'PlanPending', planned, 'The host applies its reprovision plan'),
    ],
  },
  late: {
    phase: 'Reprovisioning',
    state: 'Reprovisioning',
    conditions: [
      condition('InventoryAllocated', 'True', 'InventoryAllocated', claimed),
      condition('BootstrapReady', 'True', 'BootstrapReady', planned),
      condition('PlanApplied', 'False', 'PlanTimedOut', planned, 'The host has not answered for 60m'),
      condition('Ready', 'False', 'PlanTimedOut', planned, 'The host has not answered for 60m'),
    ],
  },
  refused: {
    phase: 'Allocated',
    state: 'Allocated',
    conditions: [
      condition('InventoryAllocated', 'True', 'InventoryAllocated', claimed),
      condition('Ready', 'False', 'WriteRefused', planned, 'Secret is immutable'),
    ],
  },
  failed: {
    phase: 'Failed',
    state: 'Unavailable',
    conditions: [
      condition('InventoryAllocated', 'True', 'InventoryAllocated', claimed),
      condition('BootstrapReady', 'True', 'BootstrapReady', planned),
      condition(
        'PlanApplied',
        'False',
        'PlanFailed',
        applied,
        'The reprovision plan, attempt 1, failed at elemental upgrade: no space left',
      ),
      condition(
        'Ready',
        'False',
        'PlanFailed',
        applied,
        'The reprovision plan, attempt 1, failed at elemental upgrade: no space left',
      ),
    ],
  },
  cleaning: {
    phase: 'Preparing',
    state: 'Preparing',
    provisioned: true,
    conditions: [
      ...provisioned(applied).slice(0, 2),
      condition('PlanApplied', 'False', 'PlanPending', applied, 'The host applies its clean plan'),
      condition('Ready', 'False', 'PlanPending', applied, 'The host applies its clean plan'),
    ],
  },
};

/** A machine at this point of its life, on a host of its own. */
export function machineOn(host: string, life: string, pool: string, spec = {}) {
  const lived = lives[life];
  if (lived === undefined) throw new Error(`No life ${life}`);
  const name = `m-${host}`;
  return {
    machine: {
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
      kind: 'BaremetalMachine',
      metadata: meta(name, {
        labels: { 'cluster.x-k8s.io/cluster-name': 'shop' },
        ownerReferences: [
          { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name: `capi-${name}`, uid: 'c', controller: true },
        ],
        ...(life === 'cleaning' && { deletionTimestamp: applied }),
      }),
      spec: {
        machineInventoryPoolRef: { name: pool },
        ...(lived.provisioned === true && { providerID: `baremetal:///${host}` }),
        ...spec,
      },
      status: {
        phase: lived.phase,
        machineInventoryRef: { name: host },
        planSecretRef: { name: `${host}-plan` },
        conditions: lived.conditions,
        ...(lived.provisioned === true && { initialization: { provisioned: true } }),
      },
    },
    notes: usedBy(name, lived.state, pool),
  };
}

export const pool = (name: string, clusterName: string, hosts: readonly string[]) => ({
  apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
  kind: 'MachineInventoryPool',
  metadata: meta(name),
  spec: { clusterName, machineInventories: hosts.map((host) => ({ name: host })) },
  status: { conditions: [] },
});

export const planSecret = (host: string) => ({ metadata: meta(`${host}-plan`), data: {} });

/** What somebody who may write annotations could call a thing. */
export const HOSTILE = '<img src=x onerror="document.title=1">\u202Egpj.exe';

/** A fleet with hosts in every state that there is. */
export function everyState() {
  const zones = ['rack-a', 'rack-b', 'rack-c'];
  const lifeOf: Record<string, string> = {};
  for (let at = 1; at <= 24; at++) lifeOf[`web-${String(at).padStart(2, '0')}`] = 'running';
  Object.assign(lifeOf, {
    'web-05': 'busy',
    'web-06': 'busy',
    'web-07': 'late',
    'web-09': 'failed',
    'web-12': 'claimed',
    'web-13': 'refused',
    'web-17': 'cleaning',
    'web-18': 'unjoined',
  });
  const made = Object.entries(lifeOf).map(([host, life], at) => ({
    host,
    zone: zones[at % 3] ?? '',
    ...machineOn(host, life, 'web'),
  }));
  const masters = ['cp-1', 'cp-2', 'cp-3'].map((host, at) => ({
    host,
    zone: zones[at] ?? '',
    ...machineOn(host, 'running', 'masters'),
  }));
  const used = [...masters, ...made];
  const free = ['web-25', 'web-26', 'web-27', 'web-28'];
  const odd = [
    inventory('spare-1'),
    inventory('db-1', { [annotations.quarantine]: 'ada: new disk', [annotations.allocationState]: 'Unavailable' }),
    inventory('db-2', {}, { ready: false }),
    inventory('db-3', { [annotations.allocationState]: 'Preparing', [annotations.pool]: 'db' }),
    inventory('db-4', usedBy(HOSTILE, 'Allocated', 'db')),
    inventory('db-5', {}, { meta: { deletionTimestamp: applied } }),
    { ...inventory('db-6'), status: { plan: { secretRef: 7 } } },
    inventory('db-8'),
  ];
  const names = [...used.map(({ host }) => host), ...free, 'db-1', 'db-2', 'db-3', 'db-4', 'db-5', 'db-8', 'spare-1'];
  return {
    baremetalmachines: used.map(({ machine }) => machine),
    machineinventorypools: [
      pool('masters', 'shop', ['cp-1', 'cp-2', 'cp-3']),
      pool('web', 'shop', [...Object.keys(lifeOf), ...free]),
      pool('db', 'ledger', ['db-1', 'db-2', 'db-3', 'db-4', 'db-5', 'db-6', 'db-7', 'db-8']),
      pool('empty', 'ledger', []),
    ],
    machineinventories: [
      ...used.map(({ host, zone, notes }) => inventory(host, notes, { zone })),
      ...free.map((host, at) => inventory(host, {}, { zone: zones[at % 3] ?? '' })),
      ...odd,
    ],
    secrets: names.map(planSecret),
  };
}
