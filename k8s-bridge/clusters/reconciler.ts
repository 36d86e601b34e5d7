import { isDeepStrictEqual } from 'node:util';
import { clusterConditionTypes } from '../../api/conditions.ts';
import { CLUSTER_FINALIZER } from '../../api/constants.ts';
import { baremetalClusters } from '../../api/resources.ts';
import { computeClusterStatus, findEndpoint } from '../../domain/report/status/cluster-status.ts';
import { type BaremetalClusterView, type Endpoint, viewBaremetalCluster } from '../../domain/inputs/cluster-view.ts';
import { mergeConditions } from '../../domain/conditions.ts';
import type { ControlPlaneRef } from '../../domain/inputs/capi-view.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { findFailureDomains } from '../../domain/report/status/failure-domains.ts';
import { isConflict, isNotFound, type KubeClient } from '../../runtime/kube/client.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { type ControlPlaneDeps, findControlPlanePools } from './control-plane-pools.ts';
import { CONFLICT_REQUEUE_MS, type ReadStore, type ReconcileResult, type WritableStore } from '../reconcile/ports.ts';

/** What is needed of CAPI's `Cluster`. */
export interface OwnerCluster {
  name: string;
  paused: boolean;
  /** `spec.controlPlaneEndpoint`, where somebody else set it. */
  controlPlaneEndpoint?: Endpoint | undefined;
  controlPlane?: ControlPlaneRef | undefined;
}

/** All caches must be synced before the first reconcile: a machine that is not known yet would not hold a deletion. */
export interface ClusterReconcilerDeps extends ControlPlaneDeps {
  client: Pick<KubeClient, 'find' | 'patch'>;
  hosts: Pick<ReadStore<HostView>, 'get'>;
  baremetalClusters: WritableStore<BaremetalClusterView>;
  clusters: Pick<ReadStore<OwnerCluster>, 'get'>;
  /** Indexed by `machineIndexes`. */
  machines: Pick<ReadStore<MachineView>, 'byIndex' | 'listUnreadable'>;
  nowMs(): number;
}

/** Machines go one by one, each wakes us; this is for an event that got lost. */
const MACHINES_EXIST_REQUEUE_MS = 30_000;

/**
 * People apply all objects of a cluster at once, in any order. For so long after it was made it is not called provisioned
 * while its control plane's pool is not there: Cluster API would send the first machine to no failure domain.
 */
const CONTROL_PLANE_AWAITED_MS = 10_000;
const CONTROL_PLANE_REQUEUE_MS = 500;

/** Backfills the endpoint, says when the infrastructure is there, and keeps it while the cluster has machines. */
export async function reconcileCluster(key: string, deps: ClusterReconcilerDeps): Promise<ReconcileResult> {
  const view = deps.baremetalClusters.get(parseKey(key));
  if (view === undefined || view.managedElsewhere || view.pausedByAnnotation || view.deletedForMove) return {};
  const { clusterName, namespace } = view;
  const cluster = clusterName === undefined ? undefined : deps.clusters.get({ namespace, name: clusterName });
  if (cluster?.paused === true) return {};
  try {
    if (view.deleting) return await reconcileDeletion(view, cluster, deps);
    // CAPI adopts the object first; the Cluster itself may reach our cache a moment later and wakes us then.
    if (cluster === undefined) return {};
    return await reconcileNormal(view, cluster, deps);
  } catch (error) {
    if (isConflict(error)) return { requeueAfterMs: CONFLICT_REQUEUE_MS };
    if (isNotFound(error)) return {};
    throw error;
  }
}

