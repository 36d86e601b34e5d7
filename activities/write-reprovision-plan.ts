import { reasons } from '../api/conditions.ts';
import { providerIdOf } from '../api/constants.ts';
import type { HostView } from '../domain/inputs/host-view.ts';
import type { BoundHost, Obstacle } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { RenderedNetwork } from '../domain/network/config.ts';
import { attemptId } from '../domain/plan/attempt.ts';
import type { RenderedPlan } from '../domain/plan/document.ts';
import { renderReprovisionPlan } from '../domain/plan/reprovision.ts';
import type { PoolView } from '../domain/inputs/pool-view.ts';
import type { NumberedStatus } from '../domain/report/machine-status.ts';
import type { ProvisionOutcome } from '../domain/life/step-outcomes.ts';
import { addressHost, renameHost } from './host/bound-host.ts';
import { readNetwork, tellLeftOut } from './inputs/network.ts';
import { readBootstrap, storeResolvedValue } from './inputs/bootstrap-data.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { startFence } from './step/fence.ts';
import { findCapiOwners, readImage } from './inputs/image.ts';
import { mayRepeatBoot } from './host/repeated-boot.ts';
import { findNamingMachine } from './host/live-candidate.ts';
import {
  confirmWrittenPlan,
  inspectPlanSlot,
  orderedAttemptId,
  pendingPlan,
  type PlanOrder,
  type PlanSlot,
  writePlan,
} from './host/plan-writer.ts';
import { writeStatusOfWait } from './publish-status.ts';
import { findMachine } from './step/find-machine.ts';
import { logStep } from './step/log.ts';
import { isPausedBy } from './step/standing.ts';

/** Of what is left out of a network, as many are named in the log. */

/**
 * Gathers what the plan needs (bootstrap data, image, network), and writes it once per attempt. Whatever is missing
 * is named, all of it at once, and nothing is written.
 */
export function createWriteReprovisionPlan(deps: ActivityDependencies) {
  return async function writeReprovisionPlan(input: {
    machine: MachineRef;
    host: BoundHost;
    attempt: number;
    /** Says that the host is waited for. Absent: asked by a worker of before this field. */
    status?: NumberedStatus;
  }): Promise<ProvisionOutcome> {
    const outcome = await provision(deps, input);
    return outcome.kind === 'written' ? { ...outcome, ...(await writeStatusOfWait(deps, input)) } : outcome;
  };
}

async function provision(deps: ActivityDependencies, input: Omit<PlanOrder, 'planType'>): Promise<ProvisionOutcome> {
  const fence = startFence();
  const host = renameHost(input.host, findPool(deps, input.machine));
  const order = { ...input, host, planType: 'reprovision' } as const;
  const [machine, slot, read, namedBy] = await Promise.all([
    findMachine(deps, input.machine),
    inspectPlanSlot(deps, order),
    readContent(deps, input.machine, host),
    findNamingMachine(deps, input.machine, { namespace: input.machine.namespace, name: host.inventory }),
  ]);
  if (machine === undefined) return { kind: 'gone' };
  const isProvisioned = machine.spec.providerID !== undefined;
  if (isProvisioned && !mayRepeatBoot(machine, read.machine, slot, input.attempt)) return { kind: 'provisioned' };
  if (machine.metadata.deletionTimestamp !== undefined) return { kind: 'deleting' };
  if (isPausedBy(machine, read.cluster)) return { kind: 'paused' };
  const deadlineMs = deps.policy.reprovisionDeadlineMs;
  if (slot.kind === 'written') {
    const written = await confirmWrittenPlan(deps, fence, order, slot);
    const hash = bootstrapHashOf(
      slot,
      host,
      judgeContent(read, host, await readNetwork(deps, slot.inventory, findNeighbours(deps, order), read.cluster)),
    );
    const pending = pendingPlan(order, written, deadlineMs, hash);
    const addressed = addressHost(host, slot.inventory, read.cluster);
    return { kind: 'written', plan: hash === null ? pending : { ...pending, reportsBoot: true }, host: addressed };
  }
  if (slot.kind === 'secretMissing') return { kind: 'secretMissing' };
  if (slot.kind === 'taken') return { kind: 'blocked', obstacles: [hostTaken(host)] };
  if (slot.kind !== 'free') return { kind: 'hostLost' };
  if (namedBy !== undefined) return { kind: 'hostOfOther', owner: namedBy };

  const content = judgeContent(
    read,
    host,
    await readNetwork(deps, slot.inventory, findNeighbours(deps, order), read.cluster),
  );
  if (content.kind === 'blocked') {
    const problems = content.obstacles.map(({ reason }) => reason);
    logStep('Cannot write the plan yet', input.machine, { host: host.inventory, problems });
    return content;
  }
  const { bootstrap } = content;
  const plan = renderContent(orderedAttemptId(order, slot.secret), host, content);
  tellLeftOut(input.machine, host.inventory, content.leftOut);
  await writePlan(deps, fence, order, slot, plan, () => storeResolvedValue(deps, fence, bootstrap));
  const written = { attempt: input.attempt, claim: slot.secret.uid, checksum: plan.checksum };
  const pending = { ...pendingPlan(order, written, deadlineMs, bootstrap.hash), reportsBoot: true } as const;
  return { kind: 'written', plan: pending, host: addressHost(host, slot.inventory, read.cluster) };
}

