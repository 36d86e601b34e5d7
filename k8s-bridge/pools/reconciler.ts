import { isDeepStrictEqual } from 'node:util';
import type { HostLabels } from '../../domain/inputs/host-labels.ts';
import { poolConditionTypes } from '../../api/conditions.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { machineInventoryPools } from '../../api/resources.ts';
import { mergeConditions } from '../../domain/conditions.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { FreeHost } from '../../domain/pool/free-hosts.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { findNamesakes } from '../../domain/pool/namesakes.ts';
import { computePoolStatus, type PoolStatus } from '../../domain/pool/status.ts';
import { poolCounterNames, type PoolView, viewPool } from '../../domain/inputs/pool-view.ts';
import { emptyWakeMemory, machinesToWake, waitsForHost } from '../../domain/pool/wakeups.ts';
import { forEachLimited } from '../reconcile/for-each-limited.ts';
import { alignPoolAnnotations } from './annotation.ts';
import { observeMembers, type PoolCaches } from './facts.ts';
import { membersNews, type TellMembers } from './news.ts';
import { forgetPool, type PoolMemory } from './memory.ts';
import { isConflict, isNotFound } from '../../runtime/kube/client.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { CONFLICT_REQUEUE_MS, type Patcher, type ReconcileResult } from '../reconcile/ports.ts';

/** A burst of claims changes the counters with each of them: at most one write in this time. */
export const STATUS_INTERVAL_MS = 500;
/**
 * The whole pool is in each write of its status, with the field that tells who owns each member: 0.12 ms of the API server's CPU time
 * a member (measured, Kubernetes 1.36). So while many hosts change, a pool takes some 0.5 % of a core; one of 5,000 members 12 %.
 */
const INTERVAL_MS_A_MEMBER = 25;
const LONGEST_STATUS_INTERVAL_MS = 5_000;

export interface PoolReconcilerDeps {
  client: Patcher;
  /** All of them synced before the first reconcile: a pool that is not known yet looks like a deleted one. */
  caches: PoolCaches;
  memory: PoolMemory;
  /** Which labels of an inventory tell what of its host. */
  hostLabels: HostLabels;
  /** How the limit of the pool is used; undefined: it has none. */
  slotsOf: (pool: PoolView) => PoolView['slots'];
  /** Signals the machine's workflow that there may be a host for it. */
  wakeMachine(machine: MachineView): Promise<void>;
  tellMembers: TellMembers;
  /** Never jumps; its origin means nothing. */
  nowMs: () => number;
  /** Wall clock, for the times of conditions only. */
  now: () => Date;
}

/**
 * Wakes the machines that a free host is for, writes the pool's status where it changed, annotates its hosts.
 * One of these failing does not stop the others; throws an AggregateError at the end.
 */
export async function reconcilePool(poolKey: string, deps: PoolReconcilerDeps): Promise<ReconcileResult> {
  const { caches, client, memory, hostLabels } = deps;
  const key = parseKey(poolKey);
  const pool = caches.pools.get(key);
  const nowMs = deps.nowMs();
  const writes = { client, refusals: memory.refusals, hostLabels, nowMs, now: deps.now };
  if (pool === undefined) {
    // Not gone: its hosts stay its own, and nobody is told that it is missing.
    if (caches.pools.problemOf(key) !== undefined) return {};
    forgetPool(memory, poolKey);
    const [wakes, notes] = await Promise.all([
      wakeWaiting(key, undefined, deps, nowMs),
      alignPoolAnnotations(key, [], caches, writes),
    ]);
    throwIfAny([...wakes.failures, ...notes.failures]);
    return earliest(wakes.lookAgainAfterMs, notes.lookAgainAfterMs);
  }
  const members = observeMembers(key, caches, memory, nowMs);
  const status = computePoolStatus(pool, members.lookup, findNamesakes(pool, caches.pools.list()));
  const done = await Promise.all([
    wakeWaiting(key, status.eligible, deps, nowMs),
    writeStatus(pool, status, deps, nowMs),
    alignPoolAnnotations(key, pool.memberNames, caches, writes),
  ]);
  throwIfAny(done.flatMap(({ failures }) => failures));
  return earliest(...done.map(({ lookAgainAfterMs }) => lookAgainAfterMs), members.settlesAtMs() - nowMs);
}

