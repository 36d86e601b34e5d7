import { baremetalRemediations, baremetalRemediationTemplates } from '../../api/resources.ts';
import { resourceOf } from '../../dev/stack/manifests.ts';
import type { Site } from './site.ts';

/** The least that a request may give. */
export const REMEDIATION_SECONDS = 100;

/** A MachineHealthCheck that lets hosts be rebooted, and its template, both of this name. */
export async function watchHealth(
  { client, namespace }: Site,
  name: string,
  { clusterName, matchLabels }: { clusterName: string; matchLabels: Record<string, string> },
): Promise<void> {
  await client.create(baremetalRemediationTemplates, {
    metadata: { namespace, name },
    spec: { template: { spec: { strategy: { type: 'Reboot', timeoutSeconds: REMEDIATION_SECONDS } } } },
  });
  const { group, version, kind } = baremetalRemediationTemplates;
  await client.create(resourceOf({ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'MachineHealthCheck' }), {
    metadata: { namespace, name },
    spec: {
      clusterName,
      selector: { matchLabels },
      checks: {
        nodeStartupTimeoutSeconds: 0,
        unhealthyNodeConditions: [{ type: 'Ready', status: 'Unknown', timeoutSeconds: 1 }],
      },
      remediation: { templateRef: { apiVersion: `${group}/${version}`, kind, name } },
    },
  });
}

/** The request for a Machine, if there is one. */
export function findRequest({ client, namespace }: Site, machine: string) {
  return client.find(baremetalRemediations, { namespace, name: machine });
}