/** The machine's pool as the cache has it: a host name that was mended there is used without another claim. */
function findPool({ caches }: ActivityDependencies, ref: MachineRef): PoolView | undefined {
  const name = caches.machines.get(ref)?.pool;
  return name === undefined ? undefined : caches.pools.get({ namespace: ref.namespace, name });
}

/** The other hosts of the pool: one whose address is copied to another takes that one's node off the network. */
function findNeighbours(deps: ActivityDependencies, { machine, host }: PlanOrder): HostView[] {
  const others = (findPool(deps, machine)?.members ?? []).filter(({ name }) => name !== host.inventory);
  return others.flatMap(({ name }) => deps.caches.hosts.get({ namespace: machine.namespace, name }) ?? []);
}

type Content = Awaited<ReturnType<typeof readContent>>;

/** All reads that the plan needs besides its host, side by side: they are most of the time that this takes. */
async function readContent(deps: ActivityDependencies, ref: MachineRef, host: BoundHost) {
  const owners = await findCapiOwners(deps, ref);
  const [bootstrap, image] = await Promise.all([
    readBootstrap(deps, ref.namespace, owners.machine?.spec.bootstrap.dataSecretName, {
      hostname: host.hostname,
      providerID: providerIdOf(host.inventory),
    }),
    readImage(deps, ref.namespace, owners),
  ]);
  return { bootstrap, image, cluster: owners.cluster, machine: owners.machine };
}

function judgeContent({ bootstrap, image }: Content, host: BoundHost, network: RenderedNetwork) {
  const obstacles: Obstacle[] = [];
  if (bootstrap.kind !== 'ready') obstacles.push(bootstrap.obstacle);
  if (image.kind === 'unresolved') {
    obstacles.push({ condition: 'ImageResolved', reason: image.reason, message: image.message });
  }
  if (network.kind === 'invalid') {
    obstacles.push({
      condition: 'BootstrapReady',
      reason: reasons.BootstrapInvalid,
      message: `The network of MachineInventory ${host.inventory} cannot be used: ${network.message}`,
    });
  }
  if (bootstrap.kind !== 'ready' || image.kind === 'unresolved' || network.kind === 'invalid') {
    return { kind: 'blocked', obstacles } as const;
  }
  const { yaml: networkConfig, leftOut } = network.kind === 'config' ? network : { yaml: undefined, leftOut: [] };
  return { kind: 'ready', bootstrap, image: image.image, networkConfig, leftOut } as const;
}

function renderContent(
  attempt: string,
  { hostname }: BoundHost,
  { bootstrap, image, networkConfig }: Extract<ReturnType<typeof judgeContent>, { kind: 'ready' }>,
): RenderedPlan {
  return renderReprovisionPlan({
    attemptId: attempt,
    userData: bootstrap.userData,
    hostname,
    image,
    ...(networkConfig === undefined ? {} : { networkConfig }),
  });
}

/**
 * What a plan that stands there already was made of: an attempt of this step that died wrote it a moment ago, from what is
 * there now. null: from something else.
 */
function bootstrapHashOf(
  { attempt, secret }: Extract<PlanSlot, { kind: 'written' }>,
  host: BoundHost,
  content: ReturnType<typeof judgeContent>,
): string | null {
  if (content.kind !== 'ready') return null;
  return renderContent(attemptId(attempt), host, content).checksum === secret.planChecksum
    ? content.bootstrap.hash
    : null;
}

function hostTaken(host: BoundHost): Obstacle {
  return {
    condition: 'PlanApplied',
    reason: reasons.HostTaken,
    message: `A plan of somebody else stands in Secret ${host.planSecret}; nothing is written. reallocate claims another host; this one is not offered while that plan stands`,
  };
}
