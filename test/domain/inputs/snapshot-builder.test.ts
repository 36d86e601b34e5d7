import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostSight } from '../../../domain/inputs/host-trouble.ts';
import type { MachineSnapshot, ProvisioningInputs } from '../../../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { buildSnapshot, goneSnapshot, type MachineSurroundings } from '../../../domain/inputs/snapshot-builder.ts';
import { fingerprintSnapshot } from '../../../domain/inputs/snapshot-fingerprint.ts';
import { capiMachineView, clusterView, hostView, machineView } from '../../k8s-bridge/bridge-fixtures.ts';

const secret = { namespace: 'demo', name: 'boot-1', uid: 's', resourceVersion: '77' };
const catalog = {
  namespace: 'demo',
  name: 'elemental-image-catalog',
  uid: 'i',
  resourceVersion: '5',
  images: { 'v1.31.0': 'registry.example/os/node:1.31.0' },
};

function around(changes: Partial<MachineSurroundings> = {}): MachineSurroundings {
  return {
    machine: capiMachineView(),
    cluster: clusterView(),
    clusterUnreadable: false,
    bootstrapSecret: secret,
    catalog,
    defaultRegistry: 'mirror.example:5000',
    findHost: () => found,
    findHostname: () => 'node-1',
    ...changes,
  };
}

const noVersion = 'ImageCatalogMiss: the Machine has no spec.version; set it, so that an image can be chosen';
const noRegistry =
  'ImageRegistryMissing: no registry is known for the image; annotate the Cluster with cpaas.io/registry-address or configure a default registry';

const found: HostSight = { kind: 'found', host: hostView({ resourceVersion: '5' }), plan: undefined };
const missing: HostSight = { kind: 'missing' };

const inputs: ProvisioningInputs = {
  version: 'v1.31.0',
  bootstrapSecret: 'boot-1',
  bootstrapRevision: null,
  image: 'mirror.example:5000/os/node:1.31.0',
};
const ready: MachineSnapshot = {
  deleting: false,
  gone: false,
  deletedForMove: false,
  paused: false,
  finalizerLost: false,
  hostMissing: false,
  pool: 'workers',
  machine: { name: 'capi-m1', nodeName: null },
  cluster: { name: 'c1', infrastructureReady: true },
  provisioning: inputs,
};

describe('what is waited for', () => {
  const bootstrapWaits = { bootstrapReason: 'BootstrapWaiting' };
  const clusterWaits = { hostReason: 'WaitingForClusterInfrastructure' };
  const says = { bootstrapSays: 'KubeadmConfig x: why', nodeSays: 'no Node' };
  const cluster = clusterView({ infrastructureReady: false, infrastructureSays: 'EndpointMissing' });
  const rows: [string, Partial<MachineView>, Partial<MachineSurroundings>, string | undefined][] = [
    ['bootstrap data', bootstrapWaits, { bootstrapSecret: undefined }, 'KubeadmConfig x: why'],
    ['bootstrap data that are there', bootstrapWaits, {}, undefined],
    ['of a machine that does not say that it waits', {}, { bootstrapSecret: undefined }, undefined],
    ['of a machine that goes', { ...bootstrapWaits, deleting: true }, { bootstrapSecret: undefined }, undefined],
    ['infrastructure', clusterWaits, { cluster }, 'EndpointMissing'],
    ['infrastructure that is ready', clusterWaits, { cluster: clusterView() }, undefined],
    ['a Node that is late', { overdue: 'node' }, {}, 'no Node'],
    ['a host that is late', { overdue: 'plan' }, {}, undefined],
  ];

  it.each(rows)('%s', (_, view, changes, words) => {
    const snapshot = buildSnapshot(machineView(view), around({ machine: capiMachineView(says), ...changes }));
    expect(snapshot.waitsFor).toBe(words);
    const mute = buildSnapshot(machineView(view), around(changes));
    const same = fingerprintSnapshot(snapshot) === fingerprintSnapshot({ ...mute, ...(words && { waitsFor: words }) });
    expect(same).toBe(true);
  });
});

