import { createHash } from 'node:crypto';
import type { AcceptanceCheck } from '../../api/acceptance.ts';
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
  /** How many of its hosts may be at a reprovision plan at a time. undefined: no limit. */
  maxConcurrentReprovisions: number | undefined;
  /** In declared order. */
  members: readonly PoolMember[];
  memberNames: ReadonlySet<string>;
  /** What its hosts must pass before they are offered; undefined: nothing. */
  acceptance: WantedChecks | undefined;
  counters: Partial<PoolCounters>;
  /** How the limit was used when its status was written last. undefined: it says nothing of one. */
  slots: MachineInventoryPoolStatus['slots'];
  conditions: readonly Condition[];
}

export interface WantedChecks {
  checks: readonly AcceptanceCheck[];
  /** Names them: others have another hash. */
  hash: string;
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
  const { conditions = [], slots, ...counters } = status;
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
    maxConcurrentReprovisions: spec.maxConcurrentReprovisions,
    members: spec.machineInventories,
    memberNames: new Set(spec.machineInventories.map(({ name }) => name)),
    acceptance: spec.acceptance && wantChecks(spec.acceptance.checks),
    counters: dropUndefined(counters),
    slots,
    conditions,
  };
}

/** What passing these checks is recorded by. */
export function wantChecks(checks: readonly AcceptanceCheck[]): WantedChecks {
  return { checks, hash: createHash('sha256').update(JSON.stringify(checks)).digest('hex').slice(0, 16) };
}

function dropUndefined(counters: Omit<MachineInventoryPoolStatus, 'conditions' | 'slots'>): Partial<PoolCounters> {
  const result: Partial<PoolCounters> = {};
  for (const name of poolCounterNames) {
    const value = counters[name];
    if (value !== undefined) result[name] = value;
  }
  return result;
}
