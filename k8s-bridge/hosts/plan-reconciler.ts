import type { Secret } from '../../api/core.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { tellFailure } from '../../domain/plan/failure-output.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { PlanAnswer } from '../../domain/life/machine-life.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { hostlessPlanActivityId, parseAttemptId, planActivityId } from '../../domain/plan/attempt.ts';
import { type PlanSecretView, readPlanResult, viewPlanSecret } from '../../domain/plan/secret.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';
import type { Reader } from '../../reading/reader.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import type { ReadStore, ReconcilerLogger, ReconcileResult } from '../reconcile/ports.ts';

export interface HostPlanReconcilerDeps {
  hosts: Pick<ReadStore<HostView>, 'get'>;
  planSecrets: Pick<ReadStore<PlanSecretView>, 'get'>;
  runs: Pick<MachineRuns, 'completePlan'>;
  /** A live read: bodies of plan Secrets are not kept. */
  findSecret: (key: ObjectKey) => Promise<Secret | undefined>;
  /** Explains what a host wrote. */
  reader: Pick<Reader, 'failure'>;
  answers: AnswerMemory;
  /** The run of the machine has its answer. */
  noteAnswer: (machine: MachineRef) => void;
  logger: ReconcilerLogger;
}

/** A plan that a run waits for. */
interface AwaitedPlan {
  machine: MachineRef;
  activityIds: readonly string[];
  expected: { attemptId: string; checksum: string };
  isReboot: boolean;
  secret: ObjectKey;
  host: ObjectKey;
}

/**
 * A Secret that is gone, or holds another plan, is believed after this time: the inventory is annotated before the
 * Secret is written, and their events come over two watches.
 */
export const SUSPICION_MS = 2_000;

/**
 * Answers the run of the host's owner as soon as the plan Secret holds the host's result. Level-triggered: an answer
 * that nobody waited for (the activity is not scheduled yet, or read the Secret itself) is given again later.
 * @throws when Temporal or, for a failure, the API server cannot be asked
 */
export async function reconcileHostPlan(key: string, deps: HostPlanReconcilerDeps): Promise<ReconcileResult> {
  const { answers, planSecrets } = deps;
  const host = deps.hosts.get(parseKey(key));
  const awaited = host === undefined ? undefined : awaitedPlanOf(host);
  if (awaited === undefined) {
    answers.forget(key);
    return {};
  }
  const view = planSecrets.get(awaited.secret);
  const kind = answerKindOf(view, awaited);
  if (kind === 'running' || isKnown(awaited, view)) {
    answers.forget(key);
    return {};
  }
  const attempt = awaited.expected.attemptId;
  const waitMs =
    kind === 'lookAgain'
      ? answers.waitMs(key, `${attempt} ${kind} ${view?.resourceVersion ?? 'none'}`, SUSPICION_MS)
      : answers.waitMs(key, `${attempt} ${kind}`, 0);
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  const answer: PlanAnswer = kind === 'failed' ? await explainLiveFailure(awaited, deps) : { kind };
  return { requeueAfterMs: await giveAnswer(key, awaited, answer, deps) };
}

/** The plan that the host's owner waits for, if the host's record is complete and consistent. */
function awaitedPlanOf({ namespace, name, allocationState, owner, plan, planSecretName }: HostView) {
  // Unavailable: the run may have been lost after a failure; the one that adopts the host waits for the answer anew.
  const states = ['Reprovisioning', 'Preparing', 'Unavailable'] as const;
  if (owner === undefined || owner.uid === '' || plan === undefined || planSecretName === undefined) return undefined;
  const attempt = parseAttemptId(plan.attemptId);
  if (attempt === undefined || attempt.uid !== owner.uid) return undefined;
  const isReboot = attempt.planType === 'reboot';
  if (!isReboot && !states.some((state) => state === allocationState)) return undefined;
  return {
    machine: { namespace, name: owner.baremetalMachine, uid: owner.uid },
    activityIds: [
      planActivityId(attempt.planType, attempt.attempt, name),
      hostlessPlanActivityId(attempt.planType, attempt.attempt),
    ],
    expected: plan,
    isReboot,
    secret: { namespace, name: planSecretName },
    host: { namespace, name },
  } satisfies AwaitedPlan;
}

/** The run takes the limit of one attempt away once it knows that its host reboots; the host stays in use. */
function isKnown({ isReboot }: AwaitedPlan, view: PlanSecretView | undefined): boolean {
  return isReboot && view !== undefined && view.maxFailures === undefined;
}

function answerKindOf(view: PlanSecretView | undefined, { expected }: AwaitedPlan) {
  if (view === undefined) return 'lookAgain';
  const { kind } = readPlanResult(view, expected);
  return kind === 'taken' ? 'lookAgain' : kind;
}

/** Reads the Secret itself: the cache keeps no outputs, and what it says may be older than a retry. */
async function explainLiveFailure(
  awaited: AwaitedPlan,
  { findSecret, reader }: HostPlanReconcilerDeps,
): Promise<PlanAnswer> {
  const secret = await findSecret(awaited.secret);
  if (secret === undefined) return { kind: 'lookAgain' };
  const { kind } = readPlanResult(viewPlanSecret(secret), awaited.expected);
  if (kind !== 'failed') return { kind: 'lookAgain' };
  return { kind, message: tellFailure(await reader.failure(secret.data['failed-output']), awaited.host) };
}

async function giveAnswer(key: string, awaited: AwaitedPlan, answer: PlanAnswer, deps: HostPlanReconcilerDeps) {
  const { machine, activityIds } = awaited;
  const outcome = await deps.runs.completePlan(machine, activityIds, answer);
  if (outcome === 'completed') {
    deps.noteAnswer(machine);
    const { namespace, name } = machine;
    deps.logger.info({ host: key, machine: `${namespace}/${name}`, answer: answer.kind }, 'Answered a waiting plan');
  }
  return deps.answers.given(key);
}
