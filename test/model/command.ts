import fc from 'fast-check';
import { planTypes, type PlanType } from '../../api/constants.ts';
import { operatorVerbs, type OperatorVerb } from '../../domain/machine-life.ts';

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

const nth = fc.nat({ max: 11 });
const slot = fc.constantFrom(...slots);

function plain<Kind extends Command['kind']>(kind: Kind) {
  return fc.record({ kind: fc.constant(kind) });
}

function aimed<Kind extends Command['kind']>(kind: Kind) {
  return fc.record({ kind: fc.constant(kind), nth });
}

const create = fc.record({ kind: fc.constant('create' as const), slot, count: fc.integer({ min: 1, max: 2 }) });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: create },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('scale' as const), slot, to: fc.nat({ max: 3 }) }) },
  { weight: 10, arbitrary: aimed('delete') },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('renamePool' as const), slot }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('dropMember' as const), slot, nth }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('addMember' as const), slot, nth }) },
  { weight: 3, arbitrary: plain('dropImage') },
  { weight: 3, arbitrary: plain('addImage') },
  { weight: 3, arbitrary: plain('pauseCluster') },
  { weight: 3, arbitrary: plain('unpauseCluster') },
  { weight: 3, arbitrary: aimed('pauseMachine') },
  { weight: 3, arbitrary: aimed('unpauseMachine') },
  {
    weight: 7,
    arbitrary: fc.record({ kind: fc.constant('failPlan' as const), nth, plan: fc.constantFrom(...planTypes) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('answerLate' as const), nth, ms: fc.constantFrom(200, 800, 3_000) }),
  },
  { weight: 5, arbitrary: aimed('fallSilent') },
  { weight: 3, arbitrary: aimed('speakAgain') },
  { weight: 4, arbitrary: aimed('loseAnswer') },
  { weight: 4, arbitrary: aimed('restartAgent') },
  { weight: 3, arbitrary: aimed('switchOff') },
  { weight: 2, arbitrary: aimed('switchOn') },
  { weight: 2, arbitrary: aimed('reboot') },
  { weight: 3, arbitrary: aimed('register') },
  { weight: 2, arbitrary: plain('killWorker') },
  { weight: 2, arbitrary: plain('startWorker') },
  { weight: 2, arbitrary: plain('killBridge') },
  { weight: 2, arbitrary: plain('startBridge') },
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant('operate' as const),
      verb: fc.constantFrom(...operatorVerbs),
      way: fc.constantFrom(...operationWays),
      nth,
    }),
  },
  { weight: 3, arbitrary: aimed('unquarantine') },
  { weight: 12, arbitrary: plain('rest') },
);

/** A sequence; it begins with a machine, for without one nothing happens. */
const sequence: fc.Arbitrary<Command[]> = fc
  .tuple(create, fc.array(command, { minLength: 8, maxLength: 11, size: 'max' }))
  .map(([first, others]) => [first, ...others]);

/** The sequence of a seed, always the same. */
export function sequenceOf(seed: number): Command[] {
  return fc.sample(sequence, { seed, numRuns: 1 })[0] ?? [];
}

/** For tables: what is counted as one. */
export function nameCommand(given: Command): string {
  return given.kind === 'operate' ? `operate ${given.verb} by ${given.way}` : given.kind;
}

/** On one line, for people. */
export function describeCommand({ kind, ...how }: Command): string {
  return [kind, ...Object.entries(how).map(([key, value]) => `${key}=${value}`)].join(' ');
}
