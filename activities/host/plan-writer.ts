import { log } from '@temporalio/activity';
import type { AllocationState, MachinePlanType } from '../../api/constants.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import type { Secret } from '../../api/core.ts';
import { secrets } from '../../api/resources.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { BoundHost, WrittenPlan } from '../../domain/life/machine-life.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { attemptId, parseAttemptId, type PlanAttempt } from '../../domain/plan/attempt.ts';
import type { RenderedPlan } from '../../domain/plan/document.ts';
import { type KeptFailure, mayHoldFailure } from '../../domain/plan/last-failure.ts';
import { type PlanSecretView, planSecretPatch, releasePatch, viewPlanSecret } from '../../domain/plan/secret.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import type { Fence } from '../step/fence.ts';
import type { HeldHost } from './held-host.ts';
import { readOwnedHost, writeHostRecord } from './record.ts';
import { logStep } from '../step/log.ts';
import { RefusedError } from '../step/refused.ts';
import { isRefused, stoppedBy } from '../step/stopped.ts';
import { findReadable } from '../step/unreadable.ts';

/** Where a plan can be written to, as it is now. */
export type PlanSlot =
  | { kind: 'free'; inventory: MachineInventory; host: HostView; secret: PlanSecretView; found: Secret }
  /** This attempt, or a later one, of the same plan type stands there already. */
  | {
      kind: 'written';
      inventory: MachineInventory;
      host: HostView;
      secret: PlanSecretView;
      attempt: PlanAttempt;
    }
  /** `cleaning`: a clean plan of this machine, written by a step of ours, stands there, and another one is to be written. */
  | { kind: 'inventoryMissing' | 'hostLost' | 'secretMissing' | 'taken' | 'cleaning' };

export interface PlanOrder {
  machine: MachineRef;
  host: BoundHost;
  planType: MachinePlanType;
  attempt: number;
  /** No run waits for the result: the agent tries until it succeeds. */
  unattended?: true;
}

/** Looks whether the machine still owns the host and what stands in the host's plan Secret. */
export async function inspectPlanSlot(deps: ActivityDependencies, order: PlanOrder): Promise<PlanSlot> {
  const owned = await readOwnedHost(deps, order.machine, order.host.inventory);
  if (owned.kind === 'missing') return { kind: 'inventoryMissing' };
  if (owned.kind === 'lost') return { kind: 'hostLost' };
  const name = owned.host.planSecretName ?? order.host.planSecret;
  const found = await findReadable(deps, secrets, { namespace: order.machine.namespace, name });
  return found === undefined ? { kind: 'secretMissing' } : judgePlanSlot(order, owned, found);
}

/** What stands in the plan Secret of a host that the machine owns. @throws RefusedError: it is no plan Secret of that host */
export function judgePlanSlot(order: PlanOrder, { inventory, host }: HeldHost, found: Secret): PlanSlot {
  const secret = viewPlanSecret(found);
  assertPlanSecretOf(inventory, secret);
  const standing = secret.planAttempt === undefined ? undefined : parseAttemptId(secret.planAttempt);
  if (standing === undefined) {
    return isForeign(secret, host, order.machine)
      ? { kind: 'taken' }
      : { kind: 'free', inventory, host, secret, found };
  }
  // Of a machine that had the host before: its life is over.
  if (standing.uid !== order.machine.uid) return { kind: 'free', inventory, host, secret, found };
  if (standing.planType !== order.planType) {
    if (standing.planType !== 'clean') return { kind: 'free', inventory, host, secret, found };
    // One without a note is of a claim before: its attempts have the same ids, and their marks outlive a clean plan.
    return { kind: isNoted(host, secret) ? 'cleaning' : 'taken' };
  }
  return isOwnAttempt(standing, order, host, secret)
    ? { kind: 'written', inventory, host, secret, attempt: standing }
    : { kind: 'free', inventory, host, secret, found };
}

/**
 * Whether the attempt that stands in the Secret is the one to be written, or a later one of this claim. A host can write
 * any number there: a later one is believed where the record on the inventory, which no host writes, names it, too.
 */
function isOwnAttempt(standing: PlanAttempt, order: PlanOrder, host: HostView, secret: PlanSecretView): boolean {
  if (standing.claim !== undefined && standing.claim !== secret.uid) return false;
  if (standing.attempt === order.attempt) return true;
  return standing.attempt > order.attempt && isNoted(host, secret);
}

/** A step of ours wrote the plan: the record on the inventory names it. */
function isNoted({ plan }: HostView, { planAttempt }: PlanSecretView): boolean {
  return plan !== undefined && plan.attemptId === planAttempt;
}

