import { foreign } from '../../api/constants.ts';
import type { Condition } from '../../api/meta.ts';
import type { MachineInventoryPool, MachineInventoryPoolStatus, PoolMember } from '../../api/pool.ts';

/** The part of a `MachineInventoryPool` that bridge and worker keep in memory and decide by. */
export interface PoolView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  /** RFC 3339, seconds; the older pool owns a host that two pools name. */
  creationTimestamp: string;
  deleting: boolean;
  clusterName: string;
  /** Somebody says by CAPI's label that control planes take their hosts from it. */
  forControlPlanes: boolean;
  /** In declared order. */
  members: readonly PoolMember[];
  memberNames: ReadonlySet<string>;
  counters: Partial<PoolCounters>;
  conditions: readonly Condition[];
}

/** The counters of a pool's status, in the order in which they are shown. */
export const poolCounterNames = [
  'total',
  'available',
  'allocated',
  'preparing',
  'reprovisioning',
  'unavailable',
] as const;
/** `total` is the sum of the others. */
export type PoolCounters = Record<(typeof poolCounterNames)[number], number>;

/** Reduces a pool to what decisions need. */
export function viewPool({ metadata, spec, status = {} }: MachineInventoryPool): PoolView {
  const { conditions = [], ...counters } = status;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation ?? 0,
    creationTimestamp: metadata.creationTimestamp,
    deleting: metadata.deletionTimestamp !== undefined,
    clusterName: spec.clusterName,
    forControlPlanes: foreign.controlPlaneLabel in metadata.labels,
    members: spec.machineInventories,
    memberNames: new Set(spec.machineInventories.map(({ name }) => name)),
    counters: dropUndefined(counters),
    conditions,
  };
}

function dropUndefined(counters: Omit<MachineInventoryPoolStatus, 'conditions'>): Partial<PoolCounters> {
  const result: Partial<PoolCounters> = {};
  for (const name of poolCounterNames) {
    const value = counters[name];
    if (value !== undefined) result[name] = value;
  }
  return result;
}
