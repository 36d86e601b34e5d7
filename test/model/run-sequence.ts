import { waitFor } from '../support/wait-for.ts';
import { inspectAftermath, sweep } from './aftermath.ts';
import { type Command, describeCommand } from './command.ts';
import { keepEvidence } from './evidence.ts';
import type { HistoryEntry } from './history.ts';
import { inspectJournal } from './judge-journal.ts';
import { createJudge, describeEntry, type Judge } from './judge.ts';
import type { Lane } from './lane.ts';
import { createModelState, isSameMachine, type ModelState } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';
import { performCommand } from './perform-command.ts';
import { describeScene } from './describe-scene.ts';
import { clearAway, comeToRest } from './quiet.ts';
import { describeReplay } from './seeds.ts';
import { sequenceOf } from './sequence.ts';
import type { Tally } from './tally.ts';

/** A sequence that broke a rule or did not come to rest; the message holds all that is needed to look into it. */
export class SequenceError extends Error {
  override readonly name = 'SequenceError';
}

/** Runs sequences in one lane, one after the other; each leaves the lane as it found it. */
export interface SequenceRunner {
  /** @throws SequenceError */
  run(seed: number): Promise<void>;
}

interface Course {
  scene: Scene;
  judge: Judge;
  tally: Tally;
  commands: readonly Command[];
  /** One for each command that was done. */
  outcomes: Outcome[];
  /** All that was judged. */
  entries: HistoryEntry[];
  /** Name of each machine, by uid. */
  uids: Map<string, string>;
  /** Verdicts on operations that were counted already. */
  verdicts: Set<string>;
}

export function createSequenceRunner(lane: Lane, tally: Tally): SequenceRunner {
  let model: ModelState = createModelState(lane.poolPlan);
  const judge = createJudge({
    givesUp: (machine) => model.askedToGiveUp.has(machine),
    isLiedTo: (machine) => model.liedTo.has(machine),
    isInTrouble: (host) => model.records.ever.has(host),
    isSame: (before, now) => isSameMachine(model, before, now),
    slotLimit: lane.slotLimit,
  });
  return {
    async run(seed) {
      model = createModelState(lane.poolPlan);
      const common = { scene: { lane, model }, judge, tally, commands: sequenceOf(seed) };
      const course: Course = { ...common, outcomes: [], entries: [], uids: new Map(), verdicts: new Set() };
      try {
        await follow(course);
      } catch (error) {
        const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
        const seen = [...course.entries, ...lane.history.takeAll()];
        const evidence = await keepEvidence(seen, lane);
        throw new SequenceError(`${report(seed, course, problem)}\nMore in ${evidence}`, { cause: error });
      }
    },
  };
}

async function follow(course: Course): Promise<void> {
  const { scene, tally, commands, outcomes } = course;
  const { history } = scene.lane;
  for (const [step, command] of commands.entries()) {
    history.beginStep(step);
    const outcome = await performCommand(scene, command);
    outcomes.push(outcome);
    tally.count(command, outcome);
    judgeWhatIsNew(course);
  }
  history.beginStep(commands.length);
  const onLook = (): void => judgeWhatIsNew(course);
  await comeToRest(scene, onLook);
  await clearAway(scene, onLook);
  const leftovers = await inspectAftermath(scene, course.uids);
  if (leftovers.length > 0) throw new Error(`After the end: ${leftovers.join('; ')}`);
  await sweep(scene);
  await judgeTheRest(course);
  const untold = await inspectJournal(scene, course.uids, course.entries);
  if (untold.length > 0) throw new Error(`The journal: ${untold.join('; ')}`);
}

/** @throws Error that tells of every breach, its step and its object, or of a process that died */
function judgeWhatIsNew(course: Course): void {
  course.scene.lane.crew.assertAlive();
  const entries = course.scene.lane.history.take();
  course.entries.push(...entries);
  for (const entry of entries) noteMachine(course, entry);
  const breaches = entries.flatMap((entry) => course.judge.see(entry));
  if (breaches.length === 0) return;
  const texts = breaches.map(({ step, what, entry }) => `at step ${step}: ${what}\n    ${describeEntry(entry)}`);
  throw new Error(`${breaches.length} rules were broken\n  ${texts.join('\n  ')}`);
}

/** So that nothing of this sequence is judged in the next one. */
async function judgeTheRest(course: Course): Promise<void> {
  await waitFor(
    'all that was seen is judged',
    () => {
      judgeWhatIsNew(course);
      return course.scene.lane.history.isTaken();
    },
    () => undefined,
    { everyMs: 50 },
  );
}

function noteMachine({ uids, verdicts, tally }: Course, entry: HistoryEntry): void {
  if (entry.kind !== 'machine') return;
  const { metadata, status } = entry.object;
  uids.set(metadata.uid, metadata.name);
  const { lastOperation } = status ?? {};
  const key = `${metadata.uid} ${JSON.stringify(lastOperation)}`;
  if (lastOperation === undefined || verdicts.has(key)) return;
  verdicts.add(key);
  tally.countVerdict(lastOperation);
}

function report(seed: number, { scene, commands, outcomes }: Course, problem: string): string {
  const lines = commands.map(
    (command, step) => `  ${step} ${describeCommand(command)}: ${outcomes[step] ?? 'not reached'}`,
  );
  return [
    `Seed ${seed} in ${scene.lane.namespace}; again with: ${describeReplay(seed)}`,
    ...lines,
    `  ${commands.length} quiet`,
    problem,
    `What stood there then:\n${describeScene(scene)}`,
  ].join('\n');
}
