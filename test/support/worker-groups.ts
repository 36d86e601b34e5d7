import { z } from 'zod';
import { type baremetalMachines, machineInventoryPools, type Resource } from '../../api/resources.ts';
import { objectMetaSchema } from '../../api/meta.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { createPool } from './machines.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';
import {
  DEPLOYMENT_LABEL,
  type MachineWishes,
  renderBootstrapTemplate,
  renderDeployment,
  renderMachineTemplate,
} from './worker-manifests.ts';

export type BaremetalMachine = z.infer<typeof baremetalMachines.schema>;

/** A MachineDeployment with a pool and templates of its own, all of the same name. */
export interface WorkerGroup {
  name: string;
  /** Members of its pool, in order of preference. */
  hosts: readonly string[];
  replicas: number;
  /** A pool of more groups, which is there already. Default: one of its own. */
  pool?: string;
  wishes?: MachineWishes;
}

type Place = Pick<Lab, 'client' | 'namespace'>;

const capi = { group: 'cluster.x-k8s.io', version: 'v1beta2', schema: z.object({ metadata: objectMetaSchema }) };
/** CAPI's `MachineDeployment`. */
export const machineDeployments = {
  ...capi,
  plural: 'machinedeployments',
  kind: 'MachineDeployment',
} satisfies Resource<unknown>;

/** CAPI's `MachineSet`: one for each version of a MachineDeployment's template. */
export const machineSets = { ...capi, plural: 'machinesets', kind: 'MachineSet' } satisfies Resource<unknown>;

/** Creates pool, templates and MachineDeployment of the samples under another name; it rolls one host at a time. */
export async function deployWorkers(
  site: Site,
  { name, hosts, replicas, pool = name, wishes }: WorkerGroup,
): Promise<void> {
  if (pool === name) await createPool(site, name, hosts);
  await site.apply([
    await renderMachineTemplate(site, name, pool, wishes),
    await renderBootstrapTemplate(site, name, name),
    await renderDeployment(site, name, replicas),
  ]);
}

/** Changes the spec of a MachineDeployment, as `kubectl patch` does. */
export async function changeDeployment({ client, namespace }: Place, name: string, spec: object): Promise<void> {
  await client.patch(machineDeployments, { namespace, name }, { spec });
}

/** Replaces the list of a pool's members. */
export async function changeMembers({ client, namespace }: Place, pool: string, hosts: readonly string[]) {
  const spec = { machineInventories: hosts.map((name) => ({ name })) };
  await client.patch(machineInventoryPools, { namespace, name: pool }, { spec });
}

/** Appends names to a pool's members by a JSON patch, as the guide does. */
export async function appendMembers({ client, namespace }: Place, pool: string, hosts: readonly string[]) {
  const patch = hosts.map((name) => ({ op: 'add', path: '/spec/machineInventories/-', value: { name } }));
  await client.patch(machineInventoryPools, { namespace, name: pool }, patch, { type: 'json' });
}

/** Machines of a group, oldest first. */
export async function listWorkers(site: Site, group: string): Promise<BaremetalMachine[]> {
  const machines = (await site.machines()).filter((machine) => isOfGroup(machine, group));
  return machines.toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
}

export function isOfGroup({ metadata }: BaremetalMachine, group: string): boolean {
  return metadata.labels[DEPLOYMENT_LABEL] === group;
}

/** Waits until the group's machines are as `isSo` wants them; answers them. */
export async function untilWorkers(
  site: Site,
  group: string,
  what: string,
  isSo: (machines: BaremetalMachine[]) => boolean,
): Promise<BaremetalMachine[]> {
  return waitFor(
    `machines of ${group}: ${what}`,
    async () => {
      const machines = await listWorkers(site, group);
      return isSo(machines) && machines;
    },
    async () => (await listWorkers(site, group)).map(({ metadata, status }) => ({ name: metadata.name, status })),
    { timeoutMs: 120_000 },
  );
}

/** Waits until the group has exactly `count` machines and all are provisioned with a Node; answers them. */
export async function untilWorkersRun(site: Site, group: string, count: number): Promise<BaremetalMachine[]> {
  return untilWorkers(
    site,
    group,
    `${count} run`,
    (machines) => machines.length === count && machines.every(isServing),
  );
}

/** Provisioned, joined and not being deleted. */
export function isServing({ metadata, status }: BaremetalMachine): boolean {
  const joined = status?.conditions?.find(({ type }) => type === 'NodeJoined');
  return metadata.deletionTimestamp === undefined && status?.ready === true && joined?.status === 'True';
}

/** Waits until every machine of a rollout is of the newest template and runs; answers them. */
export async function untilRolledOut(site: Site, group: string, replaced: readonly BaremetalMachine[]) {
  const old = new Set(replaced.map(({ metadata }) => metadata.uid));
  return untilWorkers(
    site,
    group,
    'all replaced and run',
    (machines) =>
      machines.length === replaced.length &&
      machines.every((machine) => isServing(machine) && !old.has(machine.metadata.uid)),
  );
}

/** Of all recorded states of a group's machines: how few of them served at once after `count` had done so. */
export function countLeastServing(states: readonly BaremetalMachine[], group: string, count: number): number {
  const serving = new Set<string>();
  let least: number | undefined;
  for (const machine of states.filter((state) => isOfGroup(state, group))) {
    if (isServing(machine)) serving.add(machine.metadata.uid);
    else serving.delete(machine.metadata.uid);
    if (least !== undefined || serving.size === count) least = Math.min(least ?? count, serving.size);
  }
  return least ?? 0;
}
