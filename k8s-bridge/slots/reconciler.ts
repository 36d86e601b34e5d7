import { MAX_SLOTS } from '../../api/slots.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { SlotHolder } from '../../domain/slots/holders.ts';
import { findPlaces } from '../../domain/slots/place.ts';
import { compareDemand, grantSlots, type SlotDemand, type SlotLimits } from '../../domain/slots/queue.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { forEachLimited } from '../reconcile/for-each-limited.ts';
import {
  CONFLICT_REQUEUE_MS,
  type ReadStore,
  type ReconcilerLogger,
  type ReconcileResult,
} from '../reconcile/ports.ts';
import type { SlotBook } from './book.ts';
import {
  findHolder,
  findUnlisted,
  isAtPlanNow,
  purposeOf,
  type SlotCaches,
  type SlotWorld,
  waitsForSlot,
} from './holders-now.ts';
import { readSlotLease, type SlotLease, writeSlotLease } from './lease.ts';
import { judgeHolders, type Judgement } from './judge-holders.ts';
import { recentPlanMs } from './places.ts';
import { countUse, noteUse } from './use.ts';

export interface SlotReconcilerDeps extends SlotWorld {
  client: Pick<KubeClient, 'find' | 'create' | 'patch'>;
  caches: SlotCaches & { pools: ReadStore<PoolView> };
  /** Where the slots of the installation stand, and how many it has; undefined: as many as there are hosts. */
  slots: { lease: ObjectKey; limit: number | undefined };
  book: SlotBook;
  /** Tells the machine's run that it may be its turn. */
  wakeMachine: (machine: MachineView) => Promise<void>;
  /** The place of that machine is another one. */
  enqueueMachine: (key: string) => void;
  /** The slots of that pool are used otherwise. */
  enqueuePool: (key: string) => void;
  logger: ReconcilerLogger;
  /** Never jumps; its origin means nothing. */
  nowMs: () => number;
}

/** Signals in flight at once. */
const PARALLEL_WAKES = 16;

/**
 * Frees the slots of those who are done, and grants what is left to those who wait: control planes first, then the oldest. It
 * is the only one that grants, by a compare-and-swap on what it has read; so of two bridges one does nothing. Where there is
 * no limit, and nobody waits, nothing is read.
 */
export async function reconcileSlots(deps: SlotReconcilerDeps): Promise<ReconcileResult> {
  const { client, slots, caches, book, nowMs: clock } = deps;
  const nowMs = clock();
  const limits = limitsOf(caches.pools.list(), slots.limit);
  const waiting = [...caches.machines.byIndex('waitsForSlot', 'yes')].filter(waitsForSlot);
  if (limits.installation === undefined && limits.pools.size === 0 && waiting.length === 0) return close(deps);
  book.active = true;
  const lease = await readSlotLease(client, slots.lease);
  noteReturned(lease, book, nowMs);
  const judged = await judgeHolders(lease.holders, deps, nowMs);
  const unlisted = findUnlisted(judged.kept, caches);
  const queue = waiting.filter(({ uid }) => !judged.kept.has(uid)).toSorted((a, b) => compareDemand(...pair(a, b)));
  const granted = await grant({ judged, unlisted, queue, limits, nowMs }, deps);
  if (granted.length > 0 || judged.freed.size > 0) {
    const change = { granted: granted.map(toHolder), freed: judged.freed };
    if (!(await writeSlotLease(client, slots.lease, lease, change))) return { requeueAfterMs: CONFLICT_REQUEUE_MS };
    tellChange(granted, judged, deps);
  }
  const held = new Map(judged.kept);
  for (const machine of granted) held.set(machine.uid, toHolder(machine));
  const left = queue.filter(({ uid }) => !held.has(uid));
  noteUse({ held, unlisted: findUnlisted(held, caches), queue: left, limits }, book, deps.enqueuePool);
  const wakeMs = await wakeHolders(held, deps, nowMs);
  const tellMs = tellPlaces(left, limits, deps, nowMs);
  const pauseMs = Math.min(...left.map(({ uid }) => book.patience.pausedUntilMs(uid)).filter((ms) => ms > nowMs));
  const requeueAfterMs = Math.min(judged.nextMs, wakeMs, tellMs, pauseMs) - nowMs;
  return Number.isFinite(requeueAfterMs) ? { requeueAfterMs: Math.max(requeueAfterMs, 1) } : {};
}

function limitsOf(pools: Iterable<PoolView>, installation: number | undefined): SlotLimits {
  const limited = new Map<string, number>();
  for (const pool of pools) {
    if (pool.maxConcurrentReprovisions !== undefined) limited.set(keyText(pool), pool.maxConcurrentReprovisions);
  }
  return { installation, pools: limited };
}