describe('buildSnapshot', () => {
  const rows: [string, Partial<MachineView>, Partial<MachineSurroundings>, Partial<MachineSnapshot>][] = [
    ['ready to go', {}, {}, {}],
    [
      'no ownerRef yet',
      { ownerMachine: undefined },
      { machine: undefined, bootstrapSecret: undefined },
      {
        machine: null,
        provisioning: {
          version: null,
          bootstrapSecret: null,
          bootstrapRevision: null,
          image: noVersion,
        },
      },
    ],
    [
      'owned by a Machine that is not seen yet',
      {},
      { machine: undefined, bootstrapSecret: undefined },
      {
        provisioning: {
          version: null,
          bootstrapSecret: null,
          bootstrapRevision: null,
          image: noVersion,
        },
      },
    ],
    [
      'provisioned, the name of its Node taken',
      { provisioned: true, nodeName: 'same' },
      { findNodeOwner: (name) => (name === 'same' ? 'm2' : undefined) },
      { provisioning: null, nodeNameTakenBy: 'm2' },
    ],
    [
      'joined, the name of its Node taken by another one as well',
      { provisioned: true, nodeName: 'same' },
      { machine: capiMachineView({ nodeName: 'same' }), findNodeOwner: () => 'm2' },
      { provisioning: null, machine: { name: 'capi-m1', nodeName: 'same' } },
    ],
    [
      'provisioned, under which name it registers not known',
      { provisioned: true },
      { findNodeOwner: () => 'm2' },
      { provisioning: null },
    ],
    [
      'deleted, the name of its Node taken',
      { provisioned: true, deleting: true, nodeName: 'same' },
      { findNodeOwner: () => 'm2' },
      { provisioning: null, deleting: true },
    ],
    ['unknown Cluster', {}, { cluster: undefined }, { cluster: null }],
    [
      'infrastructure not ready',
      {},
      { cluster: clusterView({ infrastructureReady: false }) },
      { cluster: { name: 'c1', infrastructureReady: false } },
    ],
    ['paused Cluster', {}, { cluster: clusterView({ paused: true }) }, { paused: true }],
    ['unreadable Cluster', {}, { cluster: undefined, clusterUnreadable: true }, { paused: true, cluster: null }],
    ['paused object', { pausedByAnnotation: true }, {}, { paused: true }],
    ['deleted for a move', { deletedForMove: true }, {}, { deletedForMove: true }],
    ['being deleted', { deleting: true, hasFinalizer: true }, {}, { deleting: true, provisioning: null }],
    ['finalizer lost', { phase: 'Pending' }, {}, { finalizerLost: true }],
    ['finalizer kept', { phase: 'Pending', hasFinalizer: true }, {}, {}],
    ['finalizer gone in deletion', { phase: 'Running', deleting: true }, {}, { deleting: true, provisioning: null }],
    ['no finalizer because there is no owner', { phase: 'Pending', ownerMachine: undefined }, {}, { machine: null }],
    [
      'Node joined',
      {},
      { machine: capiMachineView({ nodeName: 'node-1' }) },
      { machine: { name: 'capi-m1', nodeName: 'node-1' } },
    ],
    [
      'host of the providerID missing',
      { providerID: 'baremetal:///h1', inventory: 'h2' },
      { findHost: (name) => (name === 'h1' ? missing : found) },
      { hostMissing: true },
    ],
    ['host of the status missing', { inventory: 'h2' }, { findHost: () => missing }, { hostMissing: true }],
    ['foreign providerID', { providerID: 'aws:///i-1' }, { findHost: () => missing }, {}],
    ['no host named', {}, { findHost: () => missing }, {}],
    [
      'host unreadable',
      { inventory: 'h1' },
      { findHost: () => ({ kind: 'unreadable' }) },
      { hostMissing: false, hostTrouble: 'unreadable' },
    ],
    [
      'host lost',
      { providerID: 'baremetal:///h1' },
      { findHost: () => ({ ...found, host: hostView({ owner: undefined }) }) },
      { hostTrouble: 'lost' },
    ],
    [
      "host that is somebody else's",
      { providerID: 'baremetal:///h1' },
      {
        findHost: () => ({
          ...found,
          host: hostView({ owner: { cluster: 'c', machine: 'm', baremetalMachine: 'o', uid: 'o' } }),
        }),
      },
      { hostTrouble: 'lost', hostInUse: true },
    ],
    [
      'a status that somebody wrote to',
      { phase: 'Running', hasFinalizer: true, statusEditedAt: '2026-01-01T00:00:00Z' },
      {},
      { statusEditedAt: '2026-01-01T00:00:00Z' },
    ],
    [
      'a registry that is none: another cause under the same reason',
      {},
      { defaultRegistry: 'no registry' },
      {
        provisioning: {
          ...inputs,
          image: 'ImageRegistryMissing: the registry address of the Cluster or of the provider is not host[:port]',
        },
      },
    ],
    ['provisioned', { provisioned: true }, {}, { provisioning: null }],
    [
      'bootstrap Secret not there',
      {},
      { bootstrapSecret: undefined },
      { provisioning: { ...inputs, bootstrapSecret: null } },
    ],
    ['waiting for the bootstrap Secret', { bootstrapReason: 'BootstrapWaiting' }, {}, {}],
    [
      'bootstrap content refused',
      { bootstrapReason: 'BootstrapInvalid', inventory: 'h1' },
      {},
      { provisioning: { ...inputs, bootstrapRevision: '77 5 node-1' } },
    ],
    [
      'an address refused that a neighbour has',
      { bootstrapReason: 'BootstrapInvalid', inventory: 'h1' },
      { neighbourAddresses: () => ['10.0.0.5'] },
      { provisioning: { ...inputs, bootstrapRevision: '77 5 node-1 0546412d' } },
    ],
    [
      'no catalog',
      {},
      { catalog: undefined },
      {
        provisioning: {
          ...inputs,
          image: 'ImageCatalogMissing: ConfigMap elemental-image-catalog does not exist; create it',
        },
      },
    ],
    ['no registry', {}, { defaultRegistry: undefined }, { provisioning: { ...inputs, image: noRegistry } }],
    [
      'an image that is there although the run has reported that it is not',
      { imageReason: 'ImageCatalogMiss' },
      {},
      { provisioning: { ...inputs, image: `${inputs.image} after ImageCatalogMiss` } },
    ],
    [
      'the failure domain of the Machine',
      {},
      { machine: capiMachineView({ failureDomain: 'rack-1' }) },
      { provisioning: { ...inputs, failureDomain: 'rack-1' } },
    ],
    [
      'registry of the Cluster',
      {},
      { cluster: clusterView({ registry: 'own.example' }) },
      { provisioning: { ...inputs, image: 'own.example/os/node:1.31.0' } },
    ],
  ];

  it.each(rows)('%s', (_name, view, surroundings, expected) => {
    expect(buildSnapshot(machineView(view), around(surroundings))).toEqual({ ...ready, ...expected });
  });

  it('does not move with what no stage depends on', () => {
    const text = fc.string();
    fc.assert(
      fc.property(fc.boolean(), text, text, text, text, (provisioned, version, operation, observedInputs, noise) => {
        const view = machineView({ provisioned });
        const base = fingerprintSnapshot(buildSnapshot(view, around()));
        const noisy = {
          ...view,
          resourceVersion: version,
          operation,
          observedInputs,
          waitsForHost: true,
        };
        const surroundings = around({
          machine: capiMachineView({ resourceVersion: version }),
          cluster: clusterView({ resourceVersion: version }),
          bootstrapSecret: { ...secret, resourceVersion: version },
          catalog: { ...catalog, resourceVersion: version, images: { ...catalog.images, [`other-${noise}`]: noise } },
        });
        expect(fingerprintSnapshot(buildSnapshot(noisy, surroundings))).toBe(base);
      }),
    );
  });

  it('leaves a provisioned machine alone when images, versions or bootstrap data change', () => {
    const view = machineView({ provisioned: true });
    const base = fingerprintSnapshot(buildSnapshot(view, around()));
    const changed = around({
      machine: capiMachineView({ version: 'v9', bootstrapSecret: undefined }),
      catalog: undefined,
      bootstrapSecret: undefined,
    });
    expect(fingerprintSnapshot(buildSnapshot(view, changed))).toBe(base);
  });

  it('keeps pause and move of an object that is gone', () => {
    expect(goneSnapshot({ ...ready, paused: true })).toEqual({ ...ready, paused: true, gone: true });
    expect(goneSnapshot(undefined)).toMatchObject({ gone: true, deleting: false, paused: false, provisioning: null });
  });
});
