import { reasons } from '../../api/conditions.ts';
import type { MachineView } from '../inputs/machine-view.ts';
import { findServed, type FreeHost, FreeHosts } from './free-hosts.ts';
import { compareAge } from './ownership.ts';

/** What was done about the waiting machines of one pool; kept by the bridge between two looks. */
export interface WakeMemory {
  /** Names of the hosts that could be claimed at the last look. */
  eligible: ReadonlySet<string>;
  /** By uid of each machine that was woken for a host and still waits. */
  woken: ReadonlyMap<string, Wake>;
  /** By uid of each machine that was told how its pool is and does not say so yet. */
  told: ReadonlyMap<string, Wake>;
}

interface Wake {
  /** The last time, in the caller's milliseconds. */
  atMs: number;
  /** How often, for the same host or with the same news. */
  times: number;
}

export interface WakePlan {
  /** The machines to signal. */
  wake: MachineView[];
  memory: WakeMemory;
  /** Look again then: somebody waits although there is a host or news for them. undefined: nobody does. */
  lookAgainAfterMs: number | undefined;
}

/**
 * A machine that was woken and still waits for a host that is still there is woken again after this time, then after
 * twice as long each time: the worker's caches may have been behind ours when it looked.
 */
export const REWAKE_AFTER_MS = 2_000;
export const LONGEST_REWAKE_AFTER_MS = 30_000;
/** What each of many that are woken together takes at most, one after the other: nobody is reminded before its turn. */
const TURN_MS = 20;

export const emptyWakeMemory: WakeMemory = { eligible: new Set(), woken: new Map(), told: new Map() };

export interface WakeInput {
  /** Machines of the pool that wait, in any order. */
  waiting: readonly MachineView[];
  poolExists: boolean;
  /** The hosts that can be claimed now. */
  eligible: readonly FreeHost[];
  memory: WakeMemory;
  nowMs: number;
}

/**
 * Whom to wake: the oldest waiting machines, as many as there are hosts that they can use. A wake is not repeated while the
 * host that caused it may still be the machine's; a wake whose host somebody else took is forgotten. Besides, whoever says
 * that there is no pool when there is one, or that it has no free host when there is none.
 */
export function machinesToWake({ waiting, poolExists, eligible, memory, nowMs }: WakeInput): WakePlan {
  const oldestFirst = waiting.toSorted(compareAge);
  const candidates = findServed(oldestFirst, new FreeHosts(eligible));
  const covers = new FreeHosts(eligible.filter(({ name }) => memory.eligible.has(name)));
  const covered = new Set(
    findServed(
      candidates.filter(({ uid }) => memory.woken.has(uid)),
      covers,
    ),
  );
  const forHosts = takeTurns(candidates, nowMs, (machine) =>
    covered.has(machine) ? memory.woken.get(machine.uid) : undefined,
  );
  const saysMissing = ({ hostReason }: MachineView): boolean => hostReason === reasons.PoolMissing;
  const misinformed = oldestFirst.filter(
    (machine) => saysMissing(machine) === poolExists && !forHosts.wakes.has(machine.uid),
  );
  const forNews = takeTurns(misinformed, nowMs, ({ uid }) => memory.told.get(uid));
  const nextMs = Math.min(forHosts.nextMs, forNews.nextMs);
  return {
    wake: [...forHosts.due, ...forNews.due],
    memory: { eligible: new Set(eligible.map(({ name }) => name)), woken: forHosts.wakes, told: forNews.wakes },
    lookAgainAfterMs: Number.isFinite(nextMs) ? nextMs - nowMs : undefined,
  };
}

/** Those whose turn it is to be woken, and the last wake of each as it will be then. */
function takeTurns(
  machines: readonly MachineView[],
  nowMs: number,
  lastWakeOf: (machine: MachineView) => Wake | undefined,
) {
  const due: MachineView[] = [];
  const wakes = new Map<string, Wake>();
  const firstMs = Math.max(REWAKE_AFTER_MS, machines.length * TURN_MS);
  let nextMs = Infinity;
  for (const machine of machines) {
    let wake = lastWakeOf(machine);
    if (wake === undefined || nowMs >= rewakeAtMs(wake, firstMs)) {
      wake = { atMs: nowMs, times: (wake?.times ?? 0) + 1 };
      due.push(machine);
    }
    wakes.set(machine.uid, wake);
    nextMs = Math.min(nextMs, rewakeAtMs(wake, firstMs));
  }
  return { due, wakes, nextMs };
}

function rewakeAtMs({ atMs, times }: Wake, firstMs: number): number {
  return atMs + Math.min(firstMs * 2 ** (times - 1), LONGEST_REWAKE_AFTER_MS);
}

/** The machine wants a host of its pool and can take one. */
export function waitsForHost(machine: MachineView): boolean {
  // Without an owner it has nothing to do yet, or any more, whatever its status still says.
  const owned = machine.ownerMachine !== undefined;
  return machine.waitsForHost && owned && !machine.deleting && !machine.deletedForMove && !isPaused(machine);
}

/** By itself, its Cluster or an operator; the annotation counts before the workflow has reported it. */
function isPaused({ pausedByAnnotation, reportsPaused }: MachineView): boolean {
  return pausedByAnnotation || reportsPaused;
}

/**
 * The pool's machines that wait for a host and are served before `machine`.
 * @param hasHost tells by its uid a machine that has a host, or is about to have one, while its own status lags behind
 */
export function findOlderWaiting(
  machine: Pick<MachineView, 'uid' | 'name' | 'creationTimestamp'>,
  machinesOfPool: readonly MachineView[],
  hasHost: (uid: string) => boolean,
): MachineView[] {
  return machinesOfPool.filter(
    (other) =>
      other.uid !== machine.uid && waitsForHost(other) && compareAge(other, machine) < 0 && !hasHost(other.uid),
  );
}
