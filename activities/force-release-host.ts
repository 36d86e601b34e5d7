import type { BoundHost } from '../domain/machine-life.ts';
import type { MachineRef } from '../domain/machine-snapshot.ts';
import { tellForcedRelease } from '../domain/machine-news.ts';
import { attemptId } from '../domain/plan-attempt.ts';
import { renderCleanPlan } from '../domain/plan-clean.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { noteNews } from './event-recorder.ts';
import { type Fence, startFence } from './fence.ts';
import { readOwnedHost, writeHostRecord } from './host-record.ts';
import { confirmWrittenPlan, inspectPlanSlot, writePlan } from './plan-writer.ts';
import { dropFinalizer } from './release-host.ts';
import { logStep } from './step-log.ts';

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
  }): Promise<void> {
    const fence = startFence();
    const { machine } = input;
    const owned = await readOwnedHost(deps, machine, input.host.inventory);
    if (owned.kind === 'ours') {
      await leaveCleanPlan(deps, fence, machine, input.host);
      const current = await readOwnedHost(deps, machine, input.host.inventory);
      if (current.kind === 'ours') {
        const quarantine = `Released by force from BaremetalMachine ${machine.name}. ${input.cause}`;
        await writeHostRecord(deps, fence, current.host, { state: 'Unavailable', owner: null, quarantine });
        const { inventory } = input.host;
        logStep('Let the host go uncleaned and quarantined it', machine, { host: inventory });
        noteNews(deps, machine, tellForcedRelease(inventory, input.cause), inventory);
      }
    }
    if (input.last) await dropFinalizer(deps, fence, machine);
  };
}

/** Writes a clean plan unless one of this machine stands there; a Secret that is gone or taken is left alone. */
async function leaveCleanPlan(
  deps: ActivityDependencies,
  fence: Fence,
  machine: MachineRef,
  host: BoundHost,
): Promise<void> {
  const order = { machine, host, planType: 'clean', attempt: 1 } as const;
  const slot = await inspectPlanSlot(deps, order);
  if (slot.kind === 'written') await confirmWrittenPlan(deps, fence, order, slot);
  if (slot.kind !== 'free') return;
  const id = attemptId({ uid: machine.uid, planType: 'clean', attempt: 1 });
  await writePlan(deps, fence, order, slot, renderCleanPlan({ attemptId: id }));
}
