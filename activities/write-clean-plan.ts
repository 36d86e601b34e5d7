import type { BaremetalMachine } from '../api/machine.ts';
import type { BoundHost } from '../domain/life/machine-life.ts';
import { tellNothingToClean } from '../domain/report/machine-news.ts';
import type { NumberedStatus } from '../domain/report/status/machine-status.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { renderCleanPlan } from '../domain/plan/clean.ts';
import type { CleanOutcome } from '../domain/life/step-outcomes.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { writeStatusOfWait } from './publish-status.ts';
import { adoptHost, findAdoptableHost } from './host/adopt.ts';
import { readHolderStanding } from './host/holder-standing.ts';
import { refuseWhileCrdGoes } from './step/crd-goes.ts';
import { noteNews } from './step/event-recorder.ts';
import { type Fence, startFence } from './step/fence.ts';
import { mayGiveUp, type Standing } from './step/standing.ts';
import {
  confirmWrittenPlan,
  inspectPlanSlot,
  orderedAttemptId,
  pendingPlan,
  type PlanOrder,
  type PlanSlot,
  writePlan,
} from './host/plan-writer.ts';

/**
 * Writes the clean plan once per attempt. A host that is not ours any more, or gone, needs none. Whether the machine is
 * being deleted, and Cluster API wants anything done, is read here: what the run was told may be older, or a lie.
 */
export function createWriteCleanPlan(deps: ActivityDependencies) {
  return async function writeCleanPlan(input: {
    machine: MachineRef;
    host: BoundHost;
    attempt: number;
    /** The run gives the host up by itself, before Running. Absent: asked by a worker of before this field. */
    givingUp?: boolean;
    /** The machine's Cluster, as the run knows it. */
    cluster?: string | null;
    /** Says that the host is waited for. Absent: asked by a worker of before this field. */
    status?: NumberedStatus;
  }): Promise<CleanOutcome> {
    const fence = startFence();
    const standing = await readHolderStanding(
      deps,
      { machine: input.machine, inventory: input.host.inventory },
      input.cluster,
    );
    const outcome = await clean(deps, fence, input, standing);
    if (outcome.kind !== 'written') return outcome;
    const read = 'machine' in standing ? standing.machine : undefined;
    return { ...outcome, ...(await writeStatusOfWait(deps, fence, input, read)) };
  };
}

async function clean(
  deps: ActivityDependencies,
  fence: Fence,
  input: Omit<PlanOrder, 'planType'> & { givingUp?: boolean },
  standing: Standing,
): Promise<CleanOutcome> {
  const { machine, host, attempt } = input;
  const order = { machine, host, attempt, planType: 'clean' } as const;
  if (standing.kind === 'moved' || standing.kind === 'paused') return { kind: standing.kind };
  if (standing.kind === 'live' && !mayGiveUp(standing.machine, input.givingUp)) return { kind: 'unjustified' };
  if (standing.kind !== 'live') await refuseWhileCrdGoes(deps);
  const object = standing.kind === 'gone' ? undefined : standing.machine;
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
    // Of another type than the one that is ordered: not this order.
    case 'cleaning':
      return { kind: 'taken' };
    case 'written': {
      const written = await confirmWrittenPlan(deps, fence, order, slot);
      return { kind: 'written', plan: pendingPlan(order, written, cleanDeadlineMs, null) };
    }
    case 'free': {
      const plan = renderCleanPlan({ attemptId: orderedAttemptId(order, slot.secret) });
      await writePlan(deps, fence, order, slot, plan);
      const written = { attempt, claim: slot.secret.uid, checksum: plan.checksum };
      return { kind: 'written', plan: pendingPlan(order, written, cleanDeadlineMs, null) };
    }
  }
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
