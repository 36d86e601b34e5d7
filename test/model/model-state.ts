import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { Slot } from './command.ts';
import type { Machine } from './history.ts';

/** A machine as the one who made it knows it. */
export interface ModelMachine {
  name: string;
  /** Name of the pool at the time; stays when the pool is renamed. */
  pool: string;
  slot: Slot;
  deleted: boolean;
}

export interface ModelPool {
  name: string;
  /** In order of preference. */
  members: string[];
}

/** Hosts whose records somebody has damaged, by name. */
export interface RecordTroubles {
  /** Their plan Secret is immutable. */
  sealed: Set<string>;
  /** The annotations of their inventory leave no room. */
  full: Set<string>;
  /** Their inventory does not have the shape that its API promises. */
  spoiled: Set<string>;
  /** Their inventory is gone, and registers again with the disk as it was. */
  lost: Set<string>;
  /** Somebody else has taken them: they register again with an empty disk. */
  taken: Set<string>;
  /** All that ever were one of these in this sequence: what is said of them may lag. */
  ever: Set<string>;
}

/** What the outside has done so far, as far as preconditions and the way back to quiet need it. */
export interface ModelState {
  pools: Record<Slot, ModelPool>;
  machines: Map<string, ModelMachine>;
  clusterPaused: boolean;
  /** Machines that a move took away, by name, as they were. */
  away: Map<string, Machine>;
  /** Uids that machines had before a move and after it. */
  cameBackAs: Map<string, string>;
  imageDropped: boolean;
  /** By a policy of the cluster. */
  plansForbidden: boolean;
  pausedMachines: Set<string>;
  silentHosts: Set<string>;
  darkHosts: Set<string>;
  /** Names of machines whose user-data no host can use. */
  hostile: Set<string>;
  workerDown: boolean;
  bridgeDown: boolean;
  /** Settles when Temporal is there again for worker and bridge. */
  temporalBack: Promise<void> | undefined;
  /** The same of the database of the journal, for the worker. */
  journalBack: Promise<void> | undefined;
  /** Kinds of which the worker or the bridge hears nothing. */
  stalled: Set<string>;
  /** Machines of whose run somebody paused a step in Temporal; by name. */
  pausedSteps: Map<string, MachineRef>;
  /** Names of machines whose run somebody terminated or deleted: it may have been the last one. */
  endedByHand: Set<string>;
  /** Names of machines that an operator asked to give their host up, whichever they have when they hear of it. */
  askedToGiveUp: Set<string>;
  /** Names of machines of whose host somebody has told a lie. */
  liedTo: Set<string>;
  records: RecordTroubles;
  /** Counts pools, so that each new one has a name of its own. */
  poolNumber: number;
}

/** Hosts of each pool before and after a sequence. */
export type PoolPlan = Readonly<Record<Slot, readonly string[]>>;

export function createModelState(plan: PoolPlan): ModelState {
  return {
    pools: {
      a: { name: basePoolName('a'), members: [...plan.a] },
      b: { name: basePoolName('b'), members: [...plan.b] },
    },
    machines: new Map(),
    clusterPaused: false,
    away: new Map(),
    cameBackAs: new Map(),
    imageDropped: false,
    plansForbidden: false,
    pausedMachines: new Set(),
    silentHosts: new Set(),
    darkHosts: new Set(),
    hostile: new Set(),
    workerDown: false,
    bridgeDown: false,
    temporalBack: undefined,
    journalBack: undefined,
    stalled: new Set(),
    pausedSteps: new Map(),
    endedByHand: new Set(),
    askedToGiveUp: new Set(),
    liedTo: new Set(),
    records: {
      sealed: new Set(),
      full: new Set(),
      spoiled: new Set(),
      lost: new Set(),
      taken: new Set(),
      ever: new Set(),
    },
    poolNumber: 0,
  };
}

export function basePoolName(slot: Slot): string {
  return `pool-${slot}`;
}

/** Machines that are here and that nobody has deleted, oldest first. */
export function livingMachines({ machines, away }: ModelState, slot?: Slot): ModelMachine[] {
  return [...machines.values()].filter(
    ({ name, deleted, slot: of }) => !deleted && !away.has(name) && (slot === undefined || of === slot),
  );
}

/** A machine had the first uid, and after one or more moves has the second one. */
export function isSameMachine({ cameBackAs }: Pick<ModelState, 'cameBackAs'>, before: string, now: string): boolean {
  const next = cameBackAs.get(before);
  return next !== undefined && (next === now || isSameMachine({ cameBackAs }, next, now));
}

/** Whether somebody answers a query or an update now. */
export function hears({ workerDown, temporalBack }: ModelState): boolean {
  return !workerDown && temporalBack === undefined;
}

/** One of several, counted round and round; undefined of none. */
export function pick<T>(candidates: readonly T[], nth: number): T | undefined {
  return candidates[nth % Math.max(1, candidates.length)];
}
