import type { BaremetalMachine } from '../api/machine.ts';
import type { BoundHost } from '../domain/life/machine-life.ts';
import { tellNothingToClean } from '../domain/report/machine-news.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { attemptId } from '../domain/plan/attempt.ts';
import { renderCleanPlan } from '../domain/plan/clean.ts';
import type { CleanOutcome } from '../domain/life/step-outcomes.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { adoptHost, findAdoptableHost } from './host/adopt.ts';
import { noteNews } from './step/event-recorder.ts';
import { type Fence, startFence } from './step/fence.ts';
import { isPausedNow } from './step/live-pause.ts';
import {
  confirmWrittenPlan,
  inspectPlanSlot,
  pendingPlan,
  type PlanOrder,
  type PlanSlot,
  writePlan,
} from './host/plan-writer.ts';
import { findMachine } from './step/find-machine.ts';

/**
 * Writes the clean plan once per attempt. A host that is not ours any more, or gone, needs none. Whether Cluster API
 * wants nothing done is read here once more: what the bridge saw may be older, and a move must not touch a host.
 */
export function createWriteCleanPlan(deps: ActivityDependencies) {
  return async function writeCleanPlan(input: {
    machine: MachineRef;
    host: BoundHost;
    attempt: number;
  }): Promise<CleanOutcome> {
    const fence = startFence();
    const order = { ...input, planType: 'clean' } as const;
    const object = await findMachine(deps, input.machine);
    if (object !== undefined && (await isPausedNow(deps, object))) return { kind: 'paused' };
    const slot = await findSlot(deps, fence, order, object);
    const { cleanDeadlineMs } = deps.policy;
    switch (slot.kind) {
      case 'inventoryMissing':
        noteNews(deps, input.machine, tellNothingToClean(input.host.inventory), input.host.inventory);
        return { kind: slot.kind };
      case 'hostLost':
      case 'secretMissing':
      case 'taken':
        return { kind: slot.kind };
      case 'written': {
        const written = await confirmWrittenPlan(deps, fence, order, slot);
        return { kind: 'written', plan: pendingPlan(order, written, cleanDeadlineMs, null) };
      }
      case 'free': {
        const { attempt } = input;
        const plan = renderCleanPlan({ attemptId: attemptId({ uid: input.machine.uid, planType: 'clean', attempt }) });
        await writePlan(deps, fence, order, slot, plan);
        return {
          kind: 'written',
          plan: pendingPlan(order, { attempt, checksum: plan.checksum }, cleanDeadlineMs, null),
        };
      }
    }
  };
}

/** A host that registered anew while its node runs says nothing of us: it is recorded as ours again first. */
async function findSlot(
  deps: ActivityDependencies,
  fence: Fence,
  order: PlanOrder,
  object: BaremetalMachine | undefined,
): Promise<PlanSlot> {
  const slot = await inspectPlanSlot(deps, order);
  if (slot.kind !== 'hostLost' || object === undefined) return slot;
  const found = await findAdoptableHost(deps, object);
  if (found?.host.name !== order.host.inventory) return slot;
  await adoptHost(deps, fence, object, found);
  return inspectPlanSlot(deps, order);
}
