import { secrets } from '../api/resources.ts';
import type { BoundHost, PlanProgress, WrittenPlan } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { tellRelease } from '../domain/report/machine-news.ts';
import { parseAttemptId } from '../domain/plan/attempt.ts';
import { viewPlanSecret } from '../domain/plan/secret.ts';
import type { ReleaseOutcome } from '../domain/life/step-outcomes.ts';
import { readHolderStanding } from './host/holder-standing.ts';
import { noteLastGroup } from './host/last-group.ts';
import { dropFinalizerUnlessHeld } from './host/last-host.ts';
import { findStandingProgress } from './host/plan-answer.ts';
import { liftSingleAttempt } from './host/plan-writer.ts';
import { type OwnedHost, readOwnedHost, writeHostRecord } from './host/record.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { noteNews } from './step/event-recorder.ts';
import { type Fence, startFence } from './step/fence.ts';
import { logStep } from './step/log.ts';
import { mayGiveUp } from './step/standing.ts';
import { findReadable } from './step/unreadable.ts';

export interface ReleaseRequest {
  machine: MachineRef;
  host: BoundHost;
  /** The run believes that nothing was ever written to the host; checked here. */
  untouched: boolean;
  /** The machine goes, too: its finalizer is dropped. */
  last: boolean;
  /** The clean plan that the host is said to have applied; checked here. Absent: asked by a worker of before this field. */
  plan?: WrittenPlan | null;
  /** The run gives the host up by itself, before Running. */
  givingUp?: boolean;
  /** The machine's Cluster, as the run knows it. */
  cluster?: string | null;
}

/**
 * Gives the host back: the Secret first, while it is still ours to write, then the inventory, then the finalizer.
 * Each part finds itself done when the process died after it. That the machine is being deleted, or gave the host up, and
 * that the host is clean, is read here, whoever said so before.
 */
export function createReleaseHost(deps: ActivityDependencies) {
  return async function releaseHost(input: ReleaseRequest): Promise<ReleaseOutcome> {
    const fence = startFence();
    const { machine, host, untouched } = input;
    const standing = await readHolderStanding(deps, { machine, inventory: host.inventory }, input.cluster);
    if (standing.kind === 'paused') return { kind: 'paused' };
    // Giving back what was never written to harms nobody, wherever the machine went.
    if (standing.kind === 'moved' && !untouched) return { kind: 'moved' };
    if (standing.kind === 'live' && (input.last || !mayGiveUp(standing.machine, input.givingUp))) {
      return { kind: 'unjustified' };
    }
    const owned = await readOwnedHost(deps, machine, host.inventory);
    if (owned.kind === 'ours') {
      const kept = await freePlanSecret(deps, fence, input, owned);
      if (kept !== undefined) return kept;
      const used = untouched ? {} : noteLastGroup(standing);
      await writeHostRecord(deps, fence, owned.host, { state: 'Available', owner: null, plan: null, ...used });
      logStep('Gave the host back', machine, { host: host.inventory });
      noteNews(deps, machine, tellRelease(host.inventory, untouched), host.inventory);
    }
    if (!input.last) return { kind: 'released' };
    return (await dropFinalizerUnlessHeld(deps, fence, machine)) ?? { kind: 'released' };
  };
}

/**
 * Takes our `max-failures` out of the Secret of a host that is clean. An answer says why the host is not to be given back:
 * a plan of this machine stands there, or was about to (a Secret that is gone or somebody else's proves nothing), or the
 * clean plan is not applied after all.
 */
async function freePlanSecret(
  deps: ActivityDependencies,
  fence: Fence,
  { machine, untouched, plan }: ReleaseRequest,
  { host }: Extract<OwnedHost, { kind: 'ours' }>,
): Promise<ReleaseOutcome | undefined> {
  const isOurs = (attempt: string | undefined) => attempt !== undefined && parseAttemptId(attempt)?.uid === machine.uid;
  const key = { namespace: machine.namespace, name: host.planSecretName ?? host.name };
  const secret = await findReadable(deps, secrets, key);
  const view = secret && viewPlanSecret(secret);
  if (untouched) return isOurs(view?.planAttempt) || isOurs(host.plan?.attemptId) ? { kind: 'needsClean' } : undefined;
  const progress: PlanProgress = await findStandingProgress(deps.reader, secret, machine, plan ?? undefined, host);
  if (progress.kind !== 'applied') return { kind: 'unproven', progress };
  if (view !== undefined) await liftSingleAttempt(deps, fence, view);
  return undefined;
}
