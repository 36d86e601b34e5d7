import type { PlanType } from '../../api/constants.ts';
import type { OperatorVerb } from '../../domain/life/machine-life.ts';

export const slots = ['a', 'b'] as const;
/** One of the two pools of a lane; a renamed pool keeps its slot. */
export type Slot = (typeof slots)[number];

export const operationWays = ['signal', 'update', 'annotation'] as const;
export type OperationWay = (typeof operationWays)[number];

/**
 * One thing that a person, a host or fate does. Plain data. `nth` picks one of those that the command can be done to at
 * that time, counted round and round; a command that can be done to none is skipped.
 */
export type Command =
  | { kind: 'create'; slot: Slot; count: number }
  | { kind: 'scale'; slot: Slot; to: number }
  | { kind: 'delete'; nth: number }
  | { kind: 'renamePool'; slot: Slot }
  | { kind: 'dropMember'; slot: Slot; nth: number }
  | { kind: 'addMember'; slot: Slot; nth: number }
  | { kind: 'dropImage' | 'addImage' | 'pauseCluster' | 'unpauseCluster' }
  | { kind: 'pauseMachine' | 'unpauseMachine'; nth: number }
  | { kind: 'failPlan'; nth: number; plan: PlanType }
  | { kind: 'answerLate'; nth: number; ms: number }
  | { kind: 'fallSilent' | 'speakAgain'; nth: number }
  | { kind: 'loseAnswer' | 'restartAgent' | 'switchOff' | 'switchOn' | 'reboot' | 'register'; nth: number }
  | { kind: 'killWorker' | 'startWorker' | 'killBridge' | 'startBridge' }
  | { kind: 'operate'; verb: OperatorVerb; way: OperationWay; nth: number }
  | { kind: 'unquarantine'; nth: number }
  | { kind: 'rest' };

/** For tables: what is counted as one. */
export function nameCommand(given: Command): string {
  return given.kind === 'operate' ? `operate ${given.verb} by ${given.way}` : given.kind;
}

/** On one line, for people. */
export function describeCommand({ kind, ...how }: Command): string {
  return [kind, ...Object.entries(how).map(([key, value]) => `${key}=${value}`)].join(' ');
}
