import { type KubeWrite, type Passage } from './kube-gate.ts';
import { type LifeWrite, lifeWrites, recogniseLifeWrite } from './life-writes.ts';

/** A moment in a life at which the worker is to die. */
export interface KillPoint {
  step: string;
  write: LifeWrite;
  /** `waiting`: nothing is in flight, the host has the plan and the run waits for its answer. */
  side: 'before' | 'after' | 'waiting';
}

/** A kill point and the machine that came to it. */
export interface Victim extends KillPoint {
  machine: string;
  host: string | undefined;
  state: 'armed' | 'silenced' | 'reached' | 'killed';
  reachedAtMs: number;
}

/** After the first machine has come to its point the others get this long to come to theirs. */
const GATHERING_MS = 60_000;

/**
 * All moments of one part of a life that differ: before the first write of each step, after each write (which is
 * before the next one), and while the host is at work.
 */
export function listKillPoints(part: keyof typeof lifeWrites): KillPoint[] {
  return Object.entries<readonly LifeWrite[]>(lifeWrites[part]).flatMap(([step, writes]): KillPoint[] => [
    ...writes.slice(0, 1).map((write) => ({ step, write, side: 'before' as const })),
    ...writes.map((write) => ({ step, write, side: 'after' as const })),
    ...(step.startsWith('awaitPlanResult') ? writes.map((write) => ({ step, write, side: 'waiting' as const })) : []),
  ]);
}

/** Gives each machine that comes along one of the points, stops its write there, and says when it is time to kill. */
export interface KillPlan {
  decide(write: KubeWrite): Passage;
  /** From now on machines are given these points. `silence` keeps a host from answering, before it gets its plan. */
  aim(points: readonly KillPoint[], silence: (host: string) => void): void;
  /** Every machine of the present points, and points that no machine has come to yet. */
  victims(): readonly Victim[];
  unassigned(): readonly KillPoint[];
  /** The run of a silenced victim is seen to wait. */
  reach(victim: Victim): void;
  isTimeToKill(): boolean;
  /** The worker was killed: those who had come to their points. */
  takeKilled(): Victim[];
  isDone(): boolean;
}

export function createKillPlan(): KillPlan {
  let points: KillPoint[] = [];
  let silence: (host: string) => void = () => undefined;
  let victims = new Map<string, Victim>();
  const ownerOf = new Map<string, string>();

  const reach = (victim: Victim): void => {
    victim.state = 'reached';
    victim.reachedAtMs = performance.now();
  };
  const victimOf = (machine: string): Victim | undefined => {
    const known = victims.get(machine);
    const point = known === undefined ? points.shift() : undefined;
    if (point === undefined) return known;
    const victim: Victim = { ...point, machine, host: undefined, state: 'armed', reachedAtMs: 0 };
    victims.set(machine, victim);
    return victim;
  };
  const open = (): Victim[] => [...victims.values()].filter(({ state }) => state !== 'killed');

  return {
    reach,
    victims: () => [...victims.values()],
    unassigned: () => points,
    aim(next, silenceNext) {
      points = [...next];
      silence = silenceNext;
      victims = new Map();
    },
    decide(write) {
      const seen = recogniseLifeWrite(write);
      if (seen === undefined) return { kind: 'pass' };
      if (seen.newOwner !== undefined) ownerOf.set(seen.name, seen.newOwner);
      // The bootstrap Secret has the machine's name, the plan Secret the host's.
      const aboutHost = seen.resource === 'machineinventories' || seen.write.endsWith('Plan') || isRelease(seen.write);
      const machine = aboutHost ? ownerOf.get(seen.name) : seen.name;
      const victim = machine === undefined ? undefined : victimOf(machine);
      // Its step may time out and be tried again while the others gather: it must not go on.
      if (victim?.state === 'reached' && victim.side !== 'waiting') return stopForGood;
      if (victim?.state !== 'armed') return { kind: 'pass' };
      if (aboutHost) victim.host = seen.name;
      if (victim.side === 'waiting') {
        if (seen.write === recordBefore(victim.write) && victim.host !== undefined) {
          silence(victim.host);
          victim.state = 'silenced';
        }
        return { kind: 'pass' };
      }
      if (victim.write !== seen.write) return { kind: 'pass' };
      const onStopped = (): void => reach(victim);
      return victim.side === 'before' ? { kind: 'stopBefore', onStopped } : { kind: 'stopAfter', onStopped };
    },
    isTimeToKill() {
      const waiting = open().filter(({ state }) => state === 'reached');
      if (waiting.length === 0) return false;
      const all = points.length === 0 && waiting.length === open().length;
      return all || performance.now() - Math.min(...waiting.map(({ reachedAtMs }) => reachedAtMs)) > GATHERING_MS;
    },
    takeKilled() {
      const killed = open().filter(({ state }) => state === 'reached');
      for (const victim of killed) victim.state = 'killed';
      return killed;
    },
    isDone: () => points.length === 0 && open().length === 0,
  };
}

const stopForGood: Passage = { kind: 'stopBefore', onStopped: () => undefined };

function isRelease(write: LifeWrite): boolean {
  return write === 'dropMaxFailures';
}

/** What is written to the inventory before the plan whose result is then reported to be waited for. */
function recordBefore(report: LifeWrite): LifeWrite {
  return report === 'reportPreparing' ? 'recordPreparing' : 'recordReprovisioning';
}
