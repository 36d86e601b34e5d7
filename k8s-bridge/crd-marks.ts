import { annotations, foreign } from '../api/constants.ts';
import {
  baremetalClusters,
  baremetalClusterTemplates,
  baremetalMachines,
  baremetalMachineTemplates,
  baremetalRemediations,
  baremetalRemediationTemplates,
  customResourceDefinitions,
  machineInventoryPools,
  type Resource,
} from '../api/resources.ts';
import { isConflict, isRefusal, type KubeClient } from '../runtime/kube/client.ts';
import type { BridgeCaches } from './caches.ts';
import { CONFLICT_REQUEUE_MS, type ReconcilerLogger, type ReconcileResult } from './reconcile/ports.ts';

/** Whether objects of a CRD exist. */
type Mark = 'none' | 'some';

export interface CrdDeps {
  client: Pick<KubeClient, 'find' | 'list' | 'patch'>;
  watchNamespace: string | undefined;
  watchFilter: string | undefined;
  /** Time until the next look, if nothing changes before. */
  everyMs: number;
  /** By the name of the CRD: what stands on it, as far as known. */
  marks: Map<string, Mark>;
  logger: ReconcilerLogger;
}

const kinds: readonly Resource<unknown>[] = [
  baremetalMachines,
  baremetalMachineTemplates,
  machineInventoryPools,
  baremetalClusters,
  baremetalClusterTemplates,
  baremetalRemediations,
  baremetalRemediationTemplates,
];
const crdOf = new Map(kinds.map((kind) => [nameOf(kind), kind]));

/**
 * Tells on a CRD of ours whether objects of it exist, for the policy that refuses its deletion: a policy cannot list. A
 * bridge that sees only a part of them never says that there are none, so that the deletion stays refused.
 */
export async function reconcileCrd(name: string, deps: CrdDeps): Promise<ReconcileResult> {
  const { client, watchNamespace, watchFilter, everyMs, marks, logger } = deps;
  const kind = crdOf.get(name);
  if (kind === undefined) return {};
  try {
    const crd = await client.find(customResourceDefinitions, { namespace: '', name });
    if (crd === undefined || crd.metadata.deletionTimestamp !== undefined) return { requeueAfterMs: everyMs };
    const labelSelector = watchFilter === undefined ? undefined : `${foreign.watchFilterLabel}=${watchFilter}`;
    const selection = { namespace: watchNamespace, labelSelector, metadataOnly: true, limit: 1 };
    const { items } = await client.list(kind, selection);
    const seesAll = watchNamespace === undefined && watchFilter === undefined;
    const mark = items.length > 0 ? 'some' : seesAll ? 'none' : undefined;
    if (mark !== undefined && crd.metadata.annotations[annotations.crdObjects] !== mark) {
      const { uid, resourceVersion } = crd.metadata;
      const metadata = { uid, resourceVersion, annotations: { [annotations.crdObjects]: mark } };
      await client.patch(customResourceDefinitions, { namespace: '', name }, { metadata });
      logger.info({ crd: name, objects: mark }, 'Marked a CRD');
    }
    if (mark !== undefined) marks.set(name, mark);
    return { requeueAfterMs: everyMs };
  } catch (error) {
    if (isConflict(error)) return { requeueAfterMs: CONFLICT_REQUEUE_MS };
    if (!isRefusal(error)) throw error;
    // An installation without rights outside of its namespace; the deletion stays refused.
    logger.info({ crd: name, err: error }, 'Whether the CRD has objects cannot be told');
    return {};
  }
}

/** Enqueues each CRD once, and again when the first object of it comes or the last one goes. */
export function connectCrdTriggers(
  { machines, pools, clusters }: BridgeCaches,
  marks: ReadonlyMap<string, Mark>,
  enqueue: (crd: string) => void,
): void {
  for (const name of crdOf.keys()) enqueue(name);
  const watched = [
    { kind: baremetalMachines, informer: machines },
    { kind: machineInventoryPools, informer: pools },
    { kind: baremetalClusters, informer: clusters },
  ];
  for (const { kind, informer } of watched) {
    const name = nameOf(kind);
    informer.onChange((_key, current, previous) => {
      const came = current !== undefined && marks.get(name) !== 'some';
      const isLast = current === undefined && previous !== undefined && informer.store.list().next().done === true;
      if (came || isLast) enqueue(name);
    });
  }
}

function nameOf({ plural, group }: Resource<unknown>): string {
  return `${plural}.${group}`;
}
