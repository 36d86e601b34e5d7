import { activityInfo } from '@temporalio/activity';
import { foreign } from '../api/constants.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import type { ObjectKey } from '../api/meta.ts';
import { type HostView, viewHost } from '../domain/inputs/host-view.ts';
import { tellClaim } from '../domain/report/machine-news.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/machine-status.ts';
import type { PoolView } from '../domain/inputs/pool-view.ts';
import type { ClaimOutcome } from '../domain/life/step-outcomes.ts';
import { isConflict } from '../runtime/kube/client.ts';
import { bindHost } from './host/bound-host.ts';
import type { Claims } from './host/claims.ts';
import { chooseCandidate, describePassedOver } from './host/candidate-choice.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { noteNews } from './step/event-recorder.ts';
import { type Fence, startFence } from './step/fence.ts';
import { findHeldHost, type HeldHost } from './host/held-host.ts';
import { patchHostRecord, readOwnedHost } from './host/record.ts';
import { findMachine } from './step/find-machine.ts';
import { writeStatus } from './publish-status.ts';
import { findNamingMachine, findPlanSecret, liveProblemOf } from './host/live-candidate.ts';
import { logStep } from './step/log.ts';
import { standingOf } from './step/standing.ts';
import { isRefused, stoppedBy } from './step/stopped.ts';

/** How a machine wants its host. */
export interface ClaimWish {
  status: NumberedStatus;
  /** Hosts that an operator gave up for this machine. */
  avoid: readonly string[];
}

/** Claims a host for a machine. Already ours: returned as it is. */
export function createClaimHost(deps: ActivityDependencies, claims: Claims) {
  return async function claimHost(input: ClaimWish & { machine: MachineRef }): Promise<ClaimOutcome> {
    const fence = startFence();
    const machine = await findMachine(deps, input.machine);
    if (machine === undefined) return { kind: 'exhausted', message: 'The machine is gone' };
    const obstacle = await findClaimObstacle(deps, machine);
    if (obstacle !== undefined) return obstacle;
    const held = await findHeldHost(deps, input.machine, machine);
    if (held !== undefined) {
      return { kind: 'claimed', host: bindHost(held, machine, await claims.findPool(poolKeyOf(machine))) };
    }
    return claimFreeHost(deps, claims, fence, machine, input);
  };
}

/** What speaks against giving the machine any host, by the objects themselves. */
export async function findClaimObstacle(
  deps: ActivityDependencies,
  machine: BaremetalMachine,
): Promise<Extract<ClaimOutcome, { kind: 'provisioned' | 'deleting' | 'paused' }> | undefined> {
  if (machine.spec.providerID !== undefined) return { kind: 'provisioned' };
  const { kind } = await standingOf(deps, machine);
  return kind === 'live' ? undefined : { kind };
}

/**
 * Claims the first eligible host in the pool's declared order by compare-and-swap on its inventory, for a machine that
 * holds none. The choice is written to the machine's status before the swap, so that an attempt that follows a lost one
 * looks there first and a machine never ends with two hosts. Caches choose the host; what binds is read from the API server:
 * the pool, and right before the swap what the swap does not cover. A host that refuses the swap is passed over.
 */
export async function claimFreeHost(
  deps: ActivityDependencies,
  claims: Claims,
  fence: Fence,
  claimant: BaremetalMachine,
  wish: ClaimWish,
): Promise<ClaimOutcome> {
  const outcome = await tryHosts(deps, claims, fence, claimant, wish);
  deps.meter.claimEnded(outcome.kind, Date.now() - activityInfo().scheduledTimestampMs);
  return outcome;
}

async function tryHosts(
  deps: ActivityDependencies,
  claims: Claims,
  fence: Fence,
  claimant: BaremetalMachine,
  wish: ClaimWish,
): Promise<ClaimOutcome> {
  let machine = claimant;
  const { reservations } = claims;
  const { namespace, name, uid } = machine.metadata;
  const intended = machine.status?.machineInventoryRef?.name;
  /** Hosts that turned out not to be free, with the reason. */
  const passedOver = new Map<string, string>();
  let refusal: unknown;
  for (;;) {
    const pool = await claims.findPool(poolKeyOf(machine));
    if (pool === undefined) return { kind: 'poolMissing', pool: machine.spec.machineInventoryPoolRef.name };
    const choice = chooseCandidate(deps, machine, pool, { reservations, intended, avoid: wish.avoid, passedOver });
    if (choice.kind === 'exhausted') {
      // Nothing wakes the machine when a refusal is lifted: the step ends by it, and is tried again.
      if (refusal !== undefined) throw refusal;
      const message = choice.message + describePassedOver(passedOver);
      logStep('Found no host to claim', { namespace, name, uid }, { pool: pool.name, problem: message });
      return { kind: 'exhausted', message };
    }
    const reservation = `${choice.host.namespace}/${choice.host.name}`;
    reservations.set(reservation, uid);
    try {
      const [secret, named] = await Promise.all([
        findPlanSecret(deps, choice.host),
        writeStatus(deps, fence, machine, { ...wish.status, inventory: choice.host.name }),
      ]);
      const writtenAs = named === machine ? undefined : named.metadata.resourceVersion;
      machine = named;
      if (machine.metadata.deletionTimestamp !== undefined) return { kind: 'deleting' };
      const namedBy = await findNamingMachine(deps, { uid }, choice.host, writtenAs);
      const problem = liveProblemOf(choice.host, pool.name, { namedBy, secret });
      if (problem !== undefined) {
        passedOver.set(choice.host.name, problem);
        continue;
      }
      const claimed = await swapOwner(deps, fence, machine, pool, choice.host);
      if (claimed?.kind === 'refused') {
        refusal = claimed.error;
        passedOver.set(choice.host.name, `refuses the claim: ${stoppedBy(refusal)?.message}`);
      } else if (claimed !== undefined) {
        logStep('Claimed a host', { namespace, name, uid }, { host: choice.host.name, pool: pool.name });
        noteNews(deps, { namespace, name, uid }, tellClaim(choice.host.name, pool.name), choice.host.name);
        return { kind: 'claimed', host: bindHost(claimed, machine, pool) };
      } else deps.meter.claimConflicted();
    } finally {
      reservations.delete(reservation);
    }
  }
}

/** The host when it is ours; undefined when somebody was faster. */
async function swapOwner(
  deps: ActivityDependencies,
  fence: Fence,
  machine: BaremetalMachine,
  pool: PoolView,
  host: HostView,
): Promise<HeldHost | { kind: 'refused'; error: unknown } | undefined> {
  const { namespace, name, uid } = machine.metadata;
  const owner = machine.metadata.ownerReferences.find(({ kind }) => kind === 'Machine');
  const cluster = machine.metadata.labels[foreign.clusterNameLabel] ?? pool.clusterName;
  const ref = { namespace, name, uid };
  try {
    const inventory = await patchHostRecord(deps, fence, host, {
      state: 'Allocated',
      pool: pool.name,
      owner: { cluster, machine: owner?.name ?? '', baremetalMachine: name, uid },
      plan: null,
    });
    if (inventory !== undefined) return { kind: 'ours', inventory, host: viewHost(inventory) };
  } catch (error) {
    if (isRefused(error)) return { kind: 'refused', error };
    if (!isConflict(error)) throw error;
  }
  const found = await readOwnedHost(deps, ref, host.name);
  return found.kind === 'ours' ? found : undefined;
}

/** The pool that the machine takes its host from. */
export function poolKeyOf({ metadata, spec }: BaremetalMachine): ObjectKey {
  return { namespace: metadata.namespace, name: spec.machineInventoryPoolRef.name };
}
