import type { Step } from './step.ts';
import type {
  BeginOutcome,
  ClaimOutcome,
  CleanOutcome,
  CompleteOutcome,
  FinishOutcome,
  ForceReleaseOutcome,
  MarkOutcome,
  PresenceOutcome,
  ProvisionOutcome,
  RebootOutcome,
  ReleaseOutcome,
  SettleOutcome,
} from './step-outcomes.ts';

/** A step that a worker does and answers at once. */
export type StepWithOutcome = Exclude<Step['kind'], 'wait' | 'awaitPlan' | 'end'>;

interface OutcomeOf {
  begin: BeginOutcome;
  claim: ClaimOutcome;
  provision: ProvisionOutcome;
  complete: CompleteOutcome;
  reboot: RebootOutcome;
  settleReboot: SettleOutcome;
  markUnavailable: MarkOutcome;
  clean: CleanOutcome;
  release: ReleaseOutcome;
  forceRelease: ForceReleaseOutcome;
  confirmGone: PresenceOutcome;
  finish: FinishOutcome;
}

/** The kinds of a step's outcome, and the parts without which one of that kind is none. */
type Parts<Outcome extends { kind: string } | undefined> = Readonly<
  Record<NonNullable<Outcome>['kind'], readonly string[]>
>;

const unjustified = { unjustified: [], paused: [], moved: [] } as const;

const partsOf: { readonly [S in StepWithOutcome]: Parts<OutcomeOf[S]> } = {
  begin: {
    gone: [],
    fresh: [],
    claimTried: ['claim'],
    holding: ['host'],
    provisioned: ['host'],
    hostMissing: ['inventory'],
    hostTaken: ['inventory', 'owner'],
    hostWanted: ['inventory', 'by'],
  },
  claim: {
    provisioned: [],
    deleting: [],
    paused: [],
    claimed: ['host'],
    poolMissing: ['pool'],
    exhausted: ['message'],
  },
  provision: {
    provisioned: [],
    deleting: [],
    paused: [],
    gone: [],
    written: ['plan'],
    blocked: ['obstacles'],
    secretMissing: [],
    hostLost: [],
    givenUp: [],
    hostOfOther: ['owner'],
  },
  complete: { completed: [], hostLost: [], unproven: ['progress'] },
  reboot: { deleting: [], paused: [], gone: [], written: ['plan'], refused: ['message'] },
  settleReboot: { settled: [], hostLost: [], unproven: ['progress'] },
  markUnavailable: { marked: [], hostLost: [], unwritten: [], unproven: ['progress'] },
  clean: { written: ['plan'], inventoryMissing: [], secretMissing: [], taken: [], hostLost: [], ...unjustified },
  release: { released: [], needsClean: [], holdsHost: ['host'], unproven: ['progress'], ...unjustified },
  forceRelease: { holdsHost: ['host'], ...unjustified },
  confirmGone: { live: [], deleting: [], paused: [], gone: [], moved: [] },
  finish: { holdsHost: [], ...unjustified },
};

/**
 * Whether a value that a step's activity was completed with can be an outcome of that step: one of its kinds, whose parts,
 * where it has some, are whole; of some steps also nothing.
 */
export function isOutcomeOf(step: StepWithOutcome, value: unknown): boolean {
  if (value === undefined || value === null) return endsWithoutWord(step);
  if (!isRecord(value) || typeof value['kind'] !== 'string') return false;
  const parts = new Map<string, readonly string[]>(Object.entries(partsOf[step])).get(value['kind']);
  return (
    parts?.every((part) => isRecord(value[part]) || isWord(value[part]) || Array.isArray(value[part])) === true &&
    isWhole(value)
  );
}

/** Done, which some steps said without a word, and some say so still. */
function endsWithoutWord(step: StepWithOutcome): boolean {
  return step === 'markUnavailable' || step === 'forceRelease' || step === 'finish';
}

function isWhole(value: Record<string, unknown>): boolean {
  const { claim, obstacles, progress, planned } = value;
  return (
    isHost(value['host']) &&
    isPlan(value['plan']) &&
    (claim === undefined || isOutcomeOf('claim', claim)) &&
    (obstacles === undefined || Array.isArray(obstacles)) &&
    (progress === undefined || isRecord(progress)) &&
    (planned === undefined || isPlannedAtOnce(planned))
  );
}

function isPlannedAtOnce(value: unknown): boolean {
  return isRecord(value) && value['kind'] === 'written' && isOutcomeOf('provision', value);
}

function isHost(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    isRecord(value) &&
    ['inventory', 'hostname', 'planSecret', 'recorded'].every((field) => typeof value[field] === 'string') &&
    Array.isArray(value['addresses'])
  );
}

function isPlan(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return (
    isRecord(value) &&
    ['type', 'checksum'].every((field) => typeof value[field] === 'string') &&
    ['attempt', 'deadlineMs'].every((field) => typeof value[field] === 'number') &&
    isRecord(value['progress'])
  );
}

function isWord(value: unknown): boolean {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
