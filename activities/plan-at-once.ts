import type { BaremetalMachine } from '../api/machine.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { isDueForPlan } from '../domain/life/forecast.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import type { PlannedAtOnce } from '../domain/life/step-outcomes.ts';
import type { Claimant, TakenHost } from './claim-host.ts';
import { judgePlanSlot } from './host/plan-writer.ts';
import { isSlotNeeded } from './host/slot.ts';
import { findContentOf, type FoundContent } from './inputs/plan-content.ts';
import { provisionHost } from './provision-host.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import type { Fence } from './step/fence.ts';
import { logStep } from './step/log.ts';
import { stoppedBy } from './step/stopped.ts';

/** A host that was just claimed, and what its plan is made of. */
export interface ClaimedHost {
  taken: TakenHost;
  reading: Promise<FoundContent>;
}

/** Reads, while a host is claimed, what its plan is made of. undefined: the machine cannot have its plan at once. */
export function foreseePlan(
  deps: ActivityDependencies,
  { metadata }: BaremetalMachine,
  { pool, owners }: Claimant,
): Promise<FoundContent> | undefined {
  // Most machines have their host before their bootstrap data.
  if (owners.machine?.spec.bootstrap.dataSecretName === undefined) return undefined;
  // Others wait for their turn, too, and who arbitrates has not heard of this machine's host yet.
  if (isSlotNeeded(deps.policy, pool)) return undefined;
  const reading = findContentOf(deps, metadata.namespace, owners);
  // Awaited only if the claim succeeds.
  reading.catch(() => undefined);
  return reading;
}

/**
 * Writes the plan for a host that the same step has just claimed, by what the claim has read, if nothing is missing. undefined:
 * something is, or went wrong. The claim holds all the same, and the step that the run takes next meets it, and says so.
 * @param life the machine's as the claim leaves it
 */
export async function planAtOnce(
  deps: ActivityDependencies,
  fence: Fence,
  ref: MachineRef,
  life: MachineLife,
  { taken, reading }: ClaimedHost,
): Promise<PlannedAtOnce | undefined> {
  const { stage } = life;
  if (stage.kind !== 'claimed' || !isDueForPlan(life)) return undefined;
  const order = { machine: ref, host: stage.host, attempt: stage.attempt, planType: 'reprovision' } as const;
  try {
    const slot = judgePlanSlot(order, taken, taken.secret);
    if (slot.kind !== 'free') return undefined;
    const content = await reading;
    const evidence = { machine: taken.machine, slot, content, namedBy: undefined };
    const outcome = await provisionHost(deps, fence, order, evidence);
    if (outcome.kind !== 'written') return undefined;
    const image = content.image.kind === 'resolved' ? content.image.image : null;
    return { ...outcome, image };
  } catch (error) {
    const stopped = stoppedBy(error);
    // A bug of ours shows; the attempt that follows finds the host, and claims nothing.
    if (stopped === undefined) throw error;
    logStep('Could not write the plan at once', ref, { host: stage.host.inventory, problem: stopped.message });
    return undefined;
  }
}
