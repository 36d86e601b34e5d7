import { slotLeases } from '../../api/slots.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import type { Obstacle } from '../../domain/life/machine-life.ts';
import { slotMissing } from '../../domain/life/slot-wait.ts';
import { attemptOf, readHolders, renderHolder, slotAnnotation, type SlotHolder } from '../../domain/slots/holders.ts';
import { coversAttempt } from '../../domain/slots/occupation.ts';
import { isConflict, type KubeClient } from '../../runtime/kube/client.ts';
import type { MachinePolicy } from '../step/dependencies.ts';
import type { Fence } from '../step/fence.ts';
import { logStep } from '../step/log.ts';
import { findReadable } from '../step/unreadable.ts';
import { orderedAttemptId, type PlanOrder, type PlanSlot } from './plan-writer.ts';

/** What a step needs to take a slot, and to give it back. */
interface SlotAccess {
  kube: Pick<KubeClient, 'find' | 'patch'>;
  policy: Pick<MachinePolicy, 'slots'>;
}

type FreePlace = Extract<PlanSlot, { kind: 'free' }>;

/** Others take theirs at the same moment; after so many the step begins anew. */
const CONFLICTS = 5;

/**
 * Takes the slot that the machine was granted for the plan that is about to be written, by a compare-and-swap on the one
 * object that all slots stand in: whoever granted it can take it back until then, and not any more afterwards. So no plan is
 * written for which there is no slot, whatever a bridge or a cache believed. undefined: the plan may be written.
 * @param pool the machine's, as the cache has it: whether it has a limit
 */
export async function takeSlot(
  deps: SlotAccess,
  fence: Fence,
  order: PlanOrder,
  { secret }: FreePlace,
  pool: Pick<PoolView, 'name' | 'maxConcurrentReprovisions'> | undefined,
): Promise<Obstacle | undefined> {
  if (!isSlotNeeded(deps.policy, pool)) return undefined;
  const { slots } = deps.policy;
  const limit = pool?.maxConcurrentReprovisions;
  const missing = slotMissing({ pool: { name: pool?.name ?? '', limit }, installation: slots.limit });
  const id = orderedAttemptId(order, secret);
  for (let conflicts = 0; ; conflicts += 1) {
    const lease = await findReadable(deps, slotLeases, slots.lease);
    const holder = lease && readHolders(lease.metadata.annotations).get(order.machine.uid);
    if (lease === undefined || holder === undefined || !coversAttempt(holder, id, secret)) return missing;
    if (attemptOf(holder) === id && holder.host === order.host.inventory) return undefined;
    const plan = { attempt: order.attempt, claim: secret.uid };
    try {
      fence.assertAlive();
      await writeHolder(deps, lease.metadata, { ...holder, host: order.host.inventory, plan });
      return undefined;
    } catch (error) {
      if (!isConflict(error) || conflicts === CONFLICTS) throw error;
    }
  }
}

/** Whether a host of the pool needs a slot for a reprovision plan. */
export function isSlotNeeded(
  { slots }: Pick<MachinePolicy, 'slots'>,
  pool: Pick<PoolView, 'maxConcurrentReprovisions'> | undefined,
): boolean {
  return pool?.maxConcurrentReprovisions !== undefined || slots.limit !== undefined;
}

/**
 * Gives a slot back for which the plan could not be written. What fails here is no failure of the step: who arbitrates finds
 * out by itself.
 */
export async function giveSlotBack(deps: SlotAccess, machine: MachineRef, attemptId: string): Promise<void> {
  const { lease: key } = deps.policy.slots;
  try {
    const lease = await findReadable(deps, slotLeases, key);
    const holder = lease && readHolders(lease.metadata.annotations).get(machine.uid);
    if (lease === undefined || holder === undefined || attemptOf(holder) !== attemptId) return;
    await writeHolder(deps, lease.metadata, holder, null);
  } catch (error) {
    logStep('Could not give the slot back', machine, { problem: error instanceof Error ? error.name : 'unknown' });
  }
}

async function writeHolder(
  deps: SlotAccess,
  { uid, resourceVersion }: { uid: string; resourceVersion: string },
  holder: SlotHolder,
  value: string | null = renderHolder(holder),
): Promise<void> {
  const metadata = { uid, resourceVersion, annotations: { [slotAnnotation(holder.uid)]: value } };
  await deps.kube.patch(slotLeases, deps.policy.slots.lease, { metadata });
}
