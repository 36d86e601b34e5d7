import { createHash } from 'node:crypto';
import { baremetalMachines } from '../../api/resources.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';
import { forEachLimited } from '../reconcile/for-each-limited.ts';
import type { ReconcilerLogger } from '../reconcile/ports.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';

/** A run at work looks within a second. */
export const UNATTENDED_AFTER_MS = 60_000;
/** Less than the pause between two sweeps. */
const STUCK_FOR_MS = 5_000;
const SAY_AGAIN_MS = 10 * 60_000;
/** Of a fleet that nobody serves, so many are looked at and told in one sweep; the next one goes on. */
const MAX_A_SWEEP = 200;
const PARALLEL_LOOKS = 8;

interface Untold {
  view: MachineView;
  sinceMs: number;
  /** Why its run could not be told; undefined: it was. */
  undelivered: string | undefined;
  /** A sweep found that no run has looked. */
  confirmed: boolean;
  lookedAtMs: number;
  saidAtMs: number;
}

/** Machines about which there is news that no run has acted on yet. */
export class UnattendedMachines {
  readonly #byUid = new Map<string, Untold>();
  /** When the run of a machine was last given the answer of a host. */
  readonly #answered = new Map<string, { machine: MachineRef; atMs: number }>();
  /** By uid: the run that is stuck, and when that was seen first. */
  readonly #stuck = new Map<string, { runId: string; sinceMs: number }>();
  readonly #nowMs: () => number;

  /** `nowMs` may have any origin; only differences count. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** There is news for the machine's run. What its run has not answered since counts from the first time. */
  note(view: MachineView): void {
    const known = this.#byUid.get(view.uid);
    if (known !== undefined && known.view.observedInputs === view.observedInputs) {
      known.view = view;
      return;
    }
    const never = -Infinity;
    const state = { undelivered: undefined, confirmed: false, lookedAtMs: never, saidAtMs: never };
    this.#byUid.set(view.uid, { view, sinceMs: this.#nowMs(), ...state });
  }

  /** Its run was given the answer of a host: what it makes of it no fingerprint tells. */
  noteAnswer(machine: MachineRef): void {
    this.#answered.set(machine.uid, { machine, atMs: this.#nowMs() });
  }

