import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { managerNames } from './cluster-api-manifests.ts';
import { controllerManagerTools, type Kubernetes, kubernetesTools, startKubernetes } from './kubernetes.ts';
import { findFreePorts } from '../process/ports.ts';
import { createProcessFolder } from '../process/folder.ts';
import { createProcessSet, type ProcessSet } from '../process/set.ts';
import { startTemporalServer, type TemporalServer } from './temporal-server.ts';
import { type ToolReport } from '../tools/progress.ts';
import { resolveTools } from '../tools/resolver.ts';
import { type ClusterToolName } from '../tools/table.ts';

const temporalTools = ['temporal'] as const;

/** What runs; default: everything. */
export interface Components {
  /** etcd and kube-apiserver with our CRDs. The two below need it. */
  kubernetes?: boolean | undefined;
  /** Garbage collection, namespace deletion, PodDisruptionBudgets. */
  controllerManager?: boolean | undefined;
  /** Cluster API's CRDs, managers and webhooks. */
  capi?: boolean | undefined;
  temporal?: boolean | undefined;
}

export interface ManagementClusterOptions {
  components?: Components | undefined;
  /** Of Cluster API's managers, for example `ReconcilerRateLimiting=false`. */
  featureGates?: string | undefined;
  /** Told about tools that must be built first; default: the terminal. */
  report?: ToolReport | undefined;
  /** Its abort ends the start, also while tools are being built. A cluster that has started is `stop`ped. */
  signal?: AbortSignal | undefined;
}

/** What other processes need to know of a management cluster; can be sent between them. */
export interface ManagementClusterDescription {
  /** Holds all state and goes away at the end. */
  dir: string;
  /** Folder with one log file a process. */
  logs: string;
  /** One path for each user: an administrator and the service accounts of worker and bridge. Empty strings without Kubernetes. */
  kubeconfigs: { admin: string; worker: string; bridge: string };
  apiServerUrl: string;
  /** Every write to the API server, and what worker and bridge read, by user and user agent: see dev/stack/audit.ts. */
  auditLogPath: string;
  /** Empty strings without Temporal. */
  temporal: { address: string; uiUrl: string; namespace: string };
}

export interface ManagementCluster extends ManagementClusterDescription, AsyncDisposable {
  /** Stops and starts Temporal; with `wipe` it loses everything. @throws when there is no Temporal */
  restartTemporal(options: { wipe: boolean }): Promise<void>;
  /** SIGKILL, for chaos. `restartProcess` brings it back. @throws Error naming the processes that there are */
  killProcess(name: ProcessName): Promise<void>;
  /** Stops the process if it still runs, starts it as before and waits until it is ready. */
  restartProcess(name: ProcessName): Promise<void>;
  /** Ends all processes and removes `dir`. Safe to call again. */
  stop(): Promise<void>;
}

/** The tools that run as servers of it. */
export type ProcessName = Exclude<ClusterToolName, 'clusterctl' | 'kubectl' | 'kustomize' | 'workload-cluster'>;

/**
 * Starts a management cluster on 127.0.0.1 in a new temporary folder, as one unit: when a part does not start, all that
 * did is stopped. Nothing of it outlives this process, however this process ends.
 * @throws ProcessNotReadyError with the end of the log of what did not start; ToolBuildError; the signal's reason
 */
export async function startManagementCluster(options: ManagementClusterOptions = {}): Promise<ManagementCluster> {
  const { signal } = options;
  const components = completeComponents(options.components ?? {});
  await resolveTools(neededTools(components), options.report, signal);
  const dir = await createProcessFolder();
  const logs = join(dir, 'logs');
  const processes = createProcessSet(logs);
  const started: { kubernetes?: Kubernetes; temporal?: TemporalServer } = {};
  const stop = async () => {
    await processes.close();
    await started.kubernetes?.close();
    await rm(dir, { recursive: true, force: true });
  };
  const abort = () => void processes.close();
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    const starting: Promise<void>[] = [];
    if (components.kubernetes) {
      const kubernetesOptions = { dir, components, featureGates: options.featureGates };
      starting.push(startKubernetes(processes, kubernetesOptions).then((it) => void (started.kubernetes = it)));
    }
    if (components.temporal) starting.push(startTemporal(processes, dir).then((it) => void (started.temporal = it)));
    await finishTogether(starting, () => processes.close());
    signal?.throwIfAborted();
    const { kubernetes, temporal } = started;
    return {
      dir,
      logs,
      kubeconfigs: kubernetes?.kubeconfigs ?? { admin: '', worker: '', bridge: '' },
      apiServerUrl: kubernetes?.apiServerUrl ?? '',
      auditLogPath: kubernetes?.auditLogPath ?? '',
      temporal: {
        address: temporal?.address ?? '',
        uiUrl: temporal?.uiUrl ?? '',
        namespace: temporal?.namespace ?? '',
      },
      async restartTemporal(how) {
        if (temporal === undefined) throw new Error('This cluster was started without Temporal');
        await temporal.restart(how);
      },
      killProcess: (name) => processes.kill(name),
      restartProcess: (name) => processes.restart(name),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function completeComponents(components: Components): Record<keyof Components, boolean> {
  const { kubernetes = true, controllerManager = kubernetes, capi = kubernetes, temporal = true } = components;
  if (!kubernetes && (controllerManager || capi)) {
    throw new Error('The controller manager and Cluster API need kubernetes: true');
  }
  return { kubernetes, controllerManager, capi, temporal };
}

function neededTools(components: Record<keyof Components, boolean>): ClusterToolName[] {
  return [
    ...(components.kubernetes ? kubernetesTools : []),
    ...(components.controllerManager ? controllerManagerTools : []),
    ...(components.capi ? managerNames : []),
    ...(components.temporal ? temporalTools : []),
  ];
}

async function startTemporal(processes: ProcessSet, dir: string): Promise<TemporalServer> {
  const { temporal: binary } = await resolveTools(temporalTools);
  const [port, uiPort] = await findFreePorts(2);
  return startTemporalServer(processes, { dir, binary, port, uiPort });
}

/** Waits for all; the first failure calls `abort`, so that the others fail soon, and is what is thrown. */
async function finishTogether(starting: readonly Promise<void>[], abort: () => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  const watched = starting.map((start) =>
    start.catch(async (error: unknown) => {
      failures.push(error);
      await abort();
    }),
  );
  await Promise.all(watched);
  if (failures.length > 0) throw failures[0];
}
