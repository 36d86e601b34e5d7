import { z } from 'zod';
import { objectMetaSchema, type ObjectKey } from '../../api/meta.ts';
import { type Resource } from '../../api/resources.ts';
import { type KubeClient } from '../../runtime/kube/client.ts';

const FIELD_MANAGER = 'ironloom-dev';

/** Stand-in for a control plane that somebody else manages (CRD in dev/crds/). */
export const externalControlPlanes = {
  group: 'controlplane.cluster.x-k8s.io',
  version: 'v1beta1',
  plural: 'externalcontrolplanes',
  kind: 'ExternalControlPlane',
  schema: z.object({ metadata: objectMetaSchema, status: z.looseObject({}).optional() }),
} satisfies Resource<unknown>;

/**
 * What makes CAPI take a control plane as complete (contracts v1beta1 and v1beta2): workers may join, nodes are drained
 * and deleted, and nothing is compared with its version because it has none.
 */
const completeStatus = {
  ready: true,
  initialized: true,
  externalManagedControlPlane: true,
  initialization: { controlPlaneInitialized: true },
};

/** Makes a control plane object with a complete status, or completes the one that stands there. */
export async function ensureExternalControlPlane(client: KubeClient, key: ObjectKey): Promise<void> {
  await client.apply(externalControlPlanes, { metadata: key }, { fieldManager: FIELD_MANAGER });
  await client.patch(externalControlPlanes, key, { status: completeStatus }, { subresource: 'status' });
}

/** Completes the status of all control plane objects, of one namespace or of all. Writes to none that is complete. */
export async function completeExternalControlPlanes(client: KubeClient, namespace?: string): Promise<void> {
  const { items } = await client.list(externalControlPlanes, { namespace });
  for (const { metadata, status } of z.array(externalControlPlanes.schema).parse(items)) {
    if (status?.['ready'] === true) continue;
    await client.patch(externalControlPlanes, metadata, { status: completeStatus }, { subresource: 'status' });
  }
}
