import { randomInt } from 'node:crypto';
import { stringify } from 'yaml';
import { z } from 'zod';
import { type ObjectKey, objectMetaSchema } from '../../../api/meta.ts';
import { configMaps, type Resource } from '../../../api/resources.ts';
import { KubeApiError, type KubeClient } from '../../../runtime/kube/client.ts';
import type { HostDisk } from '../os/disk.ts';
import { healthyConditions, nodes } from './kube-api.ts';
import type { NodeApi } from './kubelet.ts';
import { clusterDocumentSchema, type NodeIdentity, readDocuments } from './identity.ts';

const SYSTEM_NAMESPACE = 'kube-system';
const CONTROL_PLANE_ROLE = 'node-role.kubernetes.io/control-plane';
const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

const pods = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  schema: z.object({ metadata: objectMetaSchema.partial() }),
} satisfies Resource<unknown>;

/**
 * Registers hosts in a cluster of `startHostedCluster` as kubelets do: a control plane node brings the mirror Pods of
 * its components, among them an etcd member, and the first one leaves kubeadm's configuration in the cluster.
 */
export function createHostedNodeApi(client: KubeClient): NodeApi {
  return {
    register: async (identity, disk) => {
      if (identity.startsCluster) await uploadKubeadmConfig(client, disk);
      if (identity.controlPlane) for (const name of components) await createMirrorPod(client, name, identity);
      // Last, so that nobody finds a control plane Node without its etcd member.
      await ensure(client, nodes, await renderNode(identity, disk));
    },
    heartbeat: async (name) => {
      const key = { namespace: '', name };
      // Before the patch, whose answer for an absent object is 500 here.
      if (!(await isThere(client, key))) return false;
      // There is no subresource for the status.
      await client.patch(nodes, key, { status: { conditions: healthyConditions() } });
      return true;
    },
  };
}

async function renderNode({ name, providerId, controlPlane, taints, labels: own }: NodeIdentity, disk: HostDisk) {
  const labels = { ...own, 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
  const role = { [CONTROL_PLANE_ROLE]: '' };
  const roleTaint = { key: CONTROL_PLANE_ROLE, effect: 'NoSchedule' };
  return {
    metadata: { name, labels: controlPlane ? { ...labels, ...role } : labels },
    spec: { providerID: providerId, taints: controlPlane ? [...taints, roleTaint] : taints },
    status: {
      conditions: healthyConditions(),
      nodeInfo: { kubeletVersion: await readKubeletVersion(disk) },
    },
  };
}

/** The kubelet is part of the image that was installed last, and the image's tag is the version of Kubernetes. */
async function readKubeletVersion(disk: HostDisk): Promise<string> {
  const installs = (await disk.commands()).filter(
    ({ command, args }) => command === 'elemental' && args[0] === 'upgrade',
  );
  const tags = installs.at(-1)?.args.map((arg) => /:(v\d+\.\d+\.\d+)$/.exec(arg)?.[1]) ?? [];
  return tags.find((tag) => tag !== undefined) ?? '';
}

async function createMirrorPod(client: KubeClient, component: string, identity: NodeIdentity): Promise<void> {
  await ensure(client, pods, {
    metadata: {
      namespace: SYSTEM_NAMESPACE,
      name: `${component}-${identity.name}`,
      labels: { component, tier: 'control-plane' },
      annotations: {
        'kubernetes.io/config.mirror': 'simulated',
        ...(component === 'etcd' && joinEtcd(identity)),
      },
    },
    spec: { nodeName: identity.name },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

/** What the in-memory server keeps of an etcd member. The first one leads until leadership is moved. */
function joinEtcd({ startsCluster }: NodeIdentity): Record<string, string> {
  const prefix = 'etcd.inmemory.infrastructure.cluster.x-k8s.io';
  return {
    [`${prefix}/cluster-id`]: '1',
    [`${prefix}/member-id`]: String(randomInt(1, 2 ** 31)),
    ...(startsCluster && { [`${prefix}/leader-from`]: new Date().toISOString().replace(/\.\d+Z$/, 'Z') }),
  };
}

async function uploadKubeadmConfig(client: KubeClient, disk: HostDisk): Promise<void> {
  const documents = readDocuments((await disk.read('/run/kubeadm/kubeadm.yaml')) ?? '');
  const cluster = documents.map((document) => clusterDocumentSchema.safeParse(document).data).find(Boolean);
  await ensure(client, configMaps, {
    metadata: { namespace: SYSTEM_NAMESPACE, name: 'kubeadm-config' },
    data: { ClusterConfiguration: stringify(cluster ?? {}) },
  });
}

/** Creates the object unless one of its name stands there, as after a reboot. */
async function ensure<B extends Parameters<KubeClient['create']>[1]>(
  client: KubeClient,
  resource: Resource<unknown>,
  body: B,
): Promise<void> {
  try {
    await client.create(resource, body);
  } catch (error) {
    if (!isRefusal(error, 409)) throw error;
  }
}

async function isThere(client: KubeClient, node: ObjectKey): Promise<boolean> {
  try {
    await client.get(nodes, node);
    return true;
  } catch (error) {
    if (isRefusal(error, 404)) return false;
    throw error;
  }
}

/** The body of this API server's refusals is no Status, so there is no reason to look at. */
function isRefusal(error: unknown, code: number): boolean {
  return error instanceof KubeApiError && error.code === code;
}
