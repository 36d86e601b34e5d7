import { foreign } from '../../api/constants.ts';
import { baremetalMachines, capiMachines, secrets } from '../../api/resources.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { renderJoinConfig } from './bootstrap-data.ts';

type Place = Pick<Lab, 'client' | 'namespace'>;

/** Creates a machine that needs nothing any more: bootstrap Secret, Machine, and the BaremetalMachine that it owns. */
export async function createReadyMachine({ client, namespace }: Place, name: string, pool: string): Promise<void> {
  const cluster = 'demo';
  const metadata = { namespace, name, labels: { [foreign.clusterNameLabel]: cluster } };
  const value = Buffer.from(renderJoinConfig()).toString('base64');
  await client.create(secrets, { metadata, type: foreign.clusterSecretType, data: { value } });
  const { group, kind } = baremetalMachines;
  const owner = await client.create(capiMachines, {
    metadata,
    spec: {
      clusterName: cluster,
      version: 'v1.34.2',
      bootstrap: { dataSecretName: name },
      infrastructureRef: { apiGroup: group, kind, name },
    },
  });
  const controller = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name, uid: owner.metadata.uid };
  await client.create(baremetalMachines, {
    metadata: { ...metadata, ownerReferences: [{ ...controller, controller: true, blockOwnerDeletion: true }] },
    spec: { machineInventoryPoolRef: { name: pool } },
  });
}
