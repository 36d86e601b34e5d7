import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { machineInventoryPoolSpecSchema } from '../../api/pool.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type ManagementCluster, startManagementCluster } from '../stack/management-cluster.ts';
import { findFreePorts } from '../process/ports.ts';
import { ProcessNotReadyError } from '../process/ready.ts';
import { readSamples, type SampleManifest } from '../lab/samples.ts';
import { type ServiceOptions, startService } from '../lab/services.ts';
import { type JournalVariables, startJournal } from './journal.ts';
import { type DemoWatch, watchDemo } from './watch-demo.ts';

/** What the samples say about the place where they go. */
export interface SampleSite {
  namespace: string;
  clusterName: string;
  deployment: string;
  /** Members of the pool, in its order. */
  hosts: string[];
}

/** Everything that runs, before the first machine. */
export interface DemoStage {
  cluster: ManagementCluster;
  lab: Lab;
  temporal: Client;
  watch: DemoWatch;
  samples: SampleManifest[];
  site: SampleSite;
  /** Where the fleet map is. */
  mapUrl: string;
  /** undefined: it has no database. */
  journal: JournalVariables | undefined;
}

export interface StageOptions {
  /** Takes what must be closed, also when the start fails. */
  closing: AsyncDisposableStack;
  /** Its abort ends the start. */
  signal: AbortSignal;
  say: (line: string) => void;
  /** One of the processes ended by itself. */
  onBroken: (error: Error) => void;
}

// Short enough to wait for, long enough to follow.
const HOST_TIMES = { bootMs: 2_000, rebootDelayMs: 500, nodeJoinMs: 1_000, restartDelayMs: 500 };
const UPGRADE_MS = 2_000;
const UPGRADE_STEP_MS = 500;
const STOP_KUBELET_MS = 1_500;
const ALWAYS = 1_000_000;

/** Starts a management cluster, the samples' hosts, the journal's database, and the processes. @throws the signal's reason */
export async function startStage({ closing, signal, say, onBroken }: StageOptions): Promise<DemoStage> {
  const samples = await readSamples();
  const site = readSite(samples);
  say('Starting a management cluster: etcd, kube-apiserver, Cluster API, Temporal …');
  const startedAt = performance.now();
  const cluster = closing.use(await startManagementCluster({ signal }));
  say(
    `It runs after ${((performance.now() - startedAt) / 1000).toFixed(1)} s. Starting hosts, worker, bridge and console …`,
  );

  const { namespace, clusterName, hosts } = site;
  // Beside the hosts: it computes while they wait.
  const startingJournal = startJournal(cluster, { closing, signal, say });
  startingJournal.catch(() => {});
  const lab = await startLab({ cluster, namespace, clusterName, hosts, hostTimes: HOST_TIMES });
  closing.defer(() => lab.stop());
  await Promise.all(hosts.map((host, index) => slowDown(lab, host, index)));
  signal.throwIfAborted();

  const connection = await Connection.connect({ address: cluster.temporal.address });
  closing.defer(() => connection.close());
  const temporal = new Client({ connection, namespace: cluster.temporal.namespace });
  const watch = await watchDemo(lab.client, namespace);
  closing.defer(() => watch.close());
  const journal = await startingJournal;
  const mapUrl = await startServices(cluster, { closing, signal, onBroken, journal });
  signal.throwIfAborted();
  return { cluster, lab, temporal, watch, samples, site, mapUrl, journal };
}

/** Address of the list of all runs in the Temporal UI. */
export function temporalRunsUrl({ temporal }: Pick<ManagementCluster, 'temporal'>): string {
  return `${temporal.uiUrl}/namespaces/${temporal.namespace}/workflows`;
}

/** What people look for first, as links that the Temporal UI can keep as saved views. */
export function temporalViews(cluster: Pick<ManagementCluster, 'temporal'>): string[] {
  const views = [
    ['Failed', 'IronloomPhase = "Failed"'],
    ['Past a deadline', 'IronloomReason IN ("PlanTimedOut", "BootTimedOut", "NodeJoinTimedOut")'],
    ['Wait for a host', 'IronloomReason IN ("PoolExhausted", "FailureDomainExhausted")'],
    ['Of one pool', 'IronloomPool = "workers"'],
  ];
  const urlOf = (query = ''): string => `${temporalRunsUrl(cluster)}?query=${encodeURIComponent(query)}`;
  return views.map(([name = '', query]) => `${`${name}:`.padEnd(17)} ${urlOf(query)}`);
}

/** A simulated host takes milliseconds for everything; a person would see no phase. */
async function slowDown(lab: Lab, name: string, index: number): Promise<void> {
  const host = lab.host(name);
  const upgradeMs = UPGRADE_MS + index * UPGRADE_STEP_MS;
  await host.failStep('elemental upgrade', ALWAYS, { exitCode: 0, delayMs: upgradeMs });
  await host.failStep('systemctl stop kubelet', ALWAYS, { exitCode: 0, delayMs: STOP_KUBELET_MS });
}

async function startServices(
  cluster: ManagementCluster,
  { closing, signal, onBroken, journal }: Omit<StageOptions, 'say'> & Pick<DemoStage, 'journal'>,
): Promise<string> {
  const [mapPort] = await findFreePorts(1);
  const map = { IRONLOOM_CONSOLE_ADDRESS: `127.0.0.1:${mapPort}`, IRONLOOM_TEMPORAL_UI_URL: cluster.temporal.uiUrl };
  const start = async (kind: ServiceOptions['kind'], env = {}): Promise<void> => {
    const service = await startService(cluster, { kind, name: kind, signal, env: { ...journal, ...env } });
    let stopping = false;
    void service.exited.then((code) => {
      if (!stopping) onBroken(new ProcessNotReadyError(service, `ended with exit code ${code}`));
    });
    closing.defer(() => {
      stopping = true;
      return service.stop();
    });
  };
  // All have to be known to `closing` before anything is thrown.
  const results = await Promise.allSettled([start('worker'), start('bridge'), start('console', map)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return `http://127.0.0.1:${mapPort}/`;
}

/** @throws Error when the samples lack something that the demo is about */
export function readSite(samples: readonly SampleManifest[]): SampleSite {
  const find = (kind: string): SampleManifest => {
    const manifest = samples.find((sample) => sample.kind === kind);
    if (manifest === undefined) throw new Error(`config/samples has no ${kind}`);
    return manifest;
  };
  const pool = z.object({ spec: machineInventoryPoolSpecSchema }).parse(find('MachineInventoryPool'));
  return {
    namespace: find('Namespace').metadata.name,
    clusterName: find('Cluster').metadata.name,
    deployment: find('MachineDeployment').metadata.name,
    hosts: pool.spec.machineInventories.map(({ name }) => name),
  };
}
