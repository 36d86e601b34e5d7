import { reasons } from '../api/conditions.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import type { HostView } from '../domain/inputs/host-view.ts';
import type { BoundHost, Obstacle } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { attemptId } from '../domain/plan/attempt.ts';
import type { RenderedPlan } from '../domain/plan/document.ts';
import { renderReprovisionPlan } from '../domain/plan/reprovision.ts';
import type { PoolView } from '../domain/inputs/pool-view.ts';
import type { ProvisionOutcome } from '../domain/life/step-outcomes.ts';
import { addressHost } from './host/bound-host.ts';
import { storeResolvedValue } from './inputs/bootstrap-data.ts';
import { tellLeftOut } from './inputs/network.ts';
import { type FoundContent, type PlanContent, readContent, type ReadyContent } from './inputs/plan-content.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import type { Fence } from './step/fence.ts';
import { mayRepeatBoot } from './host/repeated-boot.ts';
import { giveSlotBack, takeSlot } from './host/slot.ts';
import {
  confirmWrittenPlan,
  orderedAttemptId,
  pendingPlan,
  type PlanOrder,
  type PlanSlot,
  writePlan,
} from './host/plan-writer.ts';
import { logStep } from './step/log.ts';
import { isPausedBy } from './step/standing.ts';
import { isRefused } from './step/stopped.ts';

/** What a step has read a moment ago, and writes a reprovision plan by. */
export interface ProvisionEvidence {
  machine: BaremetalMachine;
  slot: PlanSlot;
  found: FoundContent;
  /** What was found, read for the host already. */
  content?: PlanContent;
  /** Name of another machine whose providerID names the host. */
  namedBy: string | undefined;
}

/** A plan that is ordered for a host under the name that it has. */
export type ProvisionOrder = PlanOrder & { planType: 'reprovision' };

/** Writes the plan if all that was read lets it: whatever is missing is named, and nothing is written. */
export async function provisionHost(
  deps: ActivityDependencies,
  fence: Fence,
  order: ProvisionOrder,
  { machine, slot, found, content: known, namedBy }: ProvisionEvidence,
): Promise<ProvisionOutcome> {
  const { host } = order;
  const isProvisioned = machine.spec.providerID !== undefined;
  if (isProvisioned && !mayRepeatBoot(machine, found.machine, slot, order.attempt)) return { kind: 'provisioned' };
  if (machine.metadata.deletionTimestamp !== undefined) return { kind: 'deleting' };
  if (isPausedBy(machine, found.cluster)) return { kind: 'paused' };
  const deadlineMs = deps.policy.reprovisionDeadlineMs;
  const hostsOfPool = () => findHostsOfPool(deps, order.machine);
  if (slot.kind === 'written') {
    const written = await confirmWrittenPlan(deps, fence, order, slot);
    const bootstrap = bootstrapOf(
      slot,
      host,
      await readContent(deps, found, { machine, host, hostsOfPool }, slot.inventory),
    );
    const addressed = addressHost(host, slot.inventory, found.cluster);
    const pending = pendingPlan(order, written, deadlineMs, bootstrap?.hash ?? null);
    if (bootstrap === undefined) return { kind: 'written', plan: pending, host: addressed };
    return { kind: 'written', plan: { ...pending, reportsBoot: true }, host: nameNode(addressed, bootstrap) };
  }
  if (slot.kind === 'secretMissing') return { kind: 'secretMissing' };
  if (slot.kind === 'taken') return { kind: 'blocked', obstacles: [hostTaken(host)] };
  if (slot.kind === 'cleaning') return { kind: 'givenUp' };
  if (slot.kind !== 'free') return { kind: 'hostLost' };
  if (namedBy !== undefined) return { kind: 'hostOfOther', owner: namedBy };

  const content = known ?? (await readContent(deps, found, { machine, host, hostsOfPool }, slot.inventory));
  if (content.kind === 'blocked') {
    const problems = content.obstacles.map(({ reason }) => reason);
    logStep('Cannot write the plan yet', order.machine, { host: host.inventory, problems });
    return content;
  }
  const lacksSlot = await takeSlot(deps, fence, order, slot, findPool(deps, order.machine));
  if (lacksSlot !== undefined) return { kind: 'blocked', obstacles: [lacksSlot] };
  const { bootstrap } = content;
  const plan = renderContent(orderedAttemptId(order, slot.secret), host, content);
  tellLeftOut(order.machine, host.inventory, content.leftOut);
  try {
    await writePlan(deps, fence, order, slot, plan, () => storeResolvedValue(deps, fence, bootstrap));
  } catch (error) {
    if (isRefused(error)) await giveSlotBack(deps, order.machine, orderedAttemptId(order, slot.secret));
    throw error;
  }
  const written = { attempt: order.attempt, claim: slot.secret.uid, checksum: plan.checksum };
  const pending = { ...pendingPlan(order, written, deadlineMs, bootstrap.hash), reportsBoot: true } as const;
  const named = nameNode(addressHost(host, slot.inventory, found.cluster), bootstrap);
  tellNodeName(order.machine, named);
  return { kind: 'written', plan: pending, host: named };
}

/** All hosts of the machine's pool that the cache knows. */
export function findHostsOfPool(deps: ActivityDependencies, ref: MachineRef): HostView[] {
  const { namespace } = ref;
  return (findPool(deps, ref)?.members ?? []).flatMap(({ name }) => deps.caches.hosts.get({ namespace, name }) ?? []);
}

/** The machine's pool as the cache has it: a host name that was mended there is used without another claim. */
export function findPool({ caches }: ActivityDependencies, ref: MachineRef): PoolView | undefined {
  const name = caches.machines.get(ref)?.pool;
  return name === undefined ? undefined : caches.pools.get({ namespace: ref.namespace, name });
}

type ReadyBootstrap = ReadyContent['bootstrap'];

/** What the bootstrap data says of the name of the node. */
function nameNode(host: BoundHost, { nodeName }: ReadyBootstrap): BoundHost {
  return { ...host, nodeName: nodeName ?? null };
}

/** A name that is fixed in the bootstrap data stays, and serves one machine only: that is worth a line. */
function tellNodeName(machine: MachineRef, { inventory, hostname, nodeName }: BoundHost): void {
  if (typeof nodeName !== 'string' || nodeName === hostname) return;
  logStep('The bootstrap data names the node otherwise than its host', machine, {
    host: inventory,
    hostname,
    nodeName,
  });
}

function renderContent(
  attempt: string,
  { hostname }: BoundHost,
  { bootstrap, image, metaData, networkConfig }: ReadyContent,
): RenderedPlan {
  return renderReprovisionPlan({
    attemptId: attempt,
    userData: bootstrap.userData,
    hostname,
    metaData,
    image,
    ...(networkConfig === undefined ? {} : { networkConfig }),
  });
}

/**
 * What a plan that stands there already was made of: an attempt of this step that died wrote it a moment ago, from what is
 * there now. undefined: from something else.
 */
function bootstrapOf(
  { attempt, secret }: Extract<PlanSlot, { kind: 'written' }>,
  host: BoundHost,
  content: PlanContent,
): ReadyBootstrap | undefined {
  if (content.kind !== 'ready') return undefined;
  const { checksum } = renderContent(attemptId(attempt), host, content);
  return checksum === secret.planChecksum ? content.bootstrap : undefined;
}

function hostTaken(host: BoundHost): Obstacle {
  return {
    condition: 'PlanApplied',
    reason: reasons.HostTaken,
    message: `A plan of somebody else stands in Secret ${host.planSecret}; nothing is written. reallocate claims another host; this one is not offered while that plan stands`,
  };
}
