import { describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../../api/meta.ts';
import type { PlanSight } from '../../../domain/inputs/host-trouble.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import type { PoolView } from '../../../domain/inputs/pool-view.ts';
import { hostIndexes, machineIndexes } from '../../../domain/pool/indexes.ts';
import { type MachineCaches, triggerIndexes } from '../../../k8s-bridge/machines/caches.ts';
import { connectMachineTriggers } from '../../../k8s-bridge/machines/triggers.ts';
import { capiMachineView, changeSource, clusterView, hostView, machineView, MemoryStore } from '../bridge-fixtures.ts';

function connect(first: Parameters<typeof machineView>[0] = {}) {
  const caches: MachineCaches = {
    machines: new MemoryStore(
      [
        machineView(first),
        machineView({
          name: 'm2',
          uid: 'uid-2',
          ownerMachine: 'capi-m2',
          provisioned: true,
          providerID: 'baremetal:///h2',
        }),
        machineView({ namespace: 'other', name: 'm3', uid: 'uid-3', clusterName: 'c3' }),
        machineView({
          name: 'm4',
          uid: 'uid-4',
          clusterName: 'c4',
          ownerMachine: 'capi-m4',
          provisioned: true,
          bootstrapReason: 'BootstrapInvalid',
        }),
      ],
      { ...machineIndexes, ...triggerIndexes.machines },
    ),
    capiMachines: new MemoryStore([capiMachineView()], triggerIndexes.capiMachines),
    capiClusters: new MemoryStore(),
    bootstrapSecrets: new MemoryStore(),
    catalogs: new MemoryStore(),
    hosts: new MemoryStore([hostView({ name: 'h2', planSecretName: 'h2-plan' })], hostIndexes),
    planSecrets: new MemoryStore<PlanSight & ObjectKey>(),
    pools: new MemoryStore(),
  };
  const sources = {
    machines: changeSource<ReturnType<typeof machineView>>(),
    capiMachines: changeSource<ReturnType<typeof capiMachineView>>(),
    capiClusters: changeSource<ReturnType<typeof clusterView>>(),
    bootstrapSecrets: changeSource<{ namespace: string; name: string; uid: string; resourceVersion: string }>(),
    catalogs: changeSource<{
      namespace: string;
      name: string;
      uid: string;
      resourceVersion: string;
      images: Record<string, string>;
    }>(),
    hosts: changeSource<ReturnType<typeof hostView>>(),
    planSecrets: changeSource<PlanSight>(),
    pools: changeSource<PoolView>(),
  };
  const enqueued: string[] = [];
  connectMachineTriggers(sources, caches, (key) => enqueued.push(key));
  return { sources, enqueued };
}

const poolView = (changes: { generation: number }): PoolView => ({
  namespace: 'demo',
  name: 'workers',
  uid: 'p',
  resourceVersion: '1',
  creationTimestamp: '',
  deleting: false,
  forControlPlanes: false,
  maxConcurrentReprovisions: undefined,
  slots: undefined,
  clusterName: 'c1',
  members: [],
  memberNames: new Set<string>(),
  acceptance: undefined,
  counters: {},
  conditions: [],
  ...changes,
});

const demo = (name: string) => ({ namespace: 'demo', name });

describe('connectMachineTriggers', () => {
  it('enqueues a machine that changed or went', () => {
    const { sources, enqueued } = connect();
    sources.machines.emit(demo('gone'), undefined, machineView());
    expect(enqueued).toEqual(['demo/gone']);
  });

  it('finds the machine of a CAPI Machine, and through it the one of a bootstrap Secret', () => {
    const { sources, enqueued } = connect();
    sources.capiMachines.emit(demo('capi-m2'), undefined, undefined);
    sources.bootstrapSecrets.emit(demo('boot-1'), undefined, undefined);
    sources.bootstrapSecrets.emit(demo('of-nobody'), undefined, undefined);
    expect(enqueued).toEqual(['demo/m2', 'demo/m1']);
  });

  it('finds a machine whose Node would have the name of one that joined, was lost, or goes', () => {
    const { sources, enqueued } = connect({ provisioned: true, nodeName: 'same' });
    const other = (changes: Parameters<typeof capiMachineView>[0]) => capiMachineView({ name: 'capi-x', ...changes });
    sources.capiMachines.emit(demo('capi-x'), other({ nodeName: 'another' }), other({}));
    sources.capiMachines.emit(demo('capi-x'), other({ nodeName: 'same' }), other({ nodeName: 'same' }));
    expect(enqueued).toEqual([]);
    sources.capiMachines.emit(demo('capi-x'), other({ nodeName: 'same' }), other({}));
    sources.capiMachines.emit(demo('capi-x'), other({ nodeName: 'same', deleting: true }), other({ nodeName: 'same' }));
    sources.capiMachines.emit(demo('capi-x'), undefined, other({ nodeName: 'same' }));
    expect(enqueued).toEqual(['demo/m1', 'demo/m1', 'demo/m1']);
  });

  it('finds the machines whose data is refused when their pool is edited, and none for its counters', () => {
    const { sources, enqueued } = connect({ bootstrapReason: 'BootstrapInvalid' });
    sources.pools.emit(demo('workers'), poolView({ generation: 2 }), poolView({ generation: 2 }));
    expect(enqueued).toEqual([]);
    sources.pools.emit(demo('workers'), poolView({ generation: 3 }), poolView({ generation: 2 }));
    expect(enqueued).toEqual(['demo/m1', 'demo/m4']);
  });

  it('finds the machines of a Cluster when something that they read has changed', () => {
    const { sources, enqueued } = connect();
    sources.capiClusters.emit(demo('c1'), clusterView({ resourceVersion: '2' }), clusterView());
    expect(enqueued).toEqual([]);
    sources.capiClusters.emit(demo('c1'), clusterView({ paused: true }), clusterView());
    expect(enqueued).toEqual(['demo/m1', 'demo/m2']);
    sources.capiClusters.emit(demo('c1'), undefined, undefined);
    expect(enqueued).toEqual(['demo/m1', 'demo/m2', 'demo/m1', 'demo/m2']);
  });

  it('finds the unprovisioned machines of a catalog', () => {
    const { sources, enqueued } = connect();
    sources.catalogs.emit(demo('some-other-config-map'), undefined, undefined);
    sources.catalogs.emit(demo('elemental-image-catalog'), undefined, undefined);
    expect(enqueued).toEqual(['demo/m1']);
  });

  it('finds the machine of a host that appeared or went, not of one that changed', () => {
    const { sources, enqueued } = connect();
    sources.hosts.emit(demo('h2'), hostView(), hostView());
    expect(enqueued).toEqual([]);
    sources.hosts.emit(demo('h2'), undefined, hostView());
    sources.hosts.emit(demo('h2'), hostView(), undefined);
    expect(enqueued).toEqual(['demo/m2', 'demo/m2']);
  });

  it('finds the machines that were refused when an address of a host in their pool changed', () => {
    const { sources, enqueued } = connect();
    const before = hostView({ name: 'h9', addresses: ['10.0.0.5'] });
    sources.hosts.emit(demo('h9'), hostView({ name: 'h9', addresses: ['10.0.0.5'] }), before);
    expect(enqueued).toEqual([]);
    sources.hosts.emit(demo('h9'), hostView({ name: 'h9', addresses: ['10.0.0.6'] }), before);
    sources.hosts.emit(demo('h9'), undefined, before);
    sources.hosts.emit(demo('h9'), undefined, hostView({ name: 'h9', pool: 'other', addresses: ['10.0.0.5'] }));
    expect(enqueued).toEqual(['demo/m4', 'demo/m4']);
  });

  it('finds the machine of a host that cannot be read, in another way than before', () => {
    const { sources, enqueued } = connect();
    sources.hosts.emit(demo('h2'), undefined, undefined);
    expect(enqueued).toEqual(['demo/m2']);
  });

  it.each<[string, Partial<HostView>]>([
    ['its owner', { owner: undefined }],
    ['its owner’s uid', { owner: { cluster: 'c1', machine: 'capi-m1', baremetalMachine: 'm1', uid: 'uid-9' } }],
    ['its deletion', { deleting: true }],
    ['its selector', { takenBySelector: true }],
    ['its plan Secret', { planSecretName: 'other' }],
    ['its plan', { plan: { attemptId: 'reprovision-1-uid-1', checksum: 'c' } }],
  ])('finds the machine of a host that changed %s', (_what, change) => {
    const { sources, enqueued } = connect();
    sources.hosts.emit(demo('h2'), hostView(change), hostView());
    expect(enqueued).toEqual(['demo/m2']);
  });

  it('finds the machine of a plan Secret that somebody else took or gave back', () => {
    const { sources, enqueued } = connect();
    const ours: PlanSight = { foreignPlanType: undefined, planAttempt: 'reprovision-1-uid-1', isEmpty: false };
    sources.planSecrets.emit(demo('h2-plan'), { ...ours, planAttempt: 'clean-1-uid-1' }, ours);
    sources.planSecrets.emit(demo('of-nobody'), { ...ours, foreignPlanType: 'reset' }, ours);
    expect(enqueued).toEqual([]);
    sources.planSecrets.emit(demo('h2-plan'), { ...ours, foreignPlanType: 'reset' }, ours);
    sources.planSecrets.emit(demo('h2-plan'), ours, { ...ours, planAttempt: undefined });
    expect(enqueued).toEqual(['demo/m2', 'demo/m2']);
  });
});
