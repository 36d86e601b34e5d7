import { describe, expect, it } from 'vitest';
import { machineIndexes } from '../../../domain/pool/indexes.ts';
import { type MachineCaches, triggerIndexes } from '../../../k8s-bridge/machines/caches.ts';
import { connectMachineTriggers } from '../../../k8s-bridge/machines/triggers.ts';
import { capiMachineView, changeSource, clusterView, hostView, machineView, MemoryStore } from '../bridge-fixtures.ts';

function connect() {
  const caches: MachineCaches = {
    machines: new MemoryStore(
      [
        machineView(),
        machineView({
          name: 'm2',
          uid: 'uid-2',
          ownerMachine: 'capi-m2',
          provisioned: true,
          providerID: 'baremetal:///h2',
        }),
        machineView({ namespace: 'other', name: 'm3', uid: 'uid-3', clusterName: 'c3' }),
      ],
      { ...machineIndexes, ...triggerIndexes.machines },
    ),
    capiMachines: new MemoryStore([capiMachineView()], triggerIndexes.capiMachines),
    capiClusters: new MemoryStore(),
    bootstrapSecrets: new MemoryStore(),
    catalogs: new MemoryStore(),
    hosts: new MemoryStore(),
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
  };
  const enqueued: string[] = [];
  connectMachineTriggers(sources, caches, (key) => enqueued.push(key));
  return { sources, enqueued };
}

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

  it('finds the machines of a Cluster when something that they read has changed', () => {
    const { sources, enqueued } = connect();
    sources.capiClusters.emit(demo('c1'), clusterView({ resourceVersion: '2' }), clusterView());
    expect(enqueued).toEqual([]);
    sources.capiClusters.emit(demo('c1'), clusterView({ paused: true }), clusterView());
    expect(enqueued).toEqual(['demo/m1', 'demo/m2']);
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
});