  /** Some of those whose run was given an answer a minute ago, the first ones first. */
  answered(): MachineRef[] {
    const due = [...this.#answered.values()].filter(({ atMs }) => this.#nowMs() - atMs >= UNATTENDED_AFTER_MS);
    return due.slice(0, MAX_A_SWEEP).map(({ machine }) => machine);
  }

  /** Its run was looked at after its answer. */
  forgetAnswer(uid: string): void {
    this.#answered.delete(uid);
  }

  /** Whether the same run was stuck at a look before: a server that has just started still has tasks to take back. */
  isStillStuck(uid: string, runId: string): boolean {
    const known = this.#stuck.get(uid);
    if (known?.runId === runId) return this.#nowMs() - known.sinceMs >= STUCK_FOR_MS;
    this.#stuck.set(uid, { runId, sinceMs: this.#nowMs() });
    return false;
  }

  /** How it went to tell the machine's run; undefined: well. */
  noteDelivery(uid: string, problem: string | undefined): void {
    const known = this.#byUid.get(uid);
    if (known !== undefined) known.undelivered = problem;
  }

  /** A run has looked at the machine, or the machine is gone. */
  forget(uid: string): void {
    this.#byUid.delete(uid);
    this.#stuck.delete(uid);
  }

  /** How many machines a sweep found that no run has looked at for a minute. */
  count(): number {
    return [...this.#byUid.values()].filter(({ confirmed }) => confirmed).length;
  }

  /** Those that wait for longer than a minute; first those at which nobody has looked for the longest. */
  overdue(): Untold[] {
    const found = [...this.#byUid.values()].filter(({ sinceMs }) => this.#nowMs() - sinceMs >= UNATTENDED_AFTER_MS);
    return found.toSorted((a, b) => Math.max(a.lookedAtMs, a.sinceMs) - Math.max(b.lookedAtMs, b.sinceMs));
  }
}

export interface SweepDeps {
  unattended: UnattendedMachines;
  runs: Pick<MachineRuns, 'look'>;
  /** Gives the machine another run in place of this one, which is stuck. */
  replaceRun: (machine: MachineRef, runId: string) => Promise<void>;
  /** Why no worker would pick any run up; undefined: one would. */
  findNobodyServes: () => Promise<string | undefined>;
  client: Pick<KubeClient, 'create'>;
  logger: ReconcilerLogger;
  nowMs: () => number;
}

/** Looks at the machines that wait for long, and says in an Event on each what keeps their runs. */
export async function sweepUnattended(deps: SweepDeps): Promise<void> {
  const [overdue, answered] = [deps.unattended.overdue(), deps.unattended.answered()];
  if (overdue.length + answered.length === 0) return;
  const nobody = await deps.findNobodyServes();
  if (nobody !== undefined) for (const untold of overdue) untold.confirmed = true;
  const failures = await forEachLimited(overdue.slice(0, MAX_A_SWEEP), PARALLEL_LOOKS, async (untold) => {
    untold.lookedAtMs = deps.nowMs();
    const why = nobody ?? (await findWhy(untold, deps));
    if (why === undefined) return deps.unattended.forget(untold.view.uid);
    untold.confirmed = true;
    if (deps.nowMs() - untold.saidAtMs < SAY_AGAIN_MS) return;
    await say(untold, why, deps);
    untold.saidAtMs = deps.nowMs();
  });
  if (nobody === undefined) failures.push(...(await sweepAnswered(answered, deps)));
  const [err] = failures;
  if (err !== undefined) deps.logger.warn({ err, failures: failures.length }, 'Could not look after waiting machines');
}

/** One that is stuck would keep the answer for ever, and nobody would see it: the status says what was before. */
function sweepAnswered(machines: readonly MachineRef[], deps: SweepDeps): Promise<unknown[]> {
  return forEachLimited(machines, PARALLEL_LOOKS, async (machine) => {
    const sight = await deps.runs.look(machine);
    const isDone = sight.kind !== 'stuck' || (await replaceIfStillStuck(machine, sight.runId, deps));
    if (isDone) deps.unattended.forgetAnswer(machine.uid);
  });
}

/** Answers whether it was. */
async function replaceIfStillStuck(
  machine: MachineRef,
  runId: string,
  { unattended, replaceRun }: SweepDeps,
): Promise<boolean> {
  if (!unattended.isStillStuck(machine.uid, runId)) return false;
  await replaceRun(machine, runId);
  return true;
}

async function findWhy({ view, undelivered }: Untold, deps: SweepDeps): Promise<string | undefined> {
  if (undelivered !== undefined) return `its run cannot be told: ${undelivered}`;
  const sight = await deps.runs.look(view);
  switch (sight.kind) {
    case 'stuck': {
      const isReplaced = await replaceIfStillStuck(view, sight.runId, deps);
      return isReplaced ? 'its run was stuck, and another one takes over' : 'no worker gets the task of its run';
    }
    case 'rests':
      return undefined;
    case 'paused':
      return 'somebody has paused its run in Temporal';
    case 'noRun':
      return 'it has no run';
    case 'waits':
      if (sight.attempt < 2) return 'no worker takes the task of its run';
      return `workers fail the task of its run (attempt ${sight.attempt}); the worker's log says why`;
  }
}

async function say({ view, sinceMs }: Untold, why: string, { client, logger, nowMs }: SweepDeps): Promise<void> {
  const { namespace, name, uid, resourceVersion } = view;
  const seconds = Math.round((nowMs() - sinceMs) / 1000);
  const message = `No run has looked at this machine for ${seconds} s: ${why}`;
  logger.warn({ machine: `${namespace}/${name}`, problem: why, seconds }, 'No run looks at a machine');
  await createEvent(client, {
    resource: baremetalMachines,
    object: { namespace, name, uid, resourceVersion },
    type: 'Warning',
    reason: 'Unattended',
    message,
    component: 'ironloom-bridge',
    digest: createHash('sha256').update(`${uid}/${new Date().toISOString()}/${message}`).digest('hex').slice(0, 16),
  });
}
