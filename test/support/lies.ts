import type { PlanAnswer } from '../../domain/life/machine-life.ts';
import type { MachineRef, MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { lifeQuery, machineObservedSignal } from '../../workflows/messages.ts';
import { findOpenWait, untilRunSettled } from './host-answers.ts';
import { currentRunId, runOf } from './runs.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';

/** Sends a run by hand what the bridge sends it, with `lie` in it; answers how many events came of it until it rests. */
export async function tellLie(site: Site, machine: MachineRef, lie: Partial<MachineSnapshot>): Promise<number> {
  const before = await untilRunSettled(site, machine.name);
  const run = runOf(site, machine);
  const told = await currentRunId(site, machine);
  const life = await run.query(lifeQuery);
  if (life === null) throw new Error(`The run of ${machine.name} knows nothing yet`);
  await run.signal(machineObservedSignal, { ...life.snapshot, ...lie });
  const after = await untilRunSettled(site, machine.name);
  if ((await currentRunId(site, machine)) === told) return after - before;
  const { historyLength } = await site.temporal.workflow.getHandle(machineWorkflowId(machine), told).describe();
  return historyLength - before + after;
}

/** Completes, by hand as the Temporal UI lets everybody, the activity with which a run waits for its host. */
export async function answerByHand(site: Site, machine: MachineRef, answer: unknown): Promise<void> {
  const waiting = await waitFor(`the run of ${machine.name} waits for its host`, () => findOpenWait(site, machine));
  const workflowId = machineWorkflowId(machine);
  await site.temporal.activity.complete({ workflowId, activityId: waiting.activityId }, answer);
  await waitFor(
    `the run of ${machine.name} has taken the answer in`,
    async () => (await findOpenWait(site, machine))?.scheduledAt !== waiting.scheduledAt,
  );
  await untilRunSettled(site, machine.name);
}

/** Every answer that somebody could give for a host that has said nothing, and what is none. */
export const madeUpAnswers: readonly (PlanAnswer | string | number | object | null)[] = [
  { kind: 'applied' },
  { kind: 'failed', message: 'somebody says so' },
  { kind: 'secretMissing' },
  { kind: 'taken' },
  { kind: 'lookAgain' },
  { kind: 'nonsense' },
  { kind: 'failed' },
  'applied',
  42,
  null,
  {},
];
