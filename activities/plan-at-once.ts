import type { BaremetalMachine } from '../api/machine.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { isDueForPlan } from '../domain/life/forecast.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import type { PlannedAtOnce } from '../domain/life/step-outcomes.ts';
import type { Claimant, SwappedHost, TakenHost } from './claim-host.ts';
import { bindHost } from './host/bound-host.ts';
import { judgePlanSlot } from './host/plan-writer.ts';
import { isSlotNeeded } from './host/slot.ts';
import { findContentOf, type FoundContent, type PlanContent, readContent } from './inputs/plan-content.ts';
import { findHostsOfPool, provisionHost } from './provision-host.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import type { Fence } from './step/fence.ts';
import { logStep } from './step/log.ts';
import { stoppedBy } from './step/stopped.ts';

/** What the plan for a host is made of, as it is read while the host is claimed. */
export interface ForeseenPlan {
  found: FoundContent;
  content: PlanContent;
}

/**
 * Begins to read what the plan of the machine is made of, and answers what reads it for the host that the machine gets.
 * undefined: the machine cannot have its plan at once.
 */
export function foreseePlan(
  deps: ActivityDependencies,
  { metadata }: BaremetalMachine,
  { pool, owners }: Claimant,
): ((host: SwappedHost) => Promise<ForeseenPlan>) | undefined {
  // Most machines have their host before their bootstrap data.
  if (owners.machine?.spec.bootstrap.dataSecretName === undefined) return undefined;
  // Others wait for their turn, too, and who arbitrates has not heard of this machine's host yet.
  if (isSlotNeeded(deps.policy, pool)) return undefined;
  const reading = findContentOf(deps, metadata.namespace, owners);
  // Awaited only if the claim succeeds.
  reading.catch(() => undefined);
  return (swapped) => {
    const foreseen = readForHost(deps, metadata, swapped, reading);
    foreseen.catch(() => undefined);
    return foreseen;
  };
}

async function readForHost(
  deps: ActivityDependencies,
  ref: MachineRef,
  swapped: SwappedHost,
  reading: Promise<FoundContent>,
): Promise<ForeseenPlan> {
  const { machine, pool, inventory } = swapped;
  const found = await reading;
  const host = bindHost(swapped, machine, pool);
  const hostsOfPool = () => findHostsOfPool(deps, ref);
  return { found, content: await readContent(deps, found, { machine, host, hostsOfPool }, inventory) };
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
  { begun, ...taken }: TakenHost<Promise<ForeseenPlan>>,
): Promise<PlannedAtOnce | undefined> {
  const { stage } = life;
  if (stage.kind !== 'claimed' || !isDueForPlan(life)) return undefined;
  const order = { machine: ref, host: stage.host, attempt: stage.attempt, planType: 'reprovision' } as const;
  try {
    const slot = judgePlanSlot(order, taken, taken.secret);
    if (slot.kind !== 'free') return undefined;
    const { found, content } = await begun;
    const evidence = { machine: taken.machine, slot, found, content, namedBy: undefined };
    const outcome = await provisionHost(deps, fence, order, evidence);
    if (outcome.kind !== 'written') return undefined;
    return { ...outcome, image: content.kind === 'ready' ? content.image : null };
  } catch (error) {
    const stopped = stoppedBy(error);
    // A bug of ours shows; the attempt that follows finds the host, and claims nothing.
    if (stopped === undefined) throw error;
    logStep('Could not write the plan at once', ref, { host: stage.host.inventory, problem: stopped.message });
    return undefined;
  }
}
