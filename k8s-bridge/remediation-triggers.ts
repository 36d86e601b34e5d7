import { keyText } from '../domain/pool/indexes.ts';
import type { BridgeCaches } from './caches.ts';

/** Enqueues the request that a change of itself, its Machine, its Cluster or its BaremetalMachine concerns. */
export function connectRemediationTriggers(
  { remediations, machines, capiMachines, capiClusters }: BridgeCaches,
  enqueue: (key: string) => void,
): void {
  const enqueueThere = (namespace: string, name: string | undefined): void => {
    if (name !== undefined && remediations.store.get({ namespace, name }) !== undefined)
      enqueue(keyText({ namespace, name }));
  };
  remediations.onChange((key) => enqueue(keyText(key)));
  capiMachines.onChange(({ namespace, name }) => enqueueThere(namespace, name));
  machines.onChange(({ namespace }, current, previous) => enqueueThere(namespace, (current ?? previous)?.ownerMachine));
  capiClusters.onChange(({ namespace, name }, current, previous) => {
    if (current?.paused === previous?.paused) return;
    for (const request of remediations.store.list()) {
      if (request.namespace === namespace && capiMachines.store.get(request)?.clusterName === name)
        enqueue(keyText(request));
    }
  });
}
