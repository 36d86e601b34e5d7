import type { BoundHost } from '../domain/machine-life.ts';
import type { MachineRef } from '../domain/machine-snapshot.ts';
import { attemptId } from '../domain/plan-attempt.ts';
import { renderCleanPlan } from '../domain/plan-clean.ts';
import type { CleanOutcome } from '../domain/step-outcomes.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { startFence } from './fence.ts';
import { confirmWrittenPlan, inspectPlanSlot, pendingPlan, writePlan } from './plan-writer.ts';

/** Writes the clean plan once per attempt. A host that is not ours any more, or gone, needs none. */
export function createWriteCleanPlan(deps: ActivityDependencies) {
  return async function writeCleanPlan(input: {
    machine: MachineRef;
    host: BoundHost;
    attempt: number;
  }): Promise<CleanOutcome> {
    const fence = startFence();
    const order = { ...input, planType: 'clean' } as const;
    const slot = await inspectPlanSlot(deps, order);
    const { cleanDeadlineMs } = deps.policy;
    switch (slot.kind) {
      case 'inventoryMissing':
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
