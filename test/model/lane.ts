import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Pool } from 'pg';
import { CLUSTER_NAME, prepareNamespace } from '../../bench/bench-site.ts';
import { createInventory, startElementalOperator } from '../../dev/elemental/operator.ts';
import { startHostSimulator } from '../../dev/host/simulator.ts';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import type { ServiceKind } from '../../dev/lab/services.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { createKubeClient, type KubeClient } from '../../runtime/kube/client.ts';
import { connectJournal } from '../../journal/connection.ts';
import { createPool } from '../support/machines.ts';
import { startKubeGate } from '../support/kube-gate.ts';
import { startTcpGate, type TcpGate } from '../support/tcp-gate.ts';
import { waitFor } from '../support/wait-for.ts';
import { createWatchStalls, type WatchStalls } from '../support/watch-stalls.ts';
import { startClusterApiStandIn } from './cluster-api-stand-in.ts';
import { slots } from './command.ts';
import { type Crew, createCrew, type CrewOptions } from './crew.ts';
import { type History, recordHistory } from './history.ts';
import { basePoolName, type PoolPlan } from './model-state.ts';

const HOSTS = 20;
/** So few that machines must wait for each other; the other hosts are spare until somebody adds them. */
const MEMBERS = { a: 2, b: 3 };

/** A namespace with 20 hosts, some of them in two pools, a worker and a bridge; it outlives many sequences. */
export interface Lane {
  namespace: string;
  /** How many hosts may be at a reprovision plan at a time; undefined: as many as there are. */
  slotLimit: number | undefined;
  /** Folder with the logs of worker and bridge, among others. */
  logs: string;
  client: KubeClient;
  temporal: Client;
  hosts: ReadonlyMap<string, SimulatedHost>;
  poolPlan: PoolPlan;
  history: History;
  crew: Crew;
  /** Of what each of them watches. */
  stalls: Readonly<Record<ServiceKind, Pick<WatchStalls, 'stall' | 'resume'>>>;
  /** Of worker and bridge. */
  wayToTemporal: Pick<TcpGate, 'cut' | 'open'>;
  /** Of the worker. */
  wayToJournal: Pick<TcpGate, 'cut' | 'open'>;
  /** The database of the journal, past the gate. */
  journal: Pool;
  close(): Promise<void>;
}

/** Starts everything of a lane and waits until its hosts can be claimed. The namespace of Temporal is there. */
export async function openLane(
  cluster: ManagementClusterDescription,
  { namespace, slotLimit, journal: { url, password } }: CrewOptions,
): Promise<Lane> {
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
  const wayToTemporal = await startTcpGate(cluster.temporal.address);
  opened.defer(() => wayToTemporal.close());
  const { host: databaseAddress } = new URL(url);
  const wayToJournal = await startTcpGate(databaseAddress);
  opened.defer(() => wayToJournal.close());
  const journal = connectJournal({ url, password }, () => {});
  opened.defer(() => journal.end());
  const worker = await openGate(cluster, 'worker', namespace);
  opened.defer(() => worker.close());
  const bridge = await openGate(cluster, 'bridge', namespace);
  opened.defer(() => bridge.close());
  const gated = {
    ...cluster,
    kubeconfigs: { ...cluster.kubeconfigs, worker: worker.kubeconfigPath, bridge: bridge.kubeconfigPath },
    temporal: { ...cluster.temporal, address: wayToTemporal.address },
  };
  const gatedUrl = url.replace(databaseAddress, wayToJournal.address);
  const crew = createCrew(gated, { namespace, slotLimit, journal: { url: gatedUrl, password } });
  opened.defer(() => crew.stop());
  await Promise.all([crew.start('worker'), crew.start('bridge')]);
  await waitFor('all members are available', () =>
    slots.every((slot) => history.pools.get(basePoolName(slot))?.status?.available === MEMBERS[slot]),
  );
  const resources = opened.move();
  const temporal = new Client({ connection, namespace: cluster.temporal.namespace });
  const { logs } = cluster;
  const world = { namespace, slotLimit, logs, client, temporal, hosts, poolPlan, history, journal };
  const stalls = { worker: worker.stalls, bridge: bridge.stalls };
  return { ...world, crew, stalls, wayToTemporal, wayToJournal, close: () => resources.disposeAsync() };
}

/** The way of a process to the API server, on which watches can be held back. */
async function openGate({ dir, kubeconfigs }: ManagementClusterDescription, kind: ServiceKind, namespace: string) {
  const stalls = createWatchStalls();
  const gatedKubeconfigPath = join(dir, `${namespace}-${kind}.kubeconfig`);
  const gate = await startKubeGate({
    kubeconfigPath: kubeconfigs[kind],
    gatedKubeconfigPath,
    decide: () => ({ kind: 'pass' }),
    stalls,
  });
  return { stalls, kubeconfigPath: gatedKubeconfigPath, close: () => gate.close() };
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
