import type { FailureDomain } from '../../../api/cluster.ts';
import { clusterReasons } from '../../../api/conditions.ts';
import type { BaremetalClusterView, Endpoint } from '../../inputs/cluster-view.ts';
import type { WantedCondition } from '../../conditions.ts';

/** What the status of a `BaremetalCluster` shall say. */
export interface ClusterStatus {
  /** Written to `status.ready` and `status.initialization.provisioned`; never goes back to false. */
  provisioned: boolean;
  failureDomains: readonly FailureDomain[];
  conditions: WantedCondition[];
}

export interface ClusterFacts {
  /** Where the API server is reached, see `findEndpoint`. */
  endpoint: Endpoint | undefined;
  /** Names of the BaremetalMachines of the cluster; looked at only while the object is being deleted. */
  machines: readonly string[];
  /** Where the hosts of its pools stand, see `findFailureDomains`; those that stand there already while it is deleted. */
  failureDomains: readonly FailureDomain[];
}

/**
 * Where the API server is reached: the cluster's own endpoint, else its load balancer, else what somebody else wrote to
 * the Cluster (CAPI contract: a provider that supplies no endpoint waits for `Cluster.spec.controlPlaneEndpoint`).
 */
export function findEndpoint(
  view: BaremetalClusterView,
  endpointOfCluster: Endpoint | undefined,
): Endpoint | undefined {
  return view.endpoint ?? view.loadBalancer ?? endpointOfCluster;
}

/** Derives the status from what is observed. */
export function computeClusterStatus(view: BaremetalClusterView, facts: ClusterFacts): ClusterStatus {
  const endpointReady = endpointCondition(facts.endpoint);
  const conditions = [readyCondition(view, facts, endpointReady), endpointReady];
  return {
    provisioned: view.provisioned || view.ready || facts.endpoint !== undefined,
    failureDomains: facts.failureDomains,
    conditions: conditions.map((condition) => ({ ...condition, observedGeneration: view.generation })),
  };
}

function endpointCondition(endpoint: Endpoint | undefined): WantedCondition {
  if (endpoint !== undefined) {
    return { type: 'EndpointReady', status: 'True', reason: clusterReasons.EndpointReady, message: textOf(endpoint) };
  }
  return {
    type: 'EndpointReady',
    status: 'False',
    reason: clusterReasons.EndpointMissing,
    message: 'Set spec.controlPlaneEndpoint, or host and port of spec.controlPlaneLoadBalancer',
  };
}

function textOf({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const MAX_NAMES = 10;

function readyCondition(
  view: BaremetalClusterView,
  { machines }: ClusterFacts,
  { status, reason, message }: WantedCondition,
): WantedCondition {
  if (view.deleting) {
    const names = machines.slice(0, MAX_NAMES).join(', ');
    const more = machines.length > MAX_NAMES ? ` and ${machines.length - MAX_NAMES} more` : '';
    const waitsFor = `Deletion waits for the BaremetalMachines of the cluster: ${names}${more}`;
    return { type: 'Ready', status: 'False', reason: clusterReasons.MachinesExist, message: waitsFor };
  }
  if (status === 'True') return { type: 'Ready', status, reason: 'Ready', message: '' };
  return { type: 'Ready', status, reason, message };
}
