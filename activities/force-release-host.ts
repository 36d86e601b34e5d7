import { secrets } from '../api/resources.ts';
import type { HostView } from '../domain/inputs/host-view.ts';
import type { BoundHost } from '../domain/life/machine-life.ts';
import type { ForceReleaseOutcome } from '../domain/life/step-outcomes.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { tellForcedRelease } from '../domain/report/machine-news.ts';
import { attemptId, parseAttemptId } from '../domain/plan/attempt.ts';
import { renderCleanPlan } from '../domain/plan/clean.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { noteNews } from './step/event-recorder.ts';
import { type Fence, startFence } from './step/fence.ts';
import { readOwnedHost, writeHostRecord } from './host/record.ts';
import {
  confirmWrittenPlan,
  inspectPlanSlot,
  liftSingleAttempt,
  orderedAttemptId,
  writePlan,
} from './host/plan-writer.ts';
import { readHolderStanding } from './host/holder-standing.ts';
import { noteLastGroup } from './host/last-group.ts';
import { dropFinalizerUnlessHeld } from './host/last-host.ts';
import { logStep } from './step/log.ts';
import { mayGiveUp } from './step/standing.ts';
import { isRefused, stoppedBy } from './step/stopped.ts';
import { findReadable } from './step/unreadable.ts';

/**
 * Lets a host go that was not cleaned. The clean plan is left in its Secret, so that a host which comes back cleans
 * itself, and the quarantine stands until an operator lifts it and that plan was applied.
 */
export function createForceReleaseHost(deps: ActivityDependencies) {
  return async function forceReleaseHost(input: {
    machine: MachineRef;
    host: BoundHost;
    last: boolean;
    /** Who asked for it, and why. */
    cause: string;
    /** The machine's Cluster, as the run knows it. */
    cluster?: string | null;
  }): Promise<ForceReleaseOutcome> {
    const fence = startFence();
    const { machine } = input;
    const standing = await readHolderStanding(deps, { machine, inventory: input.host.inventory }, input.cluster);
    if (standing.kind === 'moved' || standing.kind === 'paused') return { kind: standing.kind };
    if (standing.kind === 'live' && (input.last || !mayGiveUp(standing.machine, true))) return { kind: 'unjustified' };
    const owned = await readOwnedHost(deps, machine, input.host.inventory);
    if (owned.kind === 'ours') {
      const left = await tryToLeaveCleanPlan(deps, fence, machine, input.host);
      const current = await readOwnedHost(deps, machine, input.host.inventory);
      if (current.kind === 'ours') {
        const quarantine = `Released by force from BaremetalMachine ${machine.name}. ${left}${input.cause}`;
        const plan = await awaitedCleanPlan(deps, machine, current.host);
        const used = noteLastGroup(standing);
        await writeHostRecord(deps, fence, current.host, {
          state: 'Unavailable',
          owner: null,
          plan,
          quarantine,
          ...used,
        });
        const { inventory } = input.host;
        logStep('Let the host go uncleaned and quarantined it', machine, { host: inventory });
        noteNews(deps, machine, tellForcedRelease(inventory, input.cause), inventory);
      }
    }
    return input.last ? dropFinalizerUnlessHeld(deps, fence, machine) : undefined;
  };
}

/** Leaves a clean plan if it can, and lets go if it cannot; the answer, for the quarantine, says which where it could not. */
async function tryToLeaveCleanPlan(
  deps: ActivityDependencies,
  fence: Fence,
  machine: MachineRef,
  host: BoundHost,
): Promise<string> {
  try {
    await leaveCleanPlan(deps, fence, machine, host);
    return '';
  } catch (error) {
    if (!isRefused(error)) throw error;
    logStep('Could leave no clean plan', machine, { host: host.inventory, problem: stoppedBy(error)?.message });
    return 'No clean plan could be left: its plan Secret cannot be written. ';
  }
}

/**
 * Writes a clean plan unless one of this machine stands there; a Secret that is gone or taken is left alone. The agent
 * may try the plan again and again, because nobody is left who could order another attempt: held to a single one, a
 * host whose clean plan failed would stay quarantined for ever. Should this write meet a running clean plan, its agent
 * runs it once more at worst.
 */
async function leaveCleanPlan(
  deps: ActivityDependencies,
  fence: Fence,
  machine: MachineRef,
  host: BoundHost,
): Promise<void> {
  const order = { machine, host, planType: 'clean', attempt: 1, unattended: true } as const;
  const slot = await inspectPlanSlot(deps, order);
  if (slot.kind === 'written') {
    await confirmWrittenPlan(deps, fence, order, slot);
    await liftSingleAttempt(deps, fence, slot.secret);
  }
  if (slot.kind !== 'free') return;
  await writePlan(deps, fence, order, slot, renderCleanPlan({ attemptId: orderedAttemptId(order, slot.secret) }));
}

/**
 * The clean plan that must be applied before the quarantine can be lifted. Where none could be written, it is noted all
 * the same: no other plan makes the host clean.
 */
async function awaitedCleanPlan(
  deps: ActivityDependencies,
  { namespace, uid }: MachineRef,
  { name, plan, planSecretName = name }: HostView,
): Promise<NonNullable<HostView['plan']>> {
  const noted = plan && parseAttemptId(plan.attemptId);
  if (plan !== undefined && noted?.planType === 'clean' && noted.uid === uid) return plan;
  const secret = await findReadable(deps, secrets, { namespace, name: planSecretName });
  const id = attemptId({ uid, planType: 'clean', attempt: 1, claim: secret?.metadata.uid });
  return { attemptId: id, checksum: renderCleanPlan({ attemptId: id }).checksum };
}
