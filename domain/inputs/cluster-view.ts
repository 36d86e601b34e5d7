import type { BaremetalCluster, FailureDomain } from '../../api/cluster.ts';
import { CLUSTER_FINALIZER, foreign } from '../../api/constants.ts';
import type { Condition } from '../../api/meta.ts';

export interface Endpoint {
  host: string;
  port: number;
}

/** The part of a `BaremetalCluster` that the bridge keeps in memory and decides by. */
export interface BaremetalClusterView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  /** RFC 3339, seconds. */
  creationTimestamp: string;
  deleting: boolean;
  finalizers: readonly string[];
  hasFinalizer: boolean;
  /** The object itself carries CAPI's paused annotation. */
  pausedByAnnotation: boolean;
  /** clusterctl deletes the object because it lives on elsewhere now. */
  deletedForMove: boolean;
  /** Somebody else manages the infrastructure (`cluster.x-k8s.io/managed-by`): we do nothing at all. */
  managedElsewhere: boolean;
  /** Name of the Cluster: by its ownerRef, else by CAPI's label. undefined: CAPI has not adopted the object yet. */
  clusterName: string | undefined;
  endpoint: Endpoint | undefined;
  /** Host and port of `controlPlaneLoadBalancer`, when both are set. */
  loadBalancer: Endpoint | undefined;
  ready: boolean;
  provisioned: boolean;
  failureDomains: readonly FailureDomain[];
  conditions: readonly Condition[];
}

/** Reduces a cluster to what decisions need. */
export function viewBaremetalCluster({ metadata, spec, status }: BaremetalCluster): BaremetalClusterView {
  const { host, port } = spec.controlPlaneLoadBalancer ?? {};
  const owner = metadata.ownerReferences.find(
    ({ kind, apiVersion }) => kind === 'Cluster' && apiVersion.startsWith('cluster.x-k8s.io/'),
  );
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation ?? 0,
    creationTimestamp: metadata.creationTimestamp,
    deleting: metadata.deletionTimestamp !== undefined,
    finalizers: metadata.finalizers,
    hasFinalizer: metadata.finalizers.includes(CLUSTER_FINALIZER),
    pausedByAnnotation: foreign.pausedAnnotation in metadata.annotations,
    deletedForMove: foreign.deleteForMoveAnnotation in metadata.annotations,
    managedElsewhere: foreign.managedByAnnotation in metadata.annotations,
    clusterName: owner?.name ?? metadata.labels[foreign.clusterNameLabel],
    endpoint: spec.controlPlaneEndpoint,
    loadBalancer: host === undefined || port === undefined ? undefined : { host, port },
    ready: status?.ready === true,
    provisioned: status?.initialization?.provisioned === true,
    failureDomains: status?.failureDomains ?? [],
    conditions: status?.conditions ?? [],
  };
}
