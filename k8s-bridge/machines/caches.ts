import { IMAGE_CATALOG_NAME } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { CapiClusterView, CapiMachineView, CatalogView, SecretMetaView } from '../../domain/inputs/capi-view.ts';
import type { BaremetalClusterView } from '../../domain/inputs/cluster-view.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { HostSight, PlanSight } from '../../domain/inputs/host-trouble.ts';
import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import {
  buildSnapshot,
  clusterNameOf,
  hostNameOf,
  lastSnapshot,
  type MachineSurroundings,
} from '../../domain/inputs/snapshot-builder.ts';
import type { ReadStore } from '../reconcile/ports.ts';

export type ClusterLookup = Pick<ReadStore<CapiClusterView>, 'get' | 'problemOf'>;

/** What a machine's snapshot is made of. */
export interface MachineCaches {
  machines: ReadStore<MachineView>;
  capiMachines: ReadStore<CapiMachineView>;
  capiClusters: ClusterLookup;
  /** Metadata only. */
  bootstrapSecrets: ReadStore<SecretMetaView>;
  catalogs: ReadStore<CatalogView>;
  hosts: ReadStore<HostView>;
  planSecrets: Pick<ReadStore<PlanSight>, 'get'>;
  pools: Pick<ReadStore<PoolView>, 'get'>;
}

/** Indexes that triggers need besides `machineIndexes` and `hostIndexes`; the value of each is a `keyText`. */
export const triggerIndexes = {
  machines: {
    /** By the CAPI Machine that owns the object. */
    ownerMachine: ({ namespace, ownerMachine }: MachineView): string | undefined =>
      ownerMachine === undefined ? undefined : keyText({ namespace, name: ownerMachine }),
    /** By the host that the machine names. */
    host: (machine: MachineView): string | undefined => {
      const name = hostNameOf(machine);
      return name === undefined ? undefined : keyText({ namespace: machine.namespace, name });
    },
    /** `yes`: the machine says that it waits for a slot. */
    waitsForSlot: ({ waitsForSlot }: MachineView): string | undefined => (waitsForSlot ? 'yes' : undefined),
    /** By the name under which its host registers its Node. */
    nodeName: ({ namespace, nodeName }: MachineView): string | undefined =>
      nodeName === undefined ? undefined : keyText({ namespace, name: nodeName }),
  },
  capiMachines: {
    /** By its Node. */
    nodeName: ({ namespace, nodeName }: CapiMachineView): string | undefined =>
      nodeName === undefined ? undefined : keyText({ namespace, name: nodeName }),
    bootstrapSecret: ({ namespace, bootstrapSecret }: CapiMachineView): string | undefined =>
      bootstrapSecret === undefined ? undefined : keyText({ namespace, name: bootstrapSecret }),
  },
  clusters: {
    /** By the CAPI Cluster that a `BaremetalCluster` belongs to. */
    owner: ({ namespace, clusterName }: BaremetalClusterView): string | undefined =>
      clusterName === undefined ? undefined : keyText({ namespace, name: clusterName }),
  },
};

/**
 * The snapshot of a machine as the caches have it now. The image catalog is the one in the machine's own namespace:
 * a tenant's catalog then moves with its Cluster, and no other namespace has a say in what runs on its hosts.
 * `queued`: the machine's place among those that wait for a slot.
 */
export function takeSnapshot(
  view: MachineView,
  caches: MachineCaches,
  defaultRegistry: string | undefined,
  queued?: string,
): MachineSnapshot {
  return buildSnapshot(view, { ...surroundingsOf(view, caches, defaultRegistry), queued });
}

/** What is seen last of a machine that goes, see `lastSnapshot`. */
export function takeLastSnapshot(view: MachineView, caches: MachineCaches): MachineSnapshot {
  return lastSnapshot(view, surroundingsOf(view, caches, undefined));
}

function surroundingsOf(
  view: MachineView,
  caches: MachineCaches,
  defaultRegistry: string | undefined,
): MachineSurroundings {
  const find = <T>(cache: ReadStore<T>, name: string | undefined): T | undefined =>
    name === undefined ? undefined : cache.get({ namespace: view.namespace, name });
  const machine = find(caches.capiMachines, view.ownerMachine);
  const clusterName = clusterNameOf(view, machine);
  const clusterKey = clusterName === undefined ? undefined : { namespace: view.namespace, name: clusterName };
  return {
    machine,
    cluster: clusterKey && caches.capiClusters.get(clusterKey),
    clusterUnreadable: clusterKey !== undefined && caches.capiClusters.problemOf(clusterKey) !== undefined,
    bootstrapSecret: find(caches.bootstrapSecrets, machine?.bootstrapSecret),
    catalog: find(caches.catalogs, IMAGE_CATALOG_NAME),
    defaultRegistry,
    findHostname: (inventoryName) =>
      findHostname(caches.pools.get({ namespace: view.namespace, name: view.pool }), inventoryName),
    findHost: (inventoryName) => sightHost({ namespace: view.namespace, name: inventoryName }, caches),
    findNodeOwner: (nodeName) => machine && findNodeOwner(nodeName, machine, caches),
    neighbourAddresses: () => neighboursOf(view, caches).flatMap(({ addresses }) => addresses),
  };
}

function findHostname(pool: PoolView | undefined, inventoryName: string): string | undefined {
  return pool?.members.find(({ name }) => name === inventoryName)?.hostname;
}

/** A Machine that goes takes its Node along. */
function findNodeOwner(name: string, asking: CapiMachineView, { capiMachines }: MachineCaches): string | undefined {
  const { namespace, clusterName } = asking;
  return [...capiMachines.byIndex('nodeName', keyText({ namespace, name }))]
    .filter((other) => other.name !== asking.name && other.clusterName === clusterName && !other.deleting)
    .map((other) => other.name)
    .toSorted()
    .at(0);
}

/** Other hosts that the machine's pool has taken. Looks at all hosts. */
function neighboursOf(view: MachineView, { hosts }: MachineCaches): HostView[] {
  const own = hostNameOf(view);
  return [...hosts.list()].filter(
    ({ namespace, name, pool }) => namespace === view.namespace && pool === view.pool && name !== own,
  );
}

function sightHost(key: ObjectKey, { hosts, planSecrets }: MachineCaches): HostSight {
  const host = hosts.get(key);
  if (host === undefined) return hosts.problemOf(key) === undefined ? { kind: 'missing' } : { kind: 'unreadable' };
  const { namespace, planSecretName: name } = host;
  return { kind: 'found', host, plan: name === undefined ? undefined : planSecrets.get({ namespace, name }) };
}
