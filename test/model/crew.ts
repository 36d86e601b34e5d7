import { join } from 'node:path';
import type { JournalAddress } from '../../journal/connection.ts';
import { type Service, type ServiceKind, startService } from '../../dev/lab/services.ts';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';

/** The processes of a lane. */
export interface Crew {
  /** SIGKILL. */
  kill(kind: ServiceKind): Promise<void>;
  /** Starts what was killed; nothing if it runs. */
  start(kind: ServiceKind): Promise<void>;
  /** Starts a worker of the next build beside the one that runs, and waits until it is ready. */
  startNextBuild(): Promise<void>;
  /** Stops the workers of all builds but the last; answers whether there was one. */
  stopOldBuild(): Promise<boolean>;
  /** @throws Error when a process has ended that nobody has ended */
  assertAlive(): void;
  stop(): Promise<void>;
}

/** Deadlines so short that a silent host is reported within a sequence, and runs that are ended by hand are missed soon. */
const periods = {
  IRONLOOM_REPROVISION_DEADLINE: '4s',
  IRONLOOM_CLEAN_DEADLINE: '4s',
  IRONLOOM_NODE_JOIN_DEADLINE: '4s',
  IRONLOOM_RESYNC_PERIOD: '3s',
};

export interface CrewOptions {
  namespace: string;
  /** How many hosts may be at a reprovision plan at a time; undefined: as many as there are. */
  slotLimit: number | undefined;
  journal: JournalAddress;
}

/** The worker and the bridge of a namespace; there is only one bridge, so it needs no Lease. */
export function createCrew(
  cluster: ManagementClusterDescription,
  { namespace, slotLimit, journal }: CrewOptions,
): Crew {
  const bridges: Service[] = [];
  /** The last one is of the build that is current. */
  const workers: Service[] = [];
  let build = 1;
  const env = {
    IRONLOOM_WATCH_NAMESPACE: namespace,
    IRONLOOM_TASK_QUEUE: namespace,
    IRONLOOM_LEADER_ELECT: 'false',
    ...periods,
    ...(slotLimit !== undefined && { IRONLOOM_MAX_CONCURRENT_REPROVISIONS: String(slotLimit) }),
    IRONLOOM_JOURNAL_URL: journal.url,
    IRONLOOM_JOURNAL_PASSWORD: journal.password ?? '',
    IRONLOOM_WORKFLOW_BUNDLE: bundlePathOf(cluster),
  };
  const startWorker = async (): Promise<void> => {
    const buildEnv = { ...env, IRONLOOM_BUILD_ID: `build-${build}` };
    const name = `${namespace}-worker-${build}`;
    workers.push(await startService(cluster, { kind: 'worker', name, env: buildEnv }));
  };
  return {
    async start(kind) {
      if (kind === 'worker' && workers.length === 0) await startWorker();
      if (kind === 'bridge' && bridges.length === 0) {
        bridges.push(await startService(cluster, { kind, name: `${namespace}-${kind}`, env }));
      }
    },
    async startNextBuild() {
      build += 1;
      await startWorker();
    },
    async stopOldBuild() {
      const old = workers.splice(0, workers.length - 1);
      await Promise.all(old.map((worker) => worker.stop()));
      return old.length > 0;
    },
    assertAlive() {
      const ended = [...workers, ...bridges].find((service) => service.exitCode() !== undefined);
      if (ended === undefined) return;
      throw new Error(`${ended.name} ended by itself with ${ended.exitCode()}; its log is ${ended.logPath}`);
    },
    async kill(kind) {
      const killed = kind === 'worker' ? workers.splice(0) : bridges.splice(0);
      await Promise.all(killed.map((service) => service.kill()));
    },
    async stop() {
      await Promise.all([...workers, ...bridges].map((service) => service.stop()));
    },
  };
}

/** Where the workflows lie that all lanes' workers take. */
export function bundlePathOf({ dir }: Pick<ManagementClusterDescription, 'dir'>): string {
  return join(dir, 'workflow-bundle.js');
}
