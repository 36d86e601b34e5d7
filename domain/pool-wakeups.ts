import type { MachineView } from './machine-view.ts';
import { compareAge } from './pool-ownership.ts';

/** What was done about the waiting machines of one pool; kept by the bridge between two looks. */
export interface WakeMemory {
  /** Names of the hosts that could be claimed at the last look. */
  eligible: ReadonlySet<string>;
  /** By uid of each machine that was woken and still waits. */
  woken: ReadonlyMap<string, Wake>;
}

interface Wake {
  /** The last time, in the caller's milliseconds. */
  atMs: number;
  /** How often, for the same host. */
  times: number;
}

export interface WakePlan {
  /** The machines to signal, oldest first. */
  wake: MachineView[];
  memory: WakeMemory;
  /** Look again then: somebody waits although there is a host for them. undefined: nobody does. */
  lookAgainAfterMs: number | undefined;
}

/**
 * A machine that was woken and still waits for a host that is still there is woken again after this time, then after
 * twice as long each time: the worker's caches may have been behind ours when it looked.
 */
export const REWAKE_AFTER_MS = 2_000;
export const LONGEST_REWAKE_AFTER_MS = 30_000;

export const emptyWakeMemory: WakeMemory = { eligible: new Set(), woken: new Map() };

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
  const served = waiting.filter((machine) => canUseOneOf(machine, eligible));
  const candidates = served.toSorted(compareAge).slice(0, eligible.length);
  // As many earlier wakes still have a host as there are hosts that were free at the last look, too.
  let covered = eligible.filter((name) => memory.eligible.has(name)).length;
  const woken = new Map<string, Wake>();
  const wake: MachineView[] = [];
  for (const machine of candidates) {
    const last = memory.woken.get(machine.uid);
    const isCovered = last !== undefined && covered > 0;
    if (isCovered) covered -= 1;
    if (isCovered && nowMs < rewakeAtMs(last)) {
      woken.set(machine.uid, last);
    } else {
      wake.push(machine);
      woken.set(machine.uid, { atMs: nowMs, times: isCovered ? last.times + 1 : 1 });
    }
  }
  const nextMs = Math.min(...[...woken.values()].map(rewakeAtMs));
  return {
    wake,
    memory: { eligible: new Set(eligible), woken },
    lookAgainAfterMs: woken.size === 0 ? undefined : nextMs - nowMs,
  };
}

function rewakeAtMs({ atMs, times }: Wake): number {
  return atMs + Math.min(REWAKE_AFTER_MS * 2 ** (times - 1), LONGEST_REWAKE_AFTER_MS);
}

/** The machine wants a host of its pool and can take one. */
export function waitsForHost(machine: MachineView): boolean {
  return machine.waitsForHost && !machine.deleting && !machine.deletedForMove && !isPaused(machine);
}

/** By itself, its Cluster or an operator; the annotation counts before the workflow has reported it. */
function isPaused({ pausedByAnnotation, reportsPaused }: MachineView): boolean {
  return pausedByAnnotation || reportsPaused;
}

/** There is a host among these that was not given up for the machine. */
export function canUseOneOf({ avoidedHosts }: Pick<MachineView, 'avoidedHosts'>, hosts: readonly string[]): boolean {
  return avoidedHosts.length === 0 ? hosts.length > 0 : hosts.some((name) => !avoidedHosts.includes(name));
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
