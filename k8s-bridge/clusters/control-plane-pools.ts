import { z } from 'zod';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachineTemplates, type Resource } from '../../api/resources.ts';
import type { ControlPlaneRef } from '../../domain/inputs/capi-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import type { TemplateView } from '../../domain/inputs/template-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { isRefusal, KubeApiError, type KubeClient } from '../../runtime/kube/client.ts';
import type { ReadStore, ReconcilerLogger } from '../reconcile/ports.ts';

/** CAPI's `KubeadmControlPlane`, as far as it says what its machines are made from. */
export const kubeadmControlPlanes = {
  group: 'controlplane.cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'kubeadmcontrolplanes',
  kind: 'KubeadmControlPlane',
  schema: z.object({
    spec: z.object({
      machineTemplate: z.object({
        spec: z.object({ infrastructureRef: z.object({ kind: z.string(), name: z.string() }) }),
      }),
    }),
  }),
} satisfies Resource<unknown>;

export interface ControlPlaneDeps {
  client: Pick<KubeClient, 'find'>;
  pools: Pick<ReadStore<PoolView>, 'get' | 'list'>;
  templates: Pick<ReadStore<TemplateView>, 'get'>;
  /** Indexed by `machineIndexes`. */
  machines: Pick<ReadStore<MachineView>, 'byIndex'>;
  logger: Pick<ReconcilerLogger, 'warn'>;
}

export interface ControlPlanePools {
  names: Set<string>;
  /** The control plane, its template or its pool is not there yet. */
  awaited: boolean;
}

/**
 * The pools that the control planes of a cluster take their hosts from: by the machines that there are, by what its
 * KubeadmControlPlane makes machines from, and by the label `cluster.x-k8s.io/control-plane` of a pool, for other kinds.
 */
export async function findControlPlanePools(
  { namespace, name }: { namespace: string; name: string },
  controlPlane: ControlPlaneRef | undefined,
  deps: ControlPlaneDeps,
): Promise<ControlPlanePools> {
  const names = new Set<string>();
  for (const pool of deps.pools.list()) {
    if (pool.namespace === namespace && pool.clusterName === name && pool.forControlPlanes) names.add(pool.name);
  }
  for (const machine of deps.machines.byIndex('cluster', keyText({ namespace, name }))) {
    if (machine.isControlPlane) names.add(machine.pool);
  }
  const planned = await findPlannedPool(namespace, controlPlane, deps);
  if (planned.kind === 'pool') names.add(planned.name);
  return { names, awaited: planned.kind === 'awaited' };
}

type PlannedPool = { kind: 'pool'; name: string } | { kind: 'awaited' } | { kind: 'unknown' };

async function findPlannedPool(
  namespace: string,
  controlPlane: ControlPlaneRef | undefined,
  deps: ControlPlaneDeps,
): Promise<PlannedPool> {
  const { group, kind } = kubeadmControlPlanes;
  if (controlPlane?.kind !== kind || controlPlane.apiGroup !== group) return { kind: 'unknown' };
  const infrastructureRef = await findInfrastructure({ namespace, name: controlPlane.name }, deps);
  if (typeof infrastructureRef === 'string') return { kind: infrastructureRef };
  if (infrastructureRef.kind !== baremetalMachineTemplates.kind) return { kind: 'unknown' };
  const template = deps.templates.get({ namespace, name: infrastructureRef.name });
  if (template === undefined) return { kind: 'awaited' };
  const { pool: name } = template;
  return deps.pools.get({ namespace, name }) === undefined ? { kind: 'awaited' } : { kind: 'pool', name };
}

/** Who may not read it, or does not understand it, knows less, and that holds no cluster up. */
async function findInfrastructure(key: ObjectKey, { client, logger }: ControlPlaneDeps) {
  try {
    const found = await client.find(kubeadmControlPlanes, key);
    return found === undefined ? 'awaited' : found.spec.machineTemplate.spec.infrastructureRef;
  } catch (error) {
    // Its API is not served in this version, where Cluster API is older.
    const isUnserved = error instanceof KubeApiError && error.code === 404;
    if (!isUnserved && !isRefusal(error) && !(error instanceof z.ZodError)) throw error;
    logger.warn({ ...key, err: error }, 'Cannot read which pool a KubeadmControlPlane uses');
    return 'unknown';
  }
}
