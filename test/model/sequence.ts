import fc from 'fast-check';
import { machinePlanTypes } from '../../api/constants.ts';
import { operatorVerbs, type OperatorVerb } from '../../domain/life/machine-life.ts';
import {
  type Command,
  handAnswers,
  lies,
  operationWays,
  slots,
  stallKinds,
  type UiButton,
  uiButtons,
} from './command.ts';

const nth = fc.nat({ max: 11 });
const slot = fc.constantFrom(...slots);

function plain<Kind extends Command['kind']>(kind: Kind) {
  return fc.record({ kind: fc.constant(kind) });
}

function aimed<Kind extends Command['kind']>(kind: Kind) {
  return fc.record({ kind: fc.constant(kind), nth });
}

const create = fc.record({ kind: fc.constant('create' as const), slot, count: fc.constantFrom(1, 1, 1, 1, 2, 3) });
const scale = fc.record({ kind: fc.constant('scale' as const), slot, to: fc.nat({ max: 3 }) });
const dropMember = fc.record({ kind: fc.constant('dropMember' as const), slot, nth });
const addMember = fc.record({ kind: fc.constant('addMember' as const), slot, nth });
const ms = fc.constantFrom(200, 800, 3_000, 6_000);
const answerLate = fc.record({ kind: fc.constant('answerLate' as const), nth, ms });
const rest = plain('rest');
const provisioned = plain('awaitMachine');

function failPlan(...plans: readonly (typeof machinePlanTypes)[number][]) {
  return fc.record({ kind: fc.constant('failPlan' as const), nth, plan: fc.constantFrom(...plans) });
}

function operate(...verbs: readonly OperatorVerb[]) {
  const [verb, way] = [fc.constantFrom(...verbs), fc.constantFrom(...operationWays)];
  return fc.record({ kind: fc.constant('operate' as const), verb, way, nth });
}

const forge = fc.record({ kind: fc.constant('forge' as const), lie: fc.constantFrom(...lies), nth });
const answer = fc.constantFrom(...handAnswers);
const answerByHand = fc.record({ kind: fc.constant('answerByHand' as const), answer, nth });

const who = fc.constantFrom('worker' as const, 'bridge' as const);
const stallWatch = fc.record({ kind: fc.constant('stallWatch' as const), of: fc.constantFrom(...stallKinds), who });
const stallPools = fc.record({
  kind: fc.constant('stallWatch' as const),
  of: fc.constant('machineinventorypools' as const),
  who: fc.constant('worker' as const),
});

const createHostile = fc.record({ kind: fc.constant('createHostile' as const), slot, trick: fc.nat({ max: 99 }) });

function press(...those: readonly UiButton[]) {
  return fc.record({ kind: fc.constant('press' as const), button: fc.constantFrom(...those), nth });
}

/** A minute is rare: it costs one. */
const cutTemporal = fc.record({
  kind: fc.constant('cutTemporal' as const),
  seconds: fc.constantFrom(1, 2, 2, 5, 5, 5, 10, 60),
});

const cutJournal = fc.record({ kind: fc.constant('cutJournal' as const), seconds: fc.constantFrom(1, 5, 10) });

type Chain = fc.Arbitrary<Command[]>;

/** Commands that follow each other, with others between them. */
function chain(...commands: readonly fc.Arbitrary<Command>[]): Chain {
  return fc.tuple(...commands);
}

function weigh(weight: number, ...commands: readonly fc.Arbitrary<Command>[]) {
  return { weight, arbitrary: chain(...commands) };
}

const silenced = fc.oneof(aimed('fallSilent'), aimed('switchOff'), answerLate);
const oneDeed = fc.oneof(create, aimed('delete'), operate('forceRelease', 'reallocate', 'retry'));
const leastTrouble = fc.oneof(aimed('loseAnswer'), aimed('restartAgent'), aimed('reboot'), aimed('register'));

