import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { type Activities, createActivities } from '../activities/index.ts';
import { annotations, foreign } from '../api/constants.ts';
import { machineInventories } from '../api/resources.ts';
import type { MachineRef, MachineSnapshot } from '../domain/inputs/machine-snapshot.ts';
import { startLife } from '../domain/life/machine-life.ts';
import type { ClaimOutcome, StepStopped } from '../domain/life/step-outcomes.ts';
import { projectStatus } from '../domain/report/status/machine-status.ts';
import { createReader } from '../reading/reader.ts';
import { createKubeClient } from '../runtime/kube/client.ts';
import { createLogger } from '../runtime/logger.ts';
import { cachesOf, createWorkerCaches } from '../workers/caches.ts';
import { createMachine, createPool, hostNames, inParallel, POOL_NAME, registerHosts } from './bench-objects.ts';
import { type BenchSite, CLUSTER_NAME, startBenchSite } from './bench-site.ts';
import { describeCpu, readUsage } from './process-usage.ts';
import type { Benchmark, Measurement } from './measurement.ts';

const MACHINES = 400;
const WARM_UP = 50;
/** Activities that a worker runs at the same time. */
const WIDTH = 100;

/** The activity `claimHost` against the API server, without Temporal around it. */
export const claims: Benchmark = {
  name: 'claims',
  about: `${MACHINES} machines claim a host of one pool`,
  async run({ progress }) {
    return [...(await measureClaims(1, 250, progress)), ...(await measureClaims(2, 375, progress))];
  },
};

async function measureClaims(count: number, budget: number, progress: (line: string) => void): Promise<Measurement[]> {
  await using site = await startBenchSite('claims');
  const { client, namespace } = site;
  const hosts = hostNames(WARM_UP + MACHINES);
  await registerHosts(client, namespace, hosts);
  await createPool(client, namespace, hosts);
  const machines = await createMachines(site, hosts.length);
  const workers = await Promise.all(Array.from({ length: count }, () => startClaimer(site)));
  const name = count === 1 ? 'one worker' : `${count} workers`;
  progress(`${name}: ${WARM_UP} claims to warm up, then ${MACHINES}`);
  await claimAll(workers, machines.slice(0, WARM_UP));
  const before = await readUsage();
  const held = await claimAll(workers, machines.slice(WARM_UP));
  const after = await readUsage();
  await Promise.all(workers.map((worker) => worker.stop()));
  const perSecond = held.length / ((after.atMs - before.atMs) / 1000);
  const { owned, doubles } = await countOwners(site);
  return [
    {
      what: `claims in one pool, ${name}`,
      // Several workers begin with the same host; all but one find out by a conflict, or by the watch, and try the next.
      budget: `≥ ${budget} a second`,
      ok: perSecond >= budget,
      measured: `${Math.round(perSecond)} a second`,
    },
    {
      what: 'hosts with two claims, machines with two hosts',
      budget: '0',
      measured: `${held.length - new Set(held).size + doubles} (${owned} hosts owned)`,
      ok: doubles === 0 && new Set(held).size === held.length && owned === hosts.length,
    },
    { what: 'CPU time meanwhile', measured: describeCpu(before, after) },
  ];
}

interface Claimer {
  claim(machine: MachineRef): Promise<string>;
  stop(): Promise<void>;
}

async function createMachines({ client, namespace }: BenchSite, count: number): Promise<MachineRef[]> {
  const refs: MachineRef[] = [];
  await inParallel(Array(count).keys(), 16, async (index) => {
    const name = `machine-${String(index).padStart(4, '0')}`;
    const { metadata } = await createMachine(client, namespace, name, `owner-of-${name}`);
    refs.push({ namespace, name, uid: metadata.uid });
  });
  return refs;
}

const hostLabels = { failureDomain: foreign.zoneLabel, hardware: {} };

/** What a worker process has: a client, caches and activities. */
async function startClaimer({ cluster, namespace }: BenchSite): Promise<Claimer> {
  const kube = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.worker, userAgent: 'ironloom-worker' });
  const logger = createLogger({ level: 'error', component: 'bench' });
  const informers = createWorkerCaches(kube, logger, { namespace, hostLabels });
  for (const informer of Object.values(informers)) informer.start();
  await Promise.all(Object.values(informers).map((informer) => informer.synced));
  const reader = createReader({ threads: 1 });
  const activities: Activities = createActivities({
    kube,
    caches: cachesOf(informers),
    journal: { write: async () => {} },
    reader,
    policy: {
      reprovisionDeadlineMs: 1,
      cleanDeadlineMs: 1,
      nodeJoinDeadlineMs: 1,
      defaultRegistry: undefined,
      hostLabels,
      slots: { lease: { namespace, name: 'slots' }, limit: undefined },
    },
    temporalNamespace: 'default',
    meter: { claimEnded: () => {}, claimConflicted: () => {} },
  });
  const status = { ...projectStatus(startLife(readyToClaim)), number: 1 };
  return {
    async claim(machine) {
      const environment = new MockActivityEnvironment(
        { startToCloseTimeoutMs: 60_000 },
        { logger: new DefaultLogger('ERROR') },
      );
      const outcome: ClaimOutcome | StepStopped = await environment.run(activities.claimHost, {
        machine,
        status,
        avoid: [],
      });
      if (outcome.kind !== 'claimed') throw new Error(`${machine.name}: ${JSON.stringify(outcome)}`);
      return outcome.host.inventory;
    },
    async stop() {
      await Promise.all(Object.values(informers).map((informer) => informer.stop()));
      await reader.close();
      await kube.close();
    },
  };
}

const readyToClaim: MachineSnapshot = {
  deleting: false,
  gone: false,
  deletedForMove: false,
  paused: false,
  finalizerLost: false,
  hostMissing: false,
  pool: POOL_NAME,
  machine: { name: 'owner', nodeName: null },
  cluster: { name: CLUSTER_NAME, infrastructureReady: true },
  provisioning: null,
};

/** Names of the hosts, one for each machine. */
async function claimAll(workers: readonly Claimer[], machines: readonly MachineRef[]): Promise<string[]> {
  const held: string[] = [];
  await Promise.all(
    workers.map(async (worker, index) => {
      const own = machines.filter((_, position) => position % workers.length === index);
      await inParallel(own, WIDTH, async (machine) => {
        held.push(await worker.claim(machine));
      });
    }),
  );
  return held;
}

/** What the inventories say in the end. */
async function countOwners({ client, namespace }: BenchSite): Promise<{ owned: number; doubles: number }> {
  const { items } = await client.list(machineInventories, { namespace });
  const owners = items
    .map((item) => machineInventories.schema.parse(item).metadata.annotations[annotations.ownerUid])
    .filter((uid) => uid !== undefined);
  return { owned: owners.length, doubles: owners.length - new Set(owners).size };
}
