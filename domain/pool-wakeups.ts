import type { MachineView } from './machine-view.ts';
import { compareAge } from './pool-ownership.ts';

/** What was done about the waiting machines of one pool; kept by the bridge between two looks. */
export interface WakeMemory {
  /** Names of the hosts that could be claimed at the last look. */
  eligible: ReadonlySet<string>;
  /** uid of each machine that was woken and still waits → when, in the caller's milliseconds. */
  wokenAtMs: ReadonlyMap<string, number>;
}

export interface WakePlan {
  /** The machines to signal, oldest first. */
  wake: MachineView[];
  memory: WakeMemory;
  /** Look again then: somebody waits although there is a host for them. undefined: nobody does. */
  lookAgainAfterMs: number | undefined;
}

/** A machine that was woken and still waits for a host that is still there is woken again after this time. */
export const REWAKE_AFTER_MS = 30_000;

export const emptyWakeMemory: WakeMemory = { eligible: new Set(), wokenAtMs: new Map() };

export interface WakeInput {
  /** Machines of the pool that wait, in any order. */
  waiting: readonly MachineView[];
  /** Names of the hosts that can be claimed now. */
  eligible: readonly string[];
  memory: WakeMemory;
  nowMs: number;
}

/**
 * Whom to wake: the oldest waiting machines, as many as there are hosts. A wake is not repeated while the host that
 * caused it may still be the machine's; a wake whose host somebody else took is forgotten.
 */
export function machinesToWake({ waiting, eligible, memory, nowMs }: WakeInput): WakePlan {
  const candidates = waiting.toSorted(compareAge).slice(0, eligible.length);
  // As many earlier wakes still have a host as there are hosts that were free at the last look, too.
  let covered = eligible.filter((name) => memory.eligible.has(name)).length;
  const wokenAtMs = new Map<string, number>();
  const wake: MachineView[] = [];
  for (const machine of candidates) {
    const atMs = memory.wokenAtMs.get(machine.uid);
    if (atMs !== undefined && covered > 0 && nowMs - atMs < REWAKE_AFTER_MS) {
      covered -= 1;
      wokenAtMs.set(machine.uid, atMs);
    } else {
      wake.push(machine);
      wokenAtMs.set(machine.uid, nowMs);
    }
  }
  const oldestMs = Math.min(...wokenAtMs.values());
  return {
    wake,
    memory: { eligible: new Set(eligible), wokenAtMs },
    lookAgainAfterMs: wokenAtMs.size === 0 ? undefined : REWAKE_AFTER_MS - (nowMs - oldestMs),
  };
}

/** The machine wants a host of its pool and can take one. */
export function waitsForHost(machine: MachineView): boolean {
  return machine.waitsForHost && !machine.deleting && !machine.deletedForMove && !machine.pausedByAnnotation;
}

/** How many of the pool's machines wait for a host and are served before `machine`. */
export function countOlderWaiting(
  machine: Pick<MachineView, 'uid' | 'name' | 'creationTimestamp'>,
  machinesOfPool: readonly MachineView[],
): number {
  return machinesOfPool.filter(
    (other) => other.uid !== machine.uid && waitsForHost(other) && compareAge(other, machine) < 0,
  ).length;
}
