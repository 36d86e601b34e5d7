import type { MachinePlanType } from '../../api/constants.ts';
import type { OperatorVerb } from '../../domain/life/machine-life.ts';

export const slots = ['a', 'b'] as const;
/** One of the two pools of a lane; a renamed pool keeps its slot. */
export type Slot = (typeof slots)[number];

export const operationWays = ['signal', 'update', 'annotation'] as const;
export type OperationWay = (typeof operationWays)[number];

export const lies = ['deleting', 'gone', 'deletingAndGone', 'hostMissing', 'garbage'] as const;
/** What a `machineObserved` signal says that no bridge has sent. */
export type Lie = (typeof lies)[number];

export const handAnswers = ['applied', 'failed', 'taken', 'secretMissing', 'garbage', 'broken'] as const;
/** With what somebody completes the wait for a plan in the Temporal UI; `broken`: fails it. */
export type HandAnswer = (typeof handAnswers)[number];

export const stallKinds = ['baremetalmachines', 'machineinventories', 'machineinventorypools', 'secrets'] as const;
/** Kinds whose watch may bring nothing for a while. */
export type StallKind = (typeof stallKinds)[number];

export const uiButtons = [
  'pauseSteps',
  'unpauseSteps',
  'resetSteps',
  'failSteps',
  'cancel',
  'terminate',
  'deleteRun',
  'resetToFirst',
  'resetToFirstWithoutSignals',
  'resetToLast',
  'startCopy',
] as const;
/**
 * What the Temporal UI offers for a run, and for the steps of it that are under way. Not Pause of a run: the server (1.31)
 * then forgets tasks, also with nobody of ours about; what the bridge does about it has tests of its own.
 */
export type UiButton = (typeof uiButtons)[number];

/** What becomes of a host's records: its plan Secret, its inventory. */
export const recordTroubles = [
  'sealSecret',
  'replaceSecret',
  'fillInventory',
  'emptyInventory',
  'spoilInventory',
  'mendInventory',
  'loseHost',
  'resetHost',
  'selectHost',
  'registerAnew',
] as const;
export type RecordTrouble = (typeof recordTroubles)[number];

/**
 * One thing that a person, a host or fate does. Plain data. `nth` picks one of those that the command can be done to at
 * that time, counted round and round; a command that can be done to none is skipped.
 */
export type Command =
  | { kind: 'create'; slot: Slot; count: number }
  | { kind: 'scale'; slot: Slot; to: number }
  | { kind: 'delete'; nth: number }
  /** With user-data that costs a parser dear; `trick` picks which. */
  | { kind: 'createHostile'; slot: Slot; trick: number }
  | { kind: 'mendBootstrap' }
  | { kind: 'renamePool'; slot: Slot }
  | { kind: 'dropMember'; slot: Slot; nth: number }
  | { kind: 'addMember'; slot: Slot; nth: number }
  | { kind: 'dropImage' | 'addImage' | 'pauseCluster' | 'unpauseCluster' | 'forbidPlans' | 'allowPlans' }
  | { kind: 'pauseMachine' | 'unpauseMachine'; nth: number }
  /** The cluster moves away as `clusterctl move` does it, and comes back. */
  | { kind: 'moveAway' | 'moveBack' }
  /** Somebody waits for a machine to be provisioned, and not for long. */
  | { kind: 'awaitMachine' }
  | { kind: 'failPlan'; nth: number; plan: MachinePlanType }
  | { kind: 'answerLate'; nth: number; ms: number }
  | { kind: 'fallSilent' | 'speakAgain'; nth: number }
  | { kind: 'loseAnswer' | 'restartAgent' | 'switchOff' | 'switchOn' | 'reboot' | 'register'; nth: number }
  | { kind: 'killWorker' | 'startWorker' | 'killBridge' | 'startBridge' }
  /** A worker of a new build comes beside that of the old one, and takes over; the old one goes. */
  | { kind: 'startNextBuild' | 'stopOldBuild' }
  /** Worker and bridge do not reach Temporal for so long. */
  | { kind: 'cutTemporal'; seconds: number }
  /** The worker does not reach the database of the journal for so long. */
  | { kind: 'cutJournal'; seconds: number }
  | { kind: 'operate'; verb: OperatorVerb; way: OperationWay; nth: number }
  | { kind: 'unquarantine'; nth: number }
  | { kind: 'forge'; lie: Lie; nth: number }
  /** Signals that mean nothing, hundreds of them. */
  | { kind: 'flood'; nth: number }
  | { kind: 'press'; button: UiButton; nth: number }
  | { kind: 'stallWatch'; of: StallKind; who: 'worker' | 'bridge' }
  | { kind: 'resumeWatches' }
  | { kind: 'answerByHand'; answer: HandAnswer; nth: number }
  | { kind: RecordTrouble; nth: number }
  | { kind: 'rest' };

/** For tables: what is counted as one. */
export function nameCommand(given: Command): string {
  switch (given.kind) {
    case 'operate':
      return `operate ${given.verb} by ${given.way}`;
    case 'forge':
      return `forge ${given.lie}`;
    case 'stallWatch':
      return `stall ${given.of} of the ${given.who}`;
    case 'press':
      return `press ${given.button}`;
    case 'cutTemporal':
      return `cut Temporal for ${given.seconds} s`;
    case 'cutJournal':
      return `cut the journal for ${given.seconds} s`;
    case 'answerByHand':
      return `answer ${given.answer} by hand`;
    default:
      return given.kind;
  }
}

/** On one line, for people. */
export function describeCommand({ kind, ...how }: Command): string {
  return [kind, ...Object.entries(how).map(([key, value]) => `${key}=${value}`)].join(' ');
}
