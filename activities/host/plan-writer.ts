import type { AllocationState, PlanType } from '../../api/constants.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import { secrets } from '../../api/resources.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { BoundHost, WrittenPlan } from '../../domain/life/machine-life.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { attemptId, parseAttemptId } from '../../domain/plan/attempt.ts';
import type { RenderedPlan } from '../../domain/plan/document.ts';
import { type PlanSecretView, planSecretPatch, viewPlanSecret } from '../../domain/plan/secret.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import type { Fence } from '../step/fence.ts';
import { readOwnedHost, writeHostRecord } from './record.ts';
import { logStep } from '../step/log.ts';

/** Where a plan can be written to, as it is now. */
export type PlanSlot =
  | { kind: 'free'; inventory: MachineInventory; host: HostView; secret: PlanSecretView }
  /** This attempt, or a later one, of the same plan type stands there already. */
  | { kind: 'written'; host: HostView; secret: PlanSecretView; attempt: number }
  | { kind: 'inventoryMissing' | 'hostLost' | 'secretMissing' | 'taken' };

export interface PlanOrder {
  machine: MachineRef;
  host: BoundHost;
  planType: PlanType;
  attempt: number;
  /** No run waits for the result: the agent tries until it succeeds. */
  unattended?: true;
}

/** Looks whether the machine still owns the host and what stands in the host's plan Secret. */
export async function inspectPlanSlot(deps: ActivityDependencies, order: PlanOrder): Promise<PlanSlot> {
  const owned = await readOwnedHost(deps, order.machine, order.host.inventory);
  if (owned.kind === 'missing') return { kind: 'inventoryMissing' };
  if (owned.kind === 'lost') return { kind: 'hostLost' };
  const { inventory, host } = owned;
  const name = host.planSecretName ?? order.host.planSecret;
  const found = await deps.kube.find(secrets, { namespace: order.machine.namespace, name });
  if (found === undefined) return { kind: 'secretMissing' };
  const secret = viewPlanSecret(found);
  const standing = secret.planAttempt === undefined ? undefined : parseAttemptId(secret.planAttempt);
  if (standing === undefined) {
    return isForeign(secret, host, order.machine) ? { kind: 'taken' } : { kind: 'free', inventory, host, secret };
  }
  // Of a machine that had the host before: its life is over.
  if (standing.uid !== order.machine.uid) return { kind: 'free', inventory, host, secret };
  if (standing.planType !== order.planType) {
    return standing.planType === 'clean' ? { kind: 'taken' } : { kind: 'free', inventory, host, secret };
  }
  if (standing.attempt >= order.attempt) return { kind: 'written', host, secret, attempt: standing.attempt };
  return { kind: 'free', inventory, host, secret };
}

/**
 * Whether a plan that is nobody's of ours was put there by somebody who wants the host: elemental-operator says so, or it
 * stands where a plan of this machine stood. What a host that was just claimed has from its past is not.
 */
function isForeign({ foreignPlanType, isEmpty }: PlanSecretView, { plan }: HostView, machine: MachineRef): boolean {
  if (foreignPlanType !== undefined) return true;
  return !isEmpty && plan !== undefined && parseAttemptId(plan.attemptId)?.uid === machine.uid;
}

const stateOfPlan: Record<PlanType, AllocationState> = { reprovision: 'Reprovisioning', clean: 'Preparing' };

/**
 * Notes on the inventory which plan is coming, then writes it to the Secret in one patch: a reader who finds the note
 * and not the plan knows that it is about to be written, and one who finds the plan knows what to compare it with.
 * `prepare` is done beside the note: the plan is not written before both are.
 */
export async function writePlan(
  deps: ActivityDependencies,
  fence: Fence,
  order: PlanOrder,
  slot: Extract<PlanSlot, { kind: 'free' }>,
  plan: RenderedPlan,
  prepare: () => Promise<void> = async () => {},
): Promise<void> {
  const id = attemptId({ uid: order.machine.uid, planType: order.planType, attempt: order.attempt });
  const record = { state: stateOfPlan[order.planType], plan: { attemptId: id, checksum: plan.checksum } };
  await Promise.all([writeHostRecord(deps, fence, slot.host, record), prepare()]);
  fence.assertAlive();
  await deps.kube.patch(
    secrets,
    { namespace: slot.secret.namespace, name: slot.secret.name },
    planSecretPatch({
      plan,
      attemptId: id,
      planType: order.planType,
      unattended: order.unattended ?? false,
      resourceVersion: slot.secret.resourceVersion,
      uid: slot.secret.uid,
    }),
  );
  logStep('Wrote a plan', order.machine, { host: slot.host.name, attemptId: id, checksum: plan.checksum });
}

/** Brings the note on the inventory in line with the plan that stands in the Secret. */
export async function confirmWrittenPlan(
  deps: ActivityDependencies,
  fence: Fence,
  order: PlanOrder,
  slot: Extract<PlanSlot, { kind: 'written' }>,
): Promise<{ attempt: number; checksum: string }> {
  const { attempt, secret } = slot;
  const id = attemptId({ uid: order.machine.uid, planType: order.planType, attempt });
  logStep('Found the plan written already', order.machine, { host: slot.host.name, attemptId: id });
  await writeHostRecord(deps, fence, slot.host, {
    state: stateOfPlan[order.planType],
    plan: { attemptId: id, checksum: secret.planChecksum },
  });
  return { attempt, checksum: secret.planChecksum };
}

export function pendingPlan(
  order: Pick<PlanOrder, 'planType'>,
  written: { attempt: number; checksum: string },
  deadlineMs: number,
  bootstrapHash: string | null,
): WrittenPlan {
  return { type: order.planType, ...written, deadlineMs, bootstrapHash, progress: { kind: 'pending' } };
}
