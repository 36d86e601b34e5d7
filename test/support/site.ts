import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { z } from 'zod';
import type { capiMachineSchema } from '../../api/cluster-api.ts';
import {
  baremetalMachines,
  capiMachines,
  machineInventories,
  machineInventoryPools,
  type Resource,
} from '../../api/resources.ts';
import { type Lab, startLab } from '../../dev/lab/lab.ts';
import { resourceOf } from '../../dev/stack/manifests.ts';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import { readChangedSamples } from '../../dev/lab/samples.ts';
import { launchService, type Service, type ServiceKind, startService } from '../../dev/lab/services.ts';
import type { HostTimes } from '../../dev/host/options.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { parseEnv } from '../../runtime/env.ts';
import { prebuiltWorkflows, useStack } from './stack.ts';
import { waitFor, type WaitOptions } from './wait-for.ts';

export interface SiteOptions {
  /** Names of the hosts, in the pool's order of preference. */
  hosts: readonly string[];
  replicas: number;
  /** How many worker processes serve the site; default 1. */
  workers?: number;
  hostTimes?: Partial<HostTimes>;
  /** Environment of worker and bridge. */
  env?: Readonly<Record<string, string>>;
  /** Default: the management cluster that all files share. */
  cluster?: ManagementClusterDescription;
}

/** A namespace of its own on the shared management cluster, with its own hosts, workers and bridge. */
export interface Site extends Lab {
  temporal: Client;
  workers: Service[];
  bridge: Service;
  /** Starts another worker or bridge of this site, with `env` added to the site's; it ends with the site at the latest. */
  start(kind: ServiceKind, name: string, env?: Readonly<Record<string, string>>): Promise<Service>;
  /** The same, and does not wait until it is ready. */
  launch(kind: ServiceKind, name: string, env?: Readonly<Record<string, string>>): Promise<Service>;
  /** Applies the samples with the site's hosts and replicas. */
  deploy(): Promise<void>;
  scale(replicas: number): Promise<void>;
  machines(): Promise<z.infer<typeof baremetalMachines.schema>[]>;
  capiMachines(): Promise<z.infer<typeof capiMachines.schema>[]>;
  inventories(): Promise<z.infer<typeof machineInventories.schema>[]>;
  pool(): Promise<z.infer<typeof machineInventoryPools.schema>>;
  /** Waits until exactly `count` machines exist and all are Running with a nodeRef. */
  untilRunning(count: number, options?: WaitOptions): Promise<void>;
  close(): Promise<void>;
}

/** Starts hosts, workers and bridge of a new namespace. A test file with one site takes it from `siteTest` (site-test.ts). */
export async function startSite(label: string, options: SiteOptions): Promise<Site> {
  const cluster = options.cluster ?? useStack();
  const namespace = `${label}-${randomUUID().slice(0, 6)}`;
  const env = {
    IRONLOOM_WATCH_NAMESPACE: namespace,
    IRONLOOM_LEASE_NAMESPACE: namespace,
    IRONLOOM_TASK_QUEUE: namespace,
    ...prebuiltWorkflows(),
    ...options.env,
  };
  const optionsOf = (kind: ServiceKind, name: string, added?: Readonly<Record<string, string>>) => ({
    kind,
    name: `${namespace}-${name}`,
    env: { ...env, ...added },
  });
  const services: Service[] = [];
  const enlist = async (starting: Promise<Service>): Promise<Service> => {
    const service = await starting;
    services.push(service);
    return service;
  };
  const start: Site['start'] = (...service) => enlist(startService(cluster, optionsOf(...service)));
  const lab = await startLab({
    cluster,
    namespace,
    clusterName: 'demo',
    hosts: options.hosts,
    hostTimes: { restartDelayMs: 200, ...options.hostTimes },
  });
  const connection = await connectTo(cluster, options.env);
  const temporal = new Client({ connection, namespace: cluster.temporal.namespace });
  const [bridge, ...workers] = await Promise.all([
    start('bridge', 'bridge'),
    ...Array.from({ length: options.workers ?? 1 }, (_, index) => start('worker', `worker-${index}`)),
  ]);
  const listAll = async <T>(resource: Resource<T>): Promise<T[]> => {
    const { items } = await lab.client.list(resource, { namespace });
    return items.map((item) => resource.schema.parse(item));
  };
  const site: Site = {
    ...lab,
    temporal,
    workers,
    bridge,
    start,
    launch: (...service) => enlist(launchService(cluster, optionsOf(...service))),
    deploy: async () =>
      lab.apply(
        await readChangedSamples({
          namespace,
          replicas: options.replicas,
          hosts: options.hosts.map((name) => ({ name })),
        }),
      ),
    async scale(replicas) {
      const deployment = resourceOf({ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'MachineDeployment' });
      await lab.client.patch(deployment, { namespace, name: 'workers' }, { spec: { replicas } });
    },
    machines: () => listAll(baremetalMachines),
    capiMachines: () => listAll(capiMachines),
    inventories: () => listAll(machineInventories),
    pool: () => lab.client.get(machineInventoryPools, { namespace, name: 'workers' }),
    untilRunning: (count, waitOptions) => untilRunning(site, count, waitOptions),
    async close() {
      await Promise.all(services.map((service) => service.stop()));
      await lab.stop();
      await connection.close();
    },
  };
  return site;
}

/** As the site's own processes reach it, with TLS where they have it. */
async function connectTo({ temporal }: ManagementClusterDescription, env: SiteOptions['env']): Promise<Connection> {
  const parsed = parseEnv({ TEMPORAL_ADDRESS: temporal.address, ...env });
  if (!parsed.ok) throw new Error(parsed.problems.join('; '));
  return Connection.connect(parsed.env.temporal.connectionOptions);
}

async function untilRunning(site: Site, count: number, options: WaitOptions = {}): Promise<void> {
  const isRunning = (machine: z.infer<typeof capiMachineSchema>): boolean =>
    machine.status?.phase === 'Running' && machine.status.nodeRef !== undefined;
  await waitFor(
    `${count} Machines are Running`,
    async () => {
      const machines = await site.capiMachines();
      return machines.length === count && machines.every(isRunning);
    },
    async () => ({ machines: await summarise(site), capi: (await site.capiMachines()).map(({ status }) => status) }),
    { timeoutMs: 90_000, ...options },
  );
}

/** What a person would look at: phase, host and reason of each machine. */
export async function summarise(site: Site): Promise<string[]> {
  return (await site.machines()).map(({ metadata, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return `${metadata.name} ${status?.phase} ${status?.machineInventoryRef?.name} ${ready?.reason}: ${ready?.message}`;
  });
}

/** Events of a machine's run, oldest first. */
export async function fetchHistory(
  site: Site,
  machine: { metadata: { namespace: string; name: string; uid: string } },
) {
  const handle = site.temporal.workflow.getHandle(machineWorkflowId(machine.metadata));
  return (await handle.fetchHistory()).events ?? [];
}
