import { readFile } from 'node:fs/promises';
import { foreign } from '../../api/constants.ts';
import { type ObjectKey } from '../../api/meta.ts';
import { secrets } from '../../api/resources.ts';
import { type KubeClient } from '../../runtime/kube/client.ts';
import { createCertificateAuthority } from './certificates.ts';
import { ensureExternalControlPlane } from './external-control-plane.ts';

const FIELD_MANAGER = 'ironloom-dev';

/**
 * Makes what CAPI expects of a cluster whose control plane runs already, before or after the `Cluster` itself: Secret
 * `<name>-ca`, Secret `<name>-kubeconfig` and a complete `ExternalControlPlane` of the cluster's name.
 * Nodes then are objects of the API server that `kubeconfigPath` points at, normally the management cluster itself.
 */
export async function prepareWorkloadCluster(
  client: KubeClient,
  cluster: ObjectKey,
  kubeconfigPath: string,
): Promise<void> {
  const authority = await createCertificateAuthority(`${cluster.name}-ca`);
  await applyClusterSecret(client, cluster, 'ca', { 'tls.crt': authority.certPem, 'tls.key': authority.keyPem });
  await applyClusterSecret(client, cluster, 'kubeconfig', { value: await readFile(kubeconfigPath, 'utf8') });
  await ensureExternalControlPlane(client, cluster);
}

async function applyClusterSecret(
  client: KubeClient,
  cluster: ObjectKey,
  purpose: 'ca' | 'kubeconfig',
  content: Readonly<Record<string, string>>,
): Promise<void> {
  const data = Object.entries(content).map(([key, value]) => [key, Buffer.from(value).toString('base64')] as const);
  const metadata = {
    namespace: cluster.namespace,
    name: `${cluster.name}-${purpose}`,
    // Without it CAPI's filtered Secret cache never sees the object.
    labels: { [foreign.clusterNameLabel]: cluster.name },
  };
  const secret = { metadata, type: foreign.clusterSecretType, data: Object.fromEntries(data) };
  await client.apply(secrets, secret, { fieldManager: FIELD_MANAGER });
}