/** @throws RefusedError: another kind of Secret, or another inventory's (notes/host-agent.md section 5) */
function assertPlanSecretOf(inventory: MachineInventory, { name, isPlanSecret, controllerUid }: PlanSecretView): void {
  const isOthers = controllerUid !== undefined && controllerUid !== inventory.metadata.uid;
  if (isPlanSecret && !isOthers) return;
  throw new RefusedError(
    isPlanSecret
      ? `Secret ${name} belongs to another object than MachineInventory ${inventory.metadata.name}`
      : `Secret ${name}, which MachineInventory ${inventory.metadata.name} names, is no plan Secret`,
  );
}

/**
 * Whether a plan that is nobody's of ours was put there by somebody who wants the host: elemental-operator says so, or it
 * stands where a plan of this machine stood. What a host that was just claimed has from its past is not.
 */
function isForeign({ foreignPlanType, isEmpty }: PlanSecretView, { plan }: HostView, machine: MachineRef): boolean {
  if (foreignPlanType !== undefined) return true;
  return !isEmpty && plan !== undefined && parseAttemptId(plan.attemptId)?.uid === machine.uid;
}

/** A reboot leaves the host in use. */
const stateOfPlan: Record<MachinePlanType, AllocationState> = {
  reprovision: 'Reprovisioning',
  reboot: 'Allocated',
  clean: 'Preparing',
};

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
  const id = orderedAttemptId(order, slot.secret);
  const record = { state: stateOfPlan[order.planType], plan: { attemptId: id, checksum: plan.checksum } };
  const [lastFailure] = await Promise.all([
    keepFailure(deps, slot.found, plan),
    writeHostRecord(deps, fence, slot.host, record),
    prepare(),
  ]);
  fence.assertAlive();
  await deps.kube.patch(
    secrets,
    { namespace: slot.secret.namespace, name: slot.secret.name },
    planSecretPatch({
      plan,
      attemptId: id,
      planType: order.planType,
      unattended: order.unattended ?? false,
      lastFailure,
      resourceVersion: slot.secret.resourceVersion,
      uid: slot.secret.uid,
    }),
  );
  logStep('Wrote a plan', order.machine, { host: slot.host.name, attemptId: id, checksum: plan.checksum });
}

/** Puts the evidence of a failure aside that the plan replaces. A host wrote it: it is read elsewhere. */
async function keepFailure(
  { reader }: ActivityDependencies,
  found: Secret,
  { json }: RenderedPlan,
): Promise<KeptFailure> {
  return mayHoldFailure(found) ? reader.lastFailure(found, Buffer.byteLength(json)) : {};
}

/** Names the attempt that an order asks for, of the claim that the Secret stands for. */
export function orderedAttemptId({ machine, planType, attempt }: PlanOrder, { uid }: PlanSecretView): string {
  return attemptId({ uid: machine.uid, planType, attempt, claim: uid });
}

/** Brings the note on the inventory in line with the plan that stands in the Secret. */
export async function confirmWrittenPlan(
  deps: ActivityDependencies,
  fence: Fence,
  order: PlanOrder,
  slot: Extract<PlanSlot, { kind: 'written' }>,
): Promise<{ attempt: number; claim?: string; checksum: string }> {
  const { secret } = slot;
  const { attempt, claim } = slot.attempt;
  const id = attemptId(slot.attempt);
  logStep('Found the plan written already', order.machine, { host: slot.host.name, attemptId: id });
  await writeHostRecord(deps, fence, slot.host, {
    state: stateOfPlan[order.planType],
    plan: { attemptId: id, checksum: secret.planChecksum },
  });
  return { attempt, checksum: secret.planChecksum, ...(claim !== undefined && { claim }) };
}

export function pendingPlan(
  order: Pick<PlanOrder, 'planType'>,
  written: { attempt: number; claim?: string; checksum: string },
  deadlineMs: number,
  bootstrapHash: string | null,
): WrittenPlan {
  return { type: order.planType, ...written, deadlineMs, bootstrapHash, progress: { kind: 'pending' } };
}

/** Takes our `max-failures` away, which plans of others would inherit; never while a plan of ours runs or has failed. */
export async function liftSingleAttempt(
  deps: ActivityDependencies,
  fence: Fence,
  { namespace, name, maxFailures, resourceVersion, uid }: PlanSecretView,
): Promise<void> {
  if (maxFailures === undefined) return;
  fence.assertAlive();
  try {
    await deps.kube.patch(secrets, { namespace, name }, releasePatch({ resourceVersion, uid }));
  } catch (error) {
    // Whoever may write the Secret can make it immutable; what the host has done is done all the same.
    if (!isRefused(error)) throw error;
    log.warn('The plan Secret keeps its limit of one attempt', { secret: name, problem: stoppedBy(error)?.message });
  }
}