/** What people and fate do, in pieces that lead somewhere. */
const anyChain: Chain = fc.oneof(
  weigh(6, create),
  weigh(6, scale),
  weigh(8, aimed('delete')),
  weigh(10, operate(...operatorVerbs)),
  weigh(8, leastTrouble),
  weigh(4, failPlan(...machinePlanTypes)),
  weigh(3, answerLate),
  weigh(4, fc.record({ kind: fc.constant('renamePool' as const), slot })),
  weigh(4, dropMember, addMember),
  weigh(2, addMember),
  weigh(3, plain('dropImage'), create, plain('addImage')),
  weigh(3, plain('pauseCluster'), fc.oneof(create, scale, aimed('delete')), plain('unpauseCluster')),
  weigh(3, create, provisioned, plain('moveAway'), plain('moveBack')),
  weigh(3, create, provisioned, plain('killWorker'), plain('moveAway'), plain('moveBack'), plain('startWorker')),
  weigh(
    2,
    create,
    provisioned,
    plain('killBridge'),
    plain('moveAway'),
    oneDeed,
    plain('moveBack'),
    plain('startBridge'),
  ),
  weigh(2, create, provisioned, aimed('pauseMachine'), plain('moveAway'), plain('moveBack'), aimed('unpauseMachine')),
  weigh(3, create, provisioned, operate('reboot')),
  weigh(4, aimed('pauseMachine'), fc.oneof(aimed('delete'), create), aimed('unpauseMachine')),
  weigh(3, aimed('fallSilent'), aimed('speakAgain')),
  weigh(2, aimed('switchOff'), aimed('switchOn')),
  weigh(2, plain('killWorker'), plain('startWorker')),
  weigh(3, plain('killBridge'), plain('startBridge')),
  weigh(3, operate('pause'), operate('resume')),
  // Hands that reach Temporal.
  weigh(4, forge),
  weigh(2, create, rest, forge),
  weigh(3, aimed('fallSilent'), create, rest, answerByHand, aimed('speakAgain')),
  weigh(3, create, answerByHand),
  weigh(2, silenced, aimed('delete'), answerByHand),
  weigh(3, aimed('flood')),
  weigh(8, press(...uiButtons)),
  weigh(2, press('pauseSteps'), oneDeed, press('unpauseSteps')),
  weigh(2, create, rest, press('terminate', 'deleteRun', 'resetToFirst', 'resetToFirstWithoutSignals')),
  // What carries it all.
  weigh(2, createHostile, rest, plain('mendBootstrap')),
  weigh(2, cutTemporal, oneDeed),
  weigh(3, cutJournal, oneDeed, aimed('delete')),
  weigh(1, cutJournal, oneDeed, plain('killWorker'), oneDeed, plain('startWorker')),
  weigh(2, plain('startNextBuild'), oneDeed, plain('stopOldBuild')),
  // What worker and bridge know is old.
  weigh(3, stallWatch, oneDeed, fc.oneof(dropMember, create, aimed('loseHost')), plain('resumeWatches')),
  weigh(2, stallPools, dropMember, rest, create, rest, plain('resumeWatches')),
  // Records that refuse, cannot be read, or go.
  weigh(3, aimed('sealSecret'), oneDeed, aimed('replaceSecret')),
  weigh(2, aimed('fillInventory'), oneDeed, aimed('emptyInventory')),
  weigh(2, aimed('spoilInventory'), oneDeed, aimed('mendInventory')),
  weigh(3, plain('forbidPlans'), oneDeed, oneDeed, plain('allowPlans')),
  weigh(3, aimed('loseHost'), aimed('registerAnew')),
  weigh(2, create, rest, aimed('resetHost'), rest, aimed('registerAnew')),
  weigh(2, create, rest, aimed('selectHost'), rest, aimed('registerAnew')),
  // A plan that fails, and what an operator does about it.
  weigh(6, failPlan('reprovision'), create, rest, operate('retry', 'reallocate')),
  weigh(4, failPlan('clean'), rest, aimed('delete'), rest, operate('retry', 'forceRelease')),
  // A host that keeps an operator waiting.
  weigh(4, silenced, create, rest, operate('reallocate'), rest, operate('forceRelease', 'retry')),
  weigh(5, create, rest, silenced, aimed('delete'), rest, operate('forceRelease'), rest, aimed('unquarantine')),
);

/** Where in the sequence a chain begins, and how far its commands are from each other. */
const placed = fc.record({ chain: anyChain, at: fc.nat({ max: 99 }), stride: fc.integer({ min: 1, max: 30 }) });

const MAX_COMMANDS = 12;

/** A sequence; it begins with a machine, for without one nothing happens. */
const sequence: fc.Arbitrary<Command[]> = fc
  .tuple(create, fc.array(placed, { minLength: 4, maxLength: 5, size: 'max' }))
  .map(([first, others]) => {
    const all = others.flatMap(({ chain: commands, at, stride }) =>
      commands.map((command, index) => ({ command, position: at + index * stride })),
    );
    const ordered = all.toSorted((one, other) => one.position - other.position);
    return [first, ...ordered.map(({ command }) => command)].slice(0, MAX_COMMANDS);
  });

/** The sequence of a seed, always the same. */
export function sequenceOf(seed: number): Command[] {
  return fc.sample(sequence, { seed, numRuns: 1 })[0] ?? [];
}