async function reconcileNormal(
  view: BaremetalClusterView,
  cluster: OwnerCluster,
  deps: ClusterReconcilerDeps,
): Promise<ReconcileResult> {
  const endpoint = findEndpoint(view, cluster.controlPlaneEndpoint);
  const finalizers = view.hasFinalizer ? undefined : [...view.finalizers, CLUSTER_FINALIZER];
  const backfill = view.endpoint === undefined && view.loadBalancer !== undefined ? view.loadBalancer : undefined;
  let current = view;
  if (finalizers !== undefined || backfill !== undefined) {
    const metadata = { resourceVersion: view.resourceVersion, ...(finalizers && { finalizers }) };
    const spec = backfill && { spec: { controlPlaneEndpoint: backfill } };
    current = await patchCluster(view, { metadata, ...spec }, deps);
  }
  const key = { namespace: view.namespace, name: cluster.name };
  const { names, awaited } = await findControlPlanePools(key, cluster.controlPlane, deps);
  const ageMs = deps.nowMs() - Date.parse(view.creationTimestamp);
  if (awaited && !view.provisioned && ageMs < CONTROL_PLANE_AWAITED_MS) {
    return { requeueAfterMs: CONTROL_PLANE_REQUEUE_MS };
  }
  const pools = [...deps.pools.list()].filter(
    ({ namespace, clusterName }) => namespace === key.namespace && clusterName === key.name,
  );
  const findHost = (name: string) => deps.hosts.get({ namespace: key.namespace, name });
  const failureDomains = findFailureDomains(pools, findHost, names);
  await writeStatus(current, { endpoint, machines: [], failureDomains }, deps);
  return {};
}

async function reconcileDeletion(
  view: BaremetalClusterView,
  cluster: OwnerCluster | undefined,
  deps: ClusterReconcilerDeps,
): Promise<ReconcileResult> {
  if (!view.hasFinalizer) return {};
  const machines = machinesOf(view, deps);
  if (machines.length > 0) {
    const { failureDomains } = view;
    const endpoint = findEndpoint(view, cluster?.controlPlaneEndpoint);
    await writeStatus(view, { endpoint, machines, failureDomains }, deps);
    return { requeueAfterMs: MACHINES_EXIST_REQUEUE_MS };
  }
  const finalizers = view.finalizers.filter((finalizer) => finalizer !== CLUSTER_FINALIZER);
  // Not through patchCluster: the answer must not bring the object back into the cache after its DELETED event.
  const metadata = { resourceVersion: view.resourceVersion, finalizers };
  await deps.client.patch(baremetalClusters, view, { metadata });
  return {};
}

function machinesOf({ namespace, clusterName }: BaremetalClusterView, deps: ClusterReconcilerDeps): string[] {
  if (clusterName === undefined) return [];
  const machines = deps.machines.byIndex('cluster', keyText({ namespace, name: clusterName }));
  // One that cannot be read does not say whose it is.
  const unreadable = [...deps.machines.listUnreadable()].filter((key) => key.namespace === namespace);
  return [...machines, ...unreadable].map(({ name }) => name).toSorted();
}

async function writeStatus(
  view: BaremetalClusterView,
  facts: Parameters<typeof computeClusterStatus>[1],
  deps: ClusterReconcilerDeps,
): Promise<void> {
  const { provisioned, failureDomains, conditions: wanted } = computeClusterStatus(view, facts);
  const { conditions, changed } = mergeConditions(
    view.conditions,
    wanted,
    new Date(deps.nowMs()),
    clusterConditionTypes,
  );
  const flags = provisioned ? { ready: true, initialization: { provisioned: true } } : { ready: false };
  const moved = !isDeepStrictEqual(view.failureDomains, failureDomains);
  if (!changed && !moved && view.ready === provisioned && view.provisioned === provisioned) return;
  const metadata = { resourceVersion: view.resourceVersion };
  const status = { ...flags, failureDomains: failureDomains.length > 0 ? failureDomains : null, conditions };
  await patchCluster(view, { metadata, status }, deps, 'status');
}

async function patchCluster(
  view: BaremetalClusterView,
  body: object,
  deps: ClusterReconcilerDeps,
  subresource?: 'status',
): Promise<BaremetalClusterView> {
  const written = viewBaremetalCluster(await deps.client.patch(baremetalClusters, view, body, { subresource }));
  deps.baremetalClusters.upsert(written);
  return written;
}
