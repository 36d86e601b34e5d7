import type { BaremetalMachine } from '../api/machine.ts';
import type { BoundHost } from '../domain/life/machine-life.ts';
import type { RebootOutcome } from '../domain/life/step-outcomes.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { renderRebootPlan } from '../domain/plan/reboot.ts';
import type { NumberedStatus } from '../domain/report/status/machine-status.ts';
import { findTroubledPeer } from './host/control-plane-peers.ts';
import {
  confirmWrittenPlan,
  inspectPlanSlot,
  orderedAttemptId,
  pendingPlan,
  type PlanOrder,
  type PlanSlot,
  writePlan,
} from './host/plan-writer.ts';
import { writeHostRecord } from './host/record.ts';
import { writeStatusOfWait } from './publish-status.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { type Fence, startFence } from './step/fence.ts';
import { logStep } from './step/log.ts';
import { findMachine } from './step/find-machine.ts';
import { standingOf } from './step/standing.ts';

/** A healthy agent takes a plan within seconds, and this one does next to nothing. */
const REBOOT_DEADLINE_MS = 300_000;

/**
 * Writes the reboot plan once per attempt, to the host of a machine that is provisioned. Of a control plane one machine
 * reboots at a time, and none while another one is in trouble: that is read here, with the note of this reboot standing
 * on the host already, so that of two that are asked at the same moment at least one sees the other.
 */
export function createWriteRebootPlan(deps: ActivityDependencies) {
  return async function writeRebootPlan(input: {
    machine: MachineRef;
    host: BoundHost;
    attempt: number;
    /** Says that the host is waited for. */
    status: NumberedStatus;
  }): Promise<RebootOutcome> {
    const fence = startFence();
    const outcome = await order(deps, fence, { ...input, planType: 'reboot' });
    return outcome.kind === 'written' ? { ...outcome, ...(await writeStatusOfWait(deps, fence, input)) } : outcome;
  };
}

async function order(deps: ActivityDependencies, fence: Fence, plan: PlanOrder): Promise<RebootOutcome> {
  const machine = await findMachine(deps, plan.machine);
  if (machine === undefined) return { kind: 'gone' };
  const standing = await standingOf(deps, machine);
  if (standing.kind !== 'live') return { kind: standing.kind };
  if (machine.spec.providerID === undefined) return refuse('The machine is not provisioned yet');
  const slot = await inspectPlanSlot(deps, plan);
  switch (slot.kind) {
    case 'inventoryMissing':
      return refuse('The MachineInventory of the host is gone; nothing can be written to the host');
    case 'hostLost':
      return refuse('The host is not recorded as that of the machine');
    case 'secretMissing':
      return refuse('The plan Secret of the host is gone; reboot it by hand');
    case 'taken':
    case 'cleaning':
      return refuse('A plan of somebody else, or a clean plan, stands in the Secret of the host; nothing is written');
    case 'written':
      // What is noted stands there because this step wrote it; what is not is of a run before that counted, too.
      return slot.host.plan?.attemptId === slot.secret.planAttempt
        ? written(plan, await confirmWrittenPlan(deps, fence, plan, slot))
        : order(deps, fence, { ...plan, attempt: slot.attempt.attempt + 1 });
    case 'free':
      return write(deps, fence, plan, machine, slot);
  }
}

async function write(
  deps: ActivityDependencies,
  fence: Fence,
  plan: PlanOrder,
  machine: BaremetalMachine,
  slot: Extract<PlanSlot, { kind: 'free' }>,
): Promise<RebootOutcome> {
  const attemptId = orderedAttemptId(plan, slot.secret);
  const rendered = renderRebootPlan({ attemptId });
  const noted = await writeHostRecord(deps, fence, slot.host, { plan: { attemptId, checksum: rendered.checksum } });
  const trouble = await findTroubledPeer(deps, machine);
  if (trouble !== undefined) {
    const { planAttempt, planChecksum } = slot.secret;
    const before = planAttempt === undefined ? null : { attemptId: planAttempt, checksum: planChecksum };
    await writeHostRecord(deps, fence, noted, { plan: before });
    logStep('Does not reboot a host of a control plane', plan.machine, { host: plan.host.inventory, trouble });
    return refuse(`${trouble}; one machine of a control plane is rebooted at a time, while all others are well`);
  }
  await writePlan(deps, fence, plan, { ...slot, host: noted }, rendered);
  return written(plan, { attempt: plan.attempt, claim: slot.secret.uid, checksum: rendered.checksum });
}

function written(plan: PlanOrder, found: Parameters<typeof pendingPlan>[1]): RebootOutcome {
  return { kind: 'written', plan: pendingPlan(plan, found, REBOOT_DEADLINE_MS, null) };
}

function refuse(message: string): RebootOutcome {
  return { kind: 'refused', message };
}
