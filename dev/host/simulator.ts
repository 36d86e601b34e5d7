import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectKey } from '../../api/meta.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createHostClusters } from './node/clusters.ts';
import { createHostCommandFolder } from './os/command-folder.ts';
import { createNodeApi, createPlanSecretApi, createSharedPlanSecretFeed } from './node/kube-api.ts';
import { type SimulatedHost, startSimulatedHost } from './simulated-host.ts';
import type { HostTimes } from './options.ts';

export interface HostSimulatorOptions {
  /** The management cluster, with a user agent of the hosts' own. */
  client: KubeClient;
  /** The workload cluster of hosts that start and join none of their own; absent: hosts join nothing. */
  workloadClient?: KubeClient;
  /** Whose plan Secrets are followed; absent: all namespaces. */
  namespace?: string;
  /** Where the hosts' disks lie; default a temporary folder that `stop` removes. */
  folder?: string;
  /** Where the clusters that hosts start leave their logs; default `folder`. */
  logs?: string;
  times?: Partial<HostTimes>;
  volatilePaths?: readonly string[];
}

export interface HostSimulator {
  hosts: ReadonlyMap<string, SimulatedHost>;
  /** Powers on a host whose agent follows the plan Secret of this name. */
  startHost(key: ObjectKey, times?: Partial<HostTimes>): Promise<SimulatedHost>;
  stop(): Promise<void>;
}

/** Runs any number of simulated hosts in this process: one watch, one folder of commands, one folder a host. */
export async function startHostSimulator(options: HostSimulatorOptions): Promise<HostSimulator> {
  const { client, workloadClient, volatilePaths } = options;
  const commands = await createHostCommandFolder();
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'ironloom-hosts-')));
  const feed = createSharedPlanSecretFeed(client, options.namespace);
  await feed.synced;
  const hosts = new Map<string, SimulatedHost>();
  const clusters = createHostClusters(options.logs ?? folder);
  return {
    hosts,
    startHost: async (key, times = {}) => {
      const host = await startSimulatedHost({
        ...key,
        root: join(folder, key.namespace, key.name),
        commands,
        feed,
        api: createPlanSecretApi(client),
        ...(workloadClient !== undefined && { nodes: clusters.connect(createNodeApi(workloadClient)) }),
        times: { ...options.times, ...times },
        ...(volatilePaths !== undefined && { volatilePaths }),
      });
      hosts.set(`${key.namespace}/${key.name}`, host);
      return host;
    },
    stop: async () => {
      await Promise.all([...hosts.values()].map((host) => host.die()));
      await clusters.stop();
      await feed.stop();
      await commands.remove();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
