import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { CLUSTER_NAME, prepareNamespace } from '../../bench/bench-site.ts';
import { createInventory, startElementalOperator } from '../../dev/elemental/operator.ts';
import { startHostSimulator } from '../../dev/host/simulator.ts';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import { type Service, type ServiceKind, startService } from '../../dev/lab/services.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { createKubeClient, type KubeClient } from '../../runtime/kube/client.ts';
import { createPool } from '../support/machines.ts';
import { startKubeGate } from '../support/kube-gate.ts';
import { waitFor } from '../support/wait-for.ts';
import { createWatchStalls, type WatchStalls } from '../support/watch-stalls.ts';
import { startClusterApiStandIn } from './cluster-api-stand-in.ts';
import { slots } from './command.ts';
import { type History, recordHistory } from './history.ts';
import { basePoolName, type PoolPlan } from './model-state.ts';

const HOSTS = 20;
/** So few that machines must wait for each other; the other hosts are spare until somebody adds them. */
const MEMBERS = { a: 2, b: 3 };

/** A namespace with 20 hosts, some of them in two pools, a worker and a bridge; it outlives many sequences. */
export interface Lane {
  namespace: string;
  /** Folder with the logs of worker and bridge, among others. */
  logs: string;
  client: KubeClient;
  temporal: Client;
  hosts: ReadonlyMap<string, SimulatedHost>;
  poolPlan: PoolPlan;
  history: History;
  crew: Crew;
  /** Of the worker. */
  stalls: Pick<WatchStalls, 'stall' | 'resume'>;
  close(): Promise<void>;
}

/** The processes of a lane. */
export interface Crew {
  /** SIGKILL. */
  kill(kind: ServiceKind): Promise<void>;
  /** Starts what was killed; nothing if it runs. */
  start(kind: ServiceKind): Promise<void>;
  stop(): Promise<void>;
}

/** Starts everything of a lane and waits until its hosts can be claimed. */
export async function openLane(cluster: ManagementClusterDescription, namespace: string): Promise<Lane> {
  await using opened = new AsyncDisposableStack();
  const client = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'ironloom-model' });
  opened.defer(() => client.close());
  await prepareNamespace(client, namespace);
  const names = Array.from({ length: HOSTS }, (_, index) => `${namespace}-${String(index).padStart(2, '0')}`);
  const operator = startElementalOperator(client, namespace);
  opened.defer(() => operator.stop());
  const hosts = await registerHosts(client, namespace, names, opened);
  const poolPlan = { a: names.slice(0, MEMBERS.a), b: names.slice(MEMBERS.a, MEMBERS.a + MEMBERS.b) };
  for (const slot of slots) await createPool({ client, namespace }, basePoolName(slot), poolPlan[slot], CLUSTER_NAME);
  const standIn = startClusterApiStandIn(client, namespace);
  opened.defer(() => standIn.stop());
  const history = await recordHistory(client, namespace);
  opened.defer(() => history.stop());
  const connection = await Connection.connect({ address: cluster.temporal.address });
  opened.defer(() => connection.close());
  const stalls = createWatchStalls();
  const gatedKubeconfigPath = join(cluster.dir, `${namespace}-worker.kubeconfig`);
  const gate = await startKubeGate({
    kubeconfigPath: cluster.kubeconfigs.worker,
    gatedKubeconfigPath,
    decide: () => ({ kind: 'pass' }),
    stalls,
  });
  opened.defer(() => gate.close());
  const kubeconfigs = { ...cluster.kubeconfigs, worker: gatedKubeconfigPath };
  const crew = createCrew({ ...cluster, kubeconfigs }, namespace);
  opened.defer(() => crew.stop());
  await Promise.all([crew.start('worker'), crew.start('bridge')]);
  await waitFor('all members are available', () =>
    slots.every((slot) => history.pools.get(basePoolName(slot))?.status?.available === MEMBERS[slot]),
  );
  const resources = opened.move();
  const temporal = new Client({ connection, namespace: cluster.temporal.namespace });
  const { logs } = cluster;
  const world = { namespace, logs, client, temporal, hosts, poolPlan, history };
  return { ...world, crew, stalls, close: () => resources.disposeAsync() };
}

async function registerHosts(
  client: KubeClient,
  namespace: string,
  names: readonly string[],
  opened: AsyncDisposableStack,
): Promise<Map<string, SimulatedHost>> {
  const times = { restartDelayMs: 150, heartbeatMs: 60_000 };
  const simulator = await startHostSimulator({ client, workloadClient: client, namespace, times });
  opened.defer(() => simulator.stop());
  const hosts = new Map<string, SimulatedHost>();
  for (const name of names) {
    await createInventory(client, { namespace, name });
    hosts.set(name, await simulator.startHost({ namespace, name }));
  }
  return hosts;
}

/** Deadlines so short that a silent host is reported within a sequence. */
const deadlines = {
  IRONLOOM_REPROVISION_DEADLINE: '4s',
  IRONLOOM_CLEAN_DEADLINE: '4s',
  IRONLOOM_NODE_JOIN_DEADLINE: '4s',
};

/** The worker and the bridge of a namespace; each is there at most once, so the bridge needs no Lease. */
function createCrew(cluster: ManagementClusterDescription, namespace: string): Crew {
  const running = new Map<ServiceKind, Service>();
  const env = {
    IRONLOOM_WATCH_NAMESPACE: namespace,
    IRONLOOM_TASK_QUEUE: namespace,
    IRONLOOM_LEADER_ELECT: 'false',
    ...deadlines,
    IRONLOOM_WORKFLOW_BUNDLE: bundlePathOf(cluster),
  };
  return {
    async start(kind: ServiceKind): Promise<void> {
      if (running.has(kind)) return;
      running.set(kind, await startService(cluster, { kind, name: `${namespace}-${kind}`, env }));
    },
    async kill(kind: ServiceKind): Promise<void> {
      await running.get(kind)?.kill();
      running.delete(kind);
    },
    async stop() {
      await Promise.all([...running.values()].map((service) => service.stop()));
    },
  };
}

/** Where the workflows lie that all lanes' workers take. */
export function bundlePathOf({ dir }: Pick<ManagementClusterDescription, 'dir'>): string {
  return join(dir, 'workflow-bundle.js');
}
