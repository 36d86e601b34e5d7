import { z } from 'zod';
import { objectMetaSchema } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { isAlreadyExists, isNotFound, type KubeClient } from '../../../runtime/kube/client.ts';
import type { NodeApi } from './kubelet.ts';
import { followObjects, type ObjectFeed } from '../../elemental/object-feed.ts';
import { type PlanSecret, type PlanSecretApi, type PlanSecretFeed, planSecrets } from '../../elemental/plan-secret.ts';

/** Kubernetes `Node`, cluster-scoped. */
export const nodes = {
  group: '',
  version: 'v1',
  plural: 'nodes',
  kind: 'Node',
  schema: z.looseObject({
    metadata: z.looseObject(objectMetaSchema.shape),
    spec: z.looseObject({ providerID: z.string().optional() }).default({}),
    status: z
      .looseObject({ conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]) })
      .optional(),
  }),
} satisfies Resource<unknown>;

/** Reads and writes plan Secrets as the agents do. */
export function createPlanSecretApi(client: KubeClient): PlanSecretApi {
  return {
    get: (key) => client.get(planSecrets, key),
    put: (secret) => client.replace(planSecrets, secret),
  };
}

/** One list and watch of all managed plan Secrets for the agents of many hosts. */
export function createSharedPlanSecretFeed(
  client: KubeClient,
  namespace: string | undefined,
): PlanSecretFeed & Pick<ObjectFeed<PlanSecret>, 'stop' | 'synced'> {
  const subscribers = new Map<string, Set<(secret: PlanSecret | undefined) => void>>();
  const feed = followObjects({
    client,
    resource: planSecrets,
    namespace,
    labelSelector: 'elemental.cattle.io/managed=true',
    onChange: (key, secret) => subscribers.get(key)?.forEach((onChange) => onChange(secret)),
  });
  return {
    synced: feed.synced,
    stop: () => feed.stop(),
    subscribe: ({ namespace: ofNamespace, name }, onChange) => {
      const key = `${ofNamespace}/${name}`;
      const all = subscribers.get(key) ?? new Set();
      subscribers.set(key, all.add(onChange));
      const standing = feed.objects.get(key);
      if (standing !== undefined) onChange(standing);
      return () => all.delete(onChange);
    },
  };
}

/** Registers Nodes in a cluster as kubelets do. */
export function createNodeApi(client: KubeClient): NodeApi {
  return {
    register: async ({ name, providerId, taints, labels: own }) => {
      const status = { conditions: healthyConditions() };
      const labels = { ...own, 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
      try {
        await client.create(nodes, { metadata: { name, labels }, spec: { providerID: providerId, taints }, status });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        await client.patch(nodes, { namespace: '', name }, { status }, { subresource: 'status' });
      }
    },
    heartbeat: async (name) => {
      try {
        const status = { conditions: healthyConditions() };
        await client.patch(nodes, { namespace: '', name }, { status }, { subresource: 'status' });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
  };
}

/** Conditions of a Node that lacks nothing, as a kubelet reports them now. */
export function healthyConditions() {
  const nowIso = new Date().toISOString();
  return [
    nodeCondition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', nowIso),
    nodeCondition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', nowIso),
    nodeCondition('PIDPressure', 'False', 'KubeletHasSufficientPID', nowIso),
    nodeCondition('Ready', 'True', 'KubeletReady', nowIso),
  ];
}

function nodeCondition(type: string, status: 'True' | 'False', reason: string, nowIso: string) {
  return { type, status, reason, message: 'simulated', lastHeartbeatTime: nowIso, lastTransitionTime: nowIso };
}
