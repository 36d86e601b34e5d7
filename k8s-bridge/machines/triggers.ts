import { IMAGE_CATALOG_NAME } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { CapiClusterView, CapiMachineView, CatalogView, SecretMetaView } from '../../domain/inputs/capi-view.ts';
import { isSameForMachine, isSamePlanSight, type PlanSight } from '../../domain/inputs/host-trouble.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { MachineCaches } from './caches.ts';

/** An informer's way to tell what changed; `current` undefined: gone, `previous` undefined: new. */
export interface ChangeSource<T> {
  onChange(handler: (key: ObjectKey, current: T | undefined, previous: T | undefined) => void): void;
}

export interface MachineTriggerSources {
  machines: ChangeSource<MachineView>;
  capiMachines: ChangeSource<CapiMachineView>;
  capiClusters: ChangeSource<CapiClusterView>;
  bootstrapSecrets: ChangeSource<SecretMetaView>;
  catalogs: ChangeSource<CatalogView>;
  hosts: ChangeSource<HostView>;
  planSecrets: ChangeSource<PlanSight>;
  pools: ChangeSource<PoolView>;
}

/**
 * Enqueues the machines whose snapshot a change can change. It costs no call: whether there is something to tell is
 * found out by fingerprint when the key's turn comes.
 */
export function connectMachineTriggers(
  sources: MachineTriggerSources,
  caches: MachineCaches,
  enqueue: (key: string) => void,
): void {
  const enqueueAll = (views: Iterable<MachineView>): void => {
    for (const view of views) enqueue(keyText(view));
  };
  const enqueueOwned = (capiMachine: string): void => enqueueAll(caches.machines.byIndex('ownerMachine', capiMachine));

  sources.machines.onChange((key) => enqueue(keyText(key)));
  sources.capiMachines.onChange((key, current, previous) => {
    enqueueOwned(keyText(key));
    if (current?.nodeName === previous?.nodeName && current?.deleting === previous?.deleting) return;
    // A machine whose host registers under the name of that Node.
    for (const nodeName of new Set([current?.nodeName, previous?.nodeName])) {
      if (nodeName === undefined) continue;
      enqueueAll(caches.machines.byIndex('nodeName', keyText({ namespace: key.namespace, name: nodeName })));
    }
  });
  sources.capiClusters.onChange((key, current, previous) => {
    if (!sameCluster(current, previous)) enqueueAll(caches.machines.byIndex('cluster', keyText(key)));
  });
  sources.bootstrapSecrets.onChange((key) => {
    for (const owner of caches.capiMachines.byIndex('bootstrapSecret', keyText(key))) enqueueOwned(keyText(owner));
  });
  sources.catalogs.onChange(({ namespace, name }) => {
    if (name !== IMAGE_CATALOG_NAME) return;
    for (const view of caches.machines.list()) {
      if (view.namespace === namespace && !view.provisioned) enqueue(keyText(view));
    }
  });
  sources.hosts.onChange((key, current, previous) => {
    const machines = [...caches.machines.byIndex('host', keyText(key))];
    // A host's recorded network may be what a machine's bootstrap data is refused for.
    const refused = ({ bootstrapReason }: MachineView): boolean => bootstrapReason !== undefined;
    enqueueAll(isSameForMachine(current, previous) ? machines.filter(refused) : machines);
    const pool = (current ?? previous)?.pool;
    if (pool === undefined || isSameAddresses(current, previous)) return;
    // One with the address that another host of the pool had.
    const inPool = [...caches.machines.byIndex('pool', keyText({ namespace: key.namespace, name: pool }))];
    enqueueAll(inPool.filter(refused));
  });
  sources.pools.onChange((key, current, previous) => {
    if (current?.generation === previous?.generation) return;
    // The name that the pool gives a host may be what a machine's bootstrap data is refused for.
    enqueueAll(
      [...caches.machines.byIndex('pool', keyText(key))].filter(({ bootstrapReason }) => bootstrapReason !== undefined),
    );
  });
  sources.planSecrets.onChange((key, current, previous) => {
    if (isSamePlanSight(current, previous)) return;
    for (const host of caches.hosts.byIndex('planSecret', keyText(key))) {
      enqueueAll(caches.machines.byIndex('host', keyText(host)));
    }
  });
}

function isSameAddresses(a: HostView | undefined, b: HostView | undefined): boolean {
  return (a?.addresses ?? []).join() === (b?.addresses ?? []).join();
}

/** A Cluster's status changes often and concerns every machine of it: only what a snapshot reads counts. */
function sameCluster(a: CapiClusterView | undefined, b: CapiClusterView | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.paused === b.paused && a.infrastructureReady === b.infrastructureReady && a.registry === b.registry;
}
