import { type Resource } from '../api/resources.ts';
import { resourceOf } from '../dev/stack/manifests.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import { type MachineWatch, watchMachines } from './machine-watch.ts';
import { cpuBetween, readUsage, shareOfOthers } from './process-usage.ts';
import { DEPLOYMENT_NAME, type Side, type SideName } from './rival-sides.ts';

const WARM_UP = 30;
const QUIET_MS = 2_000;
const TIMEOUT_MS = 600_000;
const machineDeployments: Resource<unknown> = resourceOf({
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'MachineDeployment',
});

/** A MachineDeployment that went from no machines to all of them, or back. */
export interface Scaling {
  /** From the patch of its replicas until all have a providerID, or none is there. */
  elapsedMs: number;
  /** CPU time by process, in milliseconds. */
  cpu: ReadonlyMap<string, number>;
  /** Share of all cores that programs which do not belong here used. */
  others: number;
  /** Of Unix time. */
  fromMs: number;
  toMs: number;
}

export const ways = ['up', 'down'] as const;
export type Way = (typeof ways)[number];

export interface Turn extends Record<Way, Scaling> {
  side: SideName;
}

/** Starts a side, warms it up with some machines, takes its MachineDeployment up and down, and stops it. */
export async function takeTurn(client: KubeClient, side: Side, machines: number): Promise<Turn> {
  await using _running = await side.start();
  await using watch = await watchMachines(client, side.namespace);
  const scale = (replicas: number): Promise<Scaling> => measureScaling(client, side, watch, replicas);
  await scale(Math.min(WARM_UP, machines));
  await scale(0);
  return { side: side.name, up: await scale(machines), down: await scale(0) };
}

/** Begins and ends with Machines at rest. */
async function measureScaling(
  client: KubeClient,
  { namespace }: Side,
  watch: MachineWatch,
  replicas: number,
): Promise<Scaling> {
  const before = await readUsage();
  const fromMs = Date.now();
  await client.patch(machineDeployments, { namespace, name: DEPLOYMENT_NAME }, { spec: { replicas } });
  await watch.untilProvided(replicas, TIMEOUT_MS);
  const after = await readUsage();
  const toMs = Date.now();
  await watch.untilQuiet(QUIET_MS);
  const cpu = cpuBetween(before, after);
  return { elapsedMs: after.atMs - before.atMs, cpu, others: shareOfOthers(before, after) ?? 0, fromMs, toMs };
}