/** No limit is set any more. */
function close(deps: SlotReconcilerDeps): ReconcileResult {
  const { book } = deps;
  if (!book.active) return {};
  book.active = false;
  const limits = { installation: undefined, pools: new Map() };
  noteUse({ held: new Map(), unlisted: new Map(), queue: [], limits }, book, deps.enqueuePool);
  tellPlaces([], limits, deps, deps.nowMs());
  return {};
}

/** Who held a slot that nobody freed has given it back: its plan could not be written. Once noted, however the look ends. */
function noteReturned({ holders }: SlotLease, book: SlotBook, nowMs: number): void {
  for (const uid of book.holders) if (!holders.has(uid)) book.patience.pause(uid, nowMs);
  book.holders = new Set([...book.holders].filter((uid) => holders.has(uid)));
}

interface Round {
  judged: Judgement;
  unlisted: ReadonlyMap<string, string>;
  queue: readonly MachineView[];
  limits: SlotLimits;
  nowMs: number;
}

async function grant(
  { judged, unlisted, queue, limits, nowMs }: Round,
  deps: SlotReconcilerDeps,
): Promise<MachineView[]> {
  const { book } = deps;
  // Its host is at a plan anyway: another one takes that one's place.
  const own: MachineView[] = [];
  for (const machine of queue) {
    if (unlisted.has(machine.uid) && (await isAtPlanNow(toHolder(machine), deps))) own.push(machine);
  }
  const others = queue.filter(({ uid }) => !unlisted.has(uid) && book.patience.pausedUntilMs(uid) <= nowMs);
  const byUid = new Map(others.map((machine) => [machine.uid, machine]));
  const demands = grantSlots(limits, countUse(judged.kept, unlisted), others.map(toDemand));
  const granted = [...own, ...demands.flatMap(({ uid }) => byUid.get(uid) ?? [])];
  return granted.slice(0, Math.max(0, MAX_SLOTS - judged.kept.size));
}

function tellChange(granted: readonly MachineView[], { freed }: Judgement, { logger }: SlotReconcilerDeps): void {
  const names = granted.map(keyText).slice(0, 20);
  logger.info({ granted: granted.length, freed: freed.size, machines: names }, 'Granted slots');
}

function pair(a: MachineView, b: MachineView): [SlotDemand, SlotDemand] {
  return [toDemand(a), toDemand(b)];
}

function toDemand({ uid, namespace, name, pool, creationTimestamp, isControlPlane }: MachineView): SlotDemand {
  return { uid, name, creationTimestamp, isControlPlane, pool: keyText({ namespace, name: pool }) };
}

function toHolder({ uid, namespace, name, pool, inventory }: MachineView): SlotHolder {
  return { uid, namespace, machine: name, pool, host: inventory ?? name, plan: null };
}

/** Tells those that have a slot and have not taken it; again and again, for whoever was told may be gone. Answers when next. */
async function wakeHolders(
  held: ReadonlyMap<string, SlotHolder>,
  { caches, book, wakeMachine, logger }: SlotReconcilerDeps,
  nowMs: number,
): Promise<number> {
  let nextMs = Infinity;
  const due: [MachineView, string][] = [];
  for (const holder of held.values()) {
    const machine = holder.plan === null ? findHolder(holder, caches) : undefined;
    if (machine === undefined) continue;
    const purpose = purposeOf(holder);
    book.patience.untilUnusedMs(purpose, nowMs);
    if (book.patience.wakeAtMs(purpose) <= nowMs) {
      due.push([machine, purpose]);
      book.patience.noteWake(purpose, nowMs);
    }
    nextMs = Math.min(nextMs, book.patience.wakeAtMs(purpose));
  }
  const failures = await forEachLimited(due, PARALLEL_WAKES, ([machine]) => wakeMachine(machine));
  if (failures.length > 0)
    logger.warn({ err: failures[0], failed: failures.length }, 'Could not tell whose turn it is');
  return nextMs;
}

function tellPlaces(
  queue: readonly MachineView[],
  limits: SlotLimits,
  { caches, book, enqueueMachine }: SlotReconcilerDeps,
  nowMs: number,
): number {
  const places = findPlaces(queue.map(toDemand), limits);
  const took = new Map<string, number | undefined>();
  const tookMs = ({ namespace, pool: name }: MachineView): number | undefined => {
    const pool = keyText({ namespace, name });
    if (!took.has(pool)) took.set(pool, recentPlanMs(caches.machines.byIndex('pool', pool)));
    return took.get(pool);
  };
  const standing = new Map(
    queue.flatMap((machine) => {
      const place = places.get(machine.uid);
      return place === undefined ? [] : [[machine, place] as const];
    }),
  );
  const { changed, nextMs } = book.places.update(standing, tookMs, nowMs);
  for (const key of changed) enqueueMachine(key);
  return nextMs;
}
