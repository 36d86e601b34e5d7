import { z } from 'zod';
import { baremetalMachines, capiMachines, type Resource } from '../../api/resources.ts';
import { nodes } from '../../dev/host/node/kube-api.ts';
import { followObjects } from '../../dev/elemental/object-feed.ts';
import { createWorkqueue } from '../../k8s-bridge/queue/workqueue.ts';
import { isConflict, isNotFound, type KubeClient } from '../../runtime/kube/client.ts';
import { createLogger } from '../../runtime/logger.ts';

const FINALIZER = 'machine.cluster.x-k8s.io';

type CapiMachine = z.infer<typeof capiMachines.schema>;

const capiMachineStatus = { ...capiMachines, schema: z.unknown() } satisfies Resource<unknown>;

export interface ClusterApiStandIn {
  stop(): Promise<void>;
}

/**
 * Does with Machines what Cluster API's controller does, without its seconds of CPU: it sets the nodeRef when the Node of
 * the machine's providerID is there, and lets a deleted Machine go after its BaremetalMachine and its Node.
 */
export function startClusterApiStandIn(client: KubeClient, namespace: string): ClusterApiStandIn {
  const markAll = (): void => {
    for (const key of machines.objects.keys()) queue.add(key);
  };
  const machines = followObjects({ client, resource: capiMachines, namespace, onChange: markLater });
  const infrastructure = followObjects({ client, resource: baremetalMachines, namespace, onChange: markLater });
  const allNodes = followObjects({ client, resource: nodes, onChange: markLater });
  const feeds = [machines, infrastructure, allNodes];
  function markLater(): void {
    queueMicrotask(markAll);
  }

  const reconcile = async (key: string): Promise<void> => {
    const machine = machines.objects.get(key);
    if (machine === undefined) return;
    const infra = infrastructure.objects.get(key);
    const { name } = machine.metadata;
    if (machine.metadata.deletionTimestamp !== undefined) {
      // The feed may lag: a BaremetalMachine that is not seen yet must not be left behind.
      const found = infra ?? (await client.find(baremetalMachines, { namespace, name }));
      if (found === undefined) await letGo(client, machine);
      else if (found.metadata.deletionTimestamp === undefined) {
        // Known gap: while a finalizer is being added, the API server may delete the object all the same, unless it is
        // told which state of it is meant. Then nobody sees a deletion, and the host stays owned by nobody.
        const preconditions = { resourceVersion: found.metadata.resourceVersion };
        await client.delete(baremetalMachines, { namespace, name }, { preconditions });
      }
      return;
    }
    const { providerID } = infra?.spec ?? {};
    if (providerID === undefined || machine.status?.nodeRef !== undefined) return;
    const node = [...allNodes.objects.values()].find(({ spec }) => spec.providerID === providerID);
    if (node === undefined) return;
    const status = { nodeRef: { name: node.metadata.name } };
    await client.patch(capiMachineStatus, { namespace, name }, { status }, { subresource: 'status' });
  };
  // Who acted on an old state is told of the new one by the feeds.
  const handler = async (key: string): Promise<void> => {
    try {
      await reconcile(key);
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  };
  const logger = createLogger({ level: 'warn', component: 'cluster-api-stand-in' });
  const queue = createWorkqueue({ name: 'stand-in', workers: 4, handler, logger });
  return {
    async stop() {
      await Promise.all(feeds.map((feed) => feed.stop()));
      await queue.stop();
    },
  };
}

async function letGo(client: KubeClient, { metadata, status }: CapiMachine): Promise<void> {
  const { namespace, name, resourceVersion, finalizers } = metadata;
  if (!finalizers.includes(FINALIZER)) return;
  const node = status?.nodeRef?.name;
  if (node !== undefined) await client.delete(nodes, { namespace: '', name: node }).catch(ignoreMissing);
  const rest = finalizers.filter((finalizer) => finalizer !== FINALIZER);
  await client.patch(capiMachines, { namespace, name }, { metadata: { resourceVersion, finalizers: rest } });
}

function ignoreMissing(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

/** What Cluster API adds to a Machine, so that the stand-in decides when it goes. */
export async function keepUntilInfrastructureIsGone(
  client: KubeClient,
  key: { namespace: string; name: string },
): Promise<void> {
  await client.patch(capiMachines, key, { metadata: { finalizers: [FINALIZER] } });
}
