import { poolConditionTypes, reasons } from '../api/conditions.ts';
import type { ObjectKey } from '../api/meta.ts';
import { machineInventoryPools } from '../api/resources.ts';
import { mergeConditions } from '../domain/conditions.ts';
import type { MachineView } from '../domain/machine-view.ts';
import { keyText } from '../domain/pool-indexes.ts';
import { computePoolStatus, type PoolStatus } from '../domain/pool-status.ts';
import { poolCounterNames, type PoolView, viewPool } from '../domain/pool-view.ts';
import { emptyWakeMemory, machinesToWake, REWAKE_AFTER_MS, waitsForHost } from '../domain/pool-wakeups.ts';
import { alignPoolAnnotations } from './pool-annotation.ts';
import { observeMembers, type PoolCaches } from './pool-facts.ts';
import { membersNews, type TellMembers } from './pool-news.ts';
import { forgetPool, type PoolMemory } from './pool-memory.ts';
import { isConflict, isNotFound } from '../runtime/kube-client.ts';
import { parseKey } from '../runtime/object-key.ts';
import { CONFLICT_REQUEUE_MS, type Patcher, type ReconcileResult } from './reconciler-ports.ts';

/** A burst of claims changes the counters with each of them: at most one write in this time. */
export const STATUS_INTERVAL_MS = 500;

export interface PoolReconcilerDeps {
  client: Patcher;
  /** All of them synced before the first reconcile: a pool that is not known yet looks like a deleted one. */
  caches: PoolCaches;
  memory: PoolMemory;
  /** Signals the machine's workflow that there may be a host for it. */
  wakeMachine(machine: MachineView): Promise<void>;
  tellMembers: TellMembers;
  nowMs(): number;
}

/**
 * Wakes the machines that a free host is for, writes the pool's status where it changed, annotates its hosts.
 * One of these failing does not stop the others; throws an AggregateError at the end.
 */
export async function reconcilePool(poolKey: string, deps: PoolReconcilerDeps): Promise<ReconcileResult> {
  const { caches, client, memory } = deps;
  const key = parseKey(poolKey);
  const pool = caches.pools.get(key);
  if (pool === undefined) {
    forgetPool(memory, poolKey);
    const missed = machinesThatMissedIt(key, caches);
    const failures = await wakeAll(missed, deps);
    throwIfAny([...failures, ...(await alignPoolAnnotations(key, [], caches, client))]);
    return missed.length > 0 ? { requeueAfterMs: REWAKE_AFTER_MS } : {};
  }
  const nowMs = deps.nowMs();
  const members = observeMembers(key, caches, memory, nowMs);
  const status = computePoolStatus(pool, members.lookup);
  const wakes = await wakeWaiting(key, status.eligible, deps, nowMs);
  const statusAgainMs = await writeStatus(pool, status, deps, nowMs);
  const annotationFailures = await alignPoolAnnotations(key, pool.memberNames, caches, client);
  throwIfAny([...wakes.failures, ...annotationFailures]);
  return earliest(wakes.lookAgainAfterMs, statusAgainMs, members.settlesAtMs() - nowMs);
}

async function wakeWaiting(
  key: ObjectKey,
  eligible: readonly string[],
  deps: PoolReconcilerDeps,
  nowMs: number,
): Promise<{ lookAgainAfterMs: number; failures: unknown[] }> {
  const { caches, memory } = deps;
  const waiting = [...caches.machines.byIndex('pool', keyText(key))].filter(waitsForHost);
  const before = memory.wakes.get(keyText(key)) ?? emptyWakeMemory;
  const plan = machinesToWake({ waiting: withoutHost(waiting, key, caches), eligible, memory: before, nowMs });
  const woken = new Map(plan.memory.woken);
  memory.wakes.set(keyText(key), { ...plan.memory, woken });
  const failures: unknown[] = [];
  for (const machine of plan.wake) {
    try {
      await deps.wakeMachine(machine);
    } catch (error) {
      woken.delete(machine.uid);
      failures.push(error);
    }
  }
  return { lookAgainAfterMs: plan.lookAgainAfterMs ?? Infinity, failures };
}

/** Machines that still say that a pool is exhausted which is not there any more. */
function machinesThatMissedIt(key: ObjectKey, { machines }: PoolCaches): MachineView[] {
  const waiting = [...machines.byIndex('pool', keyText(key))].filter(waitsForHost);
  return waiting.filter(({ hostReason }) => hostReason === reasons.PoolExhausted);
}

async function wakeAll(machines: readonly MachineView[], deps: PoolReconcilerDeps): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const machine of machines) await deps.wakeMachine(machine).catch((error: unknown) => failures.push(error));
  return failures;
}

/** Leaves out machines that have claimed a host already and whose own status lags behind. */
function withoutHost(waiting: readonly MachineView[], pool: ObjectKey, { hosts }: PoolCaches): MachineView[] {
  if (waiting.length === 0) return [];
  const owners = new Set([...hosts.byIndex('pool', keyText(pool))].map((host) => host.owner?.uid));
  return waiting.filter(({ uid }) => !owners.has(uid));
}

/** Answers after how many milliseconds to come back; Infinity when the status is as it should be. */
async function writeStatus(
  pool: PoolView,
  { counters, conditions: wanted }: PoolStatus,
  { caches, client, memory, tellMembers }: PoolReconcilerDeps,
  nowMs: number,
): Promise<number> {
  const { conditions, changed } = mergeConditions(pool.conditions, wanted, new Date(nowMs), poolConditionTypes);
  if (!changed && poolCounterNames.every((name) => counters[name] === pool.counters[name])) return Infinity;
  const waitMs = (memory.statusWrittenAtMs.get(keyText(pool)) ?? -Infinity) + STATUS_INTERVAL_MS - nowMs;
  if (waitMs > 0) return waitMs;
  memory.statusWrittenAtMs.set(keyText(pool), nowMs);
  const body = { metadata: { resourceVersion: pool.resourceVersion }, status: { ...counters, conditions } };
  try {
    const written = await client.patch(machineInventoryPools, pool, body, { subresource: 'status', type: 'merge' });
    caches.pools.upsert(viewPool(written));
    const news = membersNews(pool, wanted);
    if (news !== undefined) await tellMembers(viewPool(written), news);
    return Infinity;
  } catch (error) {
    if (isConflict(error)) return CONFLICT_REQUEUE_MS;
    if (isNotFound(error)) return Infinity;
    throw error;
  }
}

function earliest(...delaysMs: number[]): ReconcileResult {
  const requeueAfterMs = Math.min(...delaysMs);
  return Number.isFinite(requeueAfterMs) ? { requeueAfterMs } : {};
}

function throwIfAny(failures: readonly unknown[]): void {
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} hosts or machines failed`);
}
