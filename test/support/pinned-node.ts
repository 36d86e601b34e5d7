import { z } from 'zod';
import { objectMetaSchema } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';

const pods = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  schema: z.object({ metadata: objectMetaSchema }),
} satisfies Resource<unknown>;
const disruptionBudgets = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  schema: z.object({ status: z.object({ currentHealthy: z.number() }).optional() }),
} satisfies Resource<unknown>;
const volumeAttachments = {
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'volumeattachments',
  kind: 'VolumeAttachment',
  schema: z.unknown(),
} satisfies Resource<unknown>;

/** What keeps Cluster API from draining a node: a Pod that may not be evicted, and a volume that is attached. */
export interface PinnedNode {
  /** The Pod may be evicted, and is gone then. */
  allowEviction(): Promise<void>;
  detachVolume(): Promise<void>;
  hasPod(): Promise<boolean>;
}

/** Pins a node of the cluster `demo`, which is the management cluster itself. */
export async function pinNode({ client, namespace }: Site, node: string): Promise<PinnedNode> {
  const key = { namespace, name: node };
  const labels = { pinned: node };
  const containers = [{ name: 'pinned', image: 'registry.example.com/pinned' }];
  // Without a grace period no kubelet is needed to take it away.
  const spec = { nodeName: node, terminationGracePeriodSeconds: 0, containers };
  await client.create(pods, { metadata: { ...key, labels }, spec });
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await client.patch(pods, key, { status }, { subresource: 'status' });
  const budget = { minAvailable: 1, selector: { matchLabels: labels } };
  await client.create(disruptionBudgets, { metadata: key, spec: budget });
  await waitFor('the budget counts the Pod', async () => {
    return (await client.get(disruptionBudgets, key)).status?.currentHealthy === 1;
  });
  const attachment = { namespace: '', name: `${namespace}-${node}` };
  const source = { persistentVolumeName: attachment.name };
  await client.create(volumeAttachments, {
    metadata: attachment,
    spec: { attacher: 'example.com', nodeName: node, source },
  });
  await client.patch(volumeAttachments, attachment, { status: { attached: true } }, { subresource: 'status' });
  return {
    allowEviction: () => client.delete(disruptionBudgets, key),
    detachVolume: () => client.delete(volumeAttachments, attachment),
    hasPod: async () => (await client.find(pods, key)) !== undefined,
  };
}