/** How one part of the work went. */
interface PartDone {
  /** Infinity: nothing is left to do. */
  lookAgainAfterMs: number;
  failures: unknown[];
}

/** Signals in flight at once; the others of a burst wait for them. */
const PARALLEL_WAKES = 16;

/** @param eligible the hosts that can be claimed; undefined: there is no pool */
async function wakeWaiting(
  key: ObjectKey,
  eligible: readonly FreeHost[] | undefined,
  deps: PoolReconcilerDeps,
  nowMs: number,
): Promise<PartDone> {
  const { caches, memory } = deps;
  const inPool = [...caches.machines.byIndex('pool', keyText(key))].filter(waitsForHost);
  const plan = machinesToWake({
    waiting: withoutHost(inPool, key, caches),
    poolExists: eligible !== undefined,
    eligible: eligible ?? [],
    memory: memory.wakes.get(keyText(key)) ?? emptyWakeMemory,
    nowMs,
  });
  const [woken, told] = [new Map(plan.memory.woken), new Map(plan.memory.told)];
  if (woken.size > 0 || told.size > 0) memory.wakes.set(keyText(key), { ...plan.memory, woken, told });
  else memory.wakes.delete(keyText(key));
  const failures = await forEachLimited(plan.wake, PARALLEL_WAKES, async (machine) => {
    try {
      await deps.wakeMachine(machine);
    } catch (error) {
      woken.delete(machine.uid);
      told.delete(machine.uid);
      throw error;
    }
  });
  return { lookAgainAfterMs: plan.lookAgainAfterMs ?? Infinity, failures };
}

/** Leaves out machines that have claimed a host already and whose own status lags behind. */
function withoutHost(waiting: readonly MachineView[], pool: ObjectKey, { hosts }: PoolCaches): MachineView[] {
  if (waiting.length === 0) return [];
  const owners = new Set([...hosts.byIndex('pool', keyText(pool))].map((host) => host.owner?.uid));
  return waiting.filter(({ uid }) => !owners.has(uid));
}

async function writeStatus(
  pool: PoolView,
  { counters, conditions: wanted }: PoolStatus,
  { caches, client, memory, slotsOf, tellMembers, now }: PoolReconcilerDeps,
  nowMs: number,
): Promise<PartDone> {
  const lookAgain = (lookAgainAfterMs: number): PartDone => ({ lookAgainAfterMs, failures: [] });
  const { conditions, changed } = mergeConditions(pool.conditions, wanted, now(), poolConditionTypes);
  const slots = slotsOf(pool);
  const sameSlots = isDeepStrictEqual(slots, pool.slots);
  if (!changed && sameSlots && poolCounterNames.every((name) => counters[name] === pool.counters[name])) {
    return lookAgain(Infinity);
  }
  const waitMs = (memory.statusWrittenAtMs.get(keyText(pool)) ?? -Infinity) + statusIntervalMs(pool) - nowMs;
  if (waitMs > 0) return lookAgain(waitMs);
  memory.statusWrittenAtMs.set(keyText(pool), nowMs);
  const body = {
    metadata: { resourceVersion: pool.resourceVersion },
    status: { ...counters, ...(!sameSlots && { slots: slots ?? null }), conditions },
  };
  try {
    const written = await client.patch(machineInventoryPools, pool, body, { subresource: 'status', type: 'merge' });
    caches.pools.upsert(viewPool(written));
    const news = membersNews(pool, wanted);
    if (news !== undefined) await tellMembers(viewPool(written), news);
    return lookAgain(Infinity);
  } catch (error) {
    if (isConflict(error)) return lookAgain(CONFLICT_REQUEUE_MS);
    return { lookAgainAfterMs: Infinity, failures: isNotFound(error) ? [] : [error] };
  }
}

function earliest(...delaysMs: number[]): ReconcileResult {
  const requeueAfterMs = Math.min(...delaysMs);
  return Number.isFinite(requeueAfterMs) ? { requeueAfterMs } : {};
}

function throwIfAny(failures: readonly unknown[]): void {
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} hosts or machines failed`);
}

/** Least time between two writes of its status. */
export function statusIntervalMs({ members }: Pick<PoolView, 'members'>): number {
  const intervalMs = Math.min(members.length * INTERVAL_MS_A_MEMBER, LONGEST_STATUS_INTERVAL_MS);
  return Math.max(STATUS_INTERVAL_MS, intervalMs);
}
