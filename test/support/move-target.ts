import { dirname } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { createInventory, startElementalOperator } from '../../dev/elemental/operator.ts';
import { startHostSimulator } from '../../dev/host/simulator.ts';
import { applyManifest } from '../../dev/stack/manifests.ts';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import { startService } from '../../dev/lab/services.ts';
import { createKubeClient, type KubeClient } from '../../runtime/kube/client.ts';
import type { Site } from './site.ts';
import { prebuiltWorkflows } from './stack.ts';

/** The other end of a move: the same namespace on another API server, another Temporal namespace, own worker and bridge. */
export interface MoveTarget {
  client: KubeClient;
  namespace: string;
  temporal: Client;
  /** The server reboots and registers here from now on, with all that is on its disk. */
  takeHost(name: string): Promise<void>;
  /** It goes back to where it came from. */
  returnHost(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface MoveTargetOptions {
  source: Site;
  /** Its `temporal.namespace` need not exist yet. */
  cluster: ManagementClusterDescription;
}

/** Starts a management cluster's part for the namespace of the source, without any object in it. */
export async function startMoveTarget({ source, cluster }: MoveTargetOptions): Promise<MoveTarget> {
  const { namespace } = source;
  const client = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'ironloom-lab' });
  await applyManifest(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const connection = await Connection.connect({ address: cluster.temporal.address });
  await connection.workflowService.registerNamespace({
    namespace: cluster.temporal.namespace,
    workflowExecutionRetentionPeriod: msToTs('72h'),
  });
  const operator = startElementalOperator(client, namespace);
  const [anyHost] = await source.inventories();
  const folder = dirname(dirname(source.host(anyHost?.metadata.name ?? '').disk.root));
  const hosts = await startHostSimulator({ client, workloadClient: source.client, namespace, folder });
  const env = {
    IRONLOOM_WATCH_NAMESPACE: namespace,
    IRONLOOM_LEASE_NAMESPACE: namespace,
    IRONLOOM_TASK_QUEUE: namespace,
    ...prebuiltWorkflows(),
  };
  const services = await Promise.all(
    (['worker', 'bridge'] as const).map((kind) => startService(cluster, { kind, name: `${namespace}-${kind}`, env })),
  );
  return {
    client,
    namespace,
    temporal: new Client({ connection, namespace: cluster.temporal.namespace }),
    async takeHost(name) {
      await source.host(name).die();
      await createInventory(client, { namespace, name });
      await hosts.startHost({ namespace, name });
    },
    async returnHost(name) {
      await hosts.hosts.get(`${namespace}/${name}`)?.die();
      await source.host(name).powerOn();
    },
    async close() {
      await Promise.all(services.map((service) => service.stop()));
      await hosts.stop();
      await operator.stop();
      await connection.close();
      await client.close();
    },
  };
}
