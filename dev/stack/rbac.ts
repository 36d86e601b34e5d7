import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type KubeClient } from '../../runtime/kube/client.ts';
import { type Manifest, readManifestFolder, readManifests } from './cluster-api-manifests.ts';
import { applyManifest } from './manifests.ts';

/** Namespace of the service accounts of worker and bridge, as an installation has it. */
export const INSTALLATION_NAMESPACE = 'ironloom-system';

const folderOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
/** Of Leases in the namespace of the installation. */
const LEASE_ROLES: readonly string[] = ['ironloom-lease', 'ironloom-slots'];

/** Gives worker and bridge the rights of an installation (config/rbac), so that a right that is missing there fails here. */
export async function applyRbac(client: KubeClient): Promise<void> {
  const manifests = await readManifestFolder(folderOf('../../config/rbac'));
  for (const namespace of await readManifests(join(folderOf('../../config/manager'), 'namespace.yaml'))) {
    await applyManifest(client, namespace);
  }
  await Promise.all([...manifests, ...inEveryNamespace(manifests)].map((manifest) => applyManifest(client, manifest)));
}

/** Here several bridges run side by side, and each keeps its Leases in a namespace of its own. */
function inEveryNamespace(manifests: readonly Manifest[]): Manifest[] {
  return manifests
    .filter((manifest) => LEASE_ROLES.includes(manifest.metadata.name))
    .map((manifest) => {
      const metadata = { name: manifest.metadata.name };
      if (manifest.kind === 'Role') return { ...manifest, kind: 'ClusterRole', metadata };
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name };
      return { ...manifest, kind: 'ClusterRoleBinding', metadata, roleRef };
    });
}
