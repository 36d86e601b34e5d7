import { secrets } from '../api/resources.ts';
import type { HostView } from '../domain/inputs/host-view.ts';
import type { BoundHost } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { tellForcedRelease } from '../domain/report/machine-news.ts';
import { attemptId, parseAttemptId } from '../domain/plan/attempt.ts';
import { renderCleanPlan } from '../domain/plan/clean.ts';
import { type PlanSecretView, releasePatch } from '../domain/plan/secret.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { noteNews } from './step/event-recorder.ts';
import { type Fence, startFence } from './step/fence.ts';
import { readOwnedHost, writeHostRecord } from './host/record.ts';
import { confirmWrittenPlan, inspectPlanSlot, writePlan } from './host/plan-writer.ts';
import { dropFinalizer } from './release-host.ts';
import { logStep } from './step/log.ts';

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
        const plan = awaitedCleanPlan(machine, current.host);
        await writeHostRecord(deps, fence, current.host, { state: 'Unavailable', owner: null, plan, quarantine });
        const { inventory } = input.host;
        logStep('Let the host go uncleaned and quarantined it', machine, { host: inventory });
        noteNews(deps, machine, tellForcedRelease(inventory, input.cause), inventory);
      }
    }
    if (input.last) await dropFinalizer(deps, fence, machine);
  };
}

/**
 * Writes a clean plan unless one of this machine stands there; a Secret that is gone or taken is left alone. The agent
 * may try the plan again and again, because nobody is left who could order another attempt: held to a single one, a
 * host whose clean plan failed would stay quarantined for ever. Should this write meet a running clean plan, its agent
 * runs it once more at worst.
 */
async function leaveCleanPlan(
  deps: ActivityDependencies,
  fence: Fence,
  machine: MachineRef,
  host: BoundHost,
): Promise<void> {
  const order = { machine, host, planType: 'clean', attempt: 1, unattended: true } as const;
  const slot = await inspectPlanSlot(deps, order);
  if (slot.kind === 'written') {
    await confirmWrittenPlan(deps, fence, order, slot);
    await dropSingleAttempt(deps, fence, slot.secret);
  }
  if (slot.kind !== 'free') return;
  await writePlan(deps, fence, order, slot, renderCleanPlan({ attemptId: firstCleanOf(machine) }));
}

/**
 * The clean plan that must be applied before the quarantine can be lifted. Where none could be written, it is noted all
 * the same: no other plan makes the host clean.
 */
function awaitedCleanPlan(machine: MachineRef, { plan }: HostView): NonNullable<HostView['plan']> {
  const noted = plan && parseAttemptId(plan.attemptId);
  if (plan !== undefined && noted?.planType === 'clean' && noted.uid === machine.uid) return plan;
  const id = firstCleanOf(machine);
  return { attemptId: id, checksum: renderCleanPlan({ attemptId: id }).checksum };
}

function firstCleanOf({ uid }: MachineRef): string {
  return attemptId({ uid, planType: 'clean', attempt: 1 });
}

async function dropSingleAttempt(deps: ActivityDependencies, fence: Fence, secret: PlanSecretView): Promise<void> {
  if (secret.maxFailures === undefined) return;
  const { namespace, name, resourceVersion, uid } = secret;
  fence.assertAlive();
  await deps.kube.patch(secrets, { namespace, name }, releasePatch({ resourceVersion, uid }));
}
