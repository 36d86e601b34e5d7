import { activityInfo } from '@temporalio/activity';
import type { Secret } from '../api/core.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import type { ObjectKey } from '../api/meta.ts';
import { tellClaim } from '../domain/report/machine-news.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { viewCapiMachine } from '../domain/inputs/capi-view.ts';
import { viewMachine } from '../domain/inputs/machine-view.ts';
import type { NumberedStatus } from '../domain/report/status/machine-status.ts';
import type { ClaimOutcome } from '../domain/life/step-outcomes.ts';
import { bindHost } from './host/bound-host.ts';
import type { CapiOwners } from './inputs/image.ts';
import { viewPlanSecret } from '../domain/plan/secret.ts';
import { chooseCandidate, describePassedOver } from './host/candidate-choice.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { noteNews } from './step/event-recorder.ts';
import { type Fence, startFence } from './step/fence.ts';
import { findHeldHost, type HeldHost } from './host/held-host.ts';
import { readOwnedHost } from './host/record.ts';
import { confirmSwap, swapOwner } from './swap-owner.ts';
import { findMachine } from './step/find-machine.ts';
import { writeClaimStatus } from './publish-status.ts';
import type { PoolView } from '../domain/inputs/pool-view.ts';
import { groupOf } from '../domain/inputs/preference.ts';
import { findNamingMachine, findPlanSecret, liveProblemOf } from './host/live-candidate.ts';
import { logStep } from './step/log.ts';
import { findCluster, findOwner, judgeStanding } from './step/standing.ts';
import { stoppedBy } from './step/stopped.ts';

/** How a machine wants its host. */
export interface ClaimWish {
  status: NumberedStatus;
  /** Hosts that an operator gave up for this machine. */
  avoid: readonly string[];
}

/** Claims a host for a machine. Already ours: returned as it is. */
export function createClaimHost(deps: ActivityDependencies) {
  return async function claimHost(input: ClaimWish & { machine: MachineRef }): Promise<ClaimOutcome> {
    const fence = startFence();
    const machine = await findMachine(deps, input.machine);
    if (machine === undefined) return { kind: 'exhausted', message: 'The machine is gone' };
    const claimant = await readClaimant(deps, machine);
    if (claimant.kind !== 'live') return claimant;
    const held = await findHeldHost(deps, input.machine, machine);
    if (held !== undefined) return { kind: 'claimed', host: bindHost(held, machine, claimant.pool) };
    return (await claimFreeHost(deps, fence, machine, claimant, input, () => undefined)).outcome;
  };
}

/** Nothing speaks against giving the machine a host. */
export interface Claimant {
  kind: 'live';
  /** undefined: there is none of that name. */
  pool: PoolView | undefined;
  owners: CapiOwners;
}

/** How a claim went. What was read and written for it stays in this process: a Secret is among it. */
export interface Claim<Begun> {
  outcome: ClaimOutcome;
  /** The host that was free a moment ago. Absent: none was taken, or another attempt had taken it. */
  taken?: TakenHost<Begun>;
}

/** A host whose owner was just swapped. */
export interface SwappedHost extends HeldHost {
  /** The machine that names it. */
  machine: BaremetalMachine;
  pool: PoolView;
}

/** A host that a claim has just taken. */
export interface TakenHost<Begun> extends SwappedHost {
  /** The plan Secret as it stood right before the swap. */
  secret: Secret;
  /** What was begun by the swap, while the claim was confirmed. */
  begun: Begun;
}

/** What the objects themselves say of the machine: that it can have a host, and where, or what speaks against any. */
export async function readClaimant(
  deps: ActivityDependencies,
  machine: BaremetalMachine,
): Promise<Claimant | Extract<ClaimOutcome, { kind: 'provisioned' | 'deleting' | 'paused' }>> {
  if (machine.spec.providerID !== undefined) return { kind: 'provisioned' };
  const [cluster, owner, pool] = await Promise.all([
    findCluster(deps, machine),
    findOwner(deps, machine),
    deps.shared.findPool(poolKeyOf(machine)),
  ]);
  const kind = judgeStanding(machine, cluster);
  return kind === 'live' ? { kind, pool, owners: { machine: owner, cluster } } : { kind };
}

/**
 * Claims the first eligible host in the pool's declared order, in the failure domain that the Machine names if it names
 * one, by compare-and-swap on its inventory, for a machine that holds none. The choice is written to the machine's status before the swap, so that an attempt that follows a lost one
 * looks there first. A lost one may not be over: whoever names another host looks at the one that was named before, and
 * whoever has swapped looks whether its host is still named, so that a machine never ends with two. Caches choose the host;
 * what binds is read from the API server: the pool, and right before the swap what the swap does not cover. A host that
 * refuses the swap is passed over.
 * @param begin begins what follows a claim, by what it has read and swapped, before that is confirmed: it writes nothing
 */
export async function claimFreeHost<Begun>(
  deps: ActivityDependencies,
  fence: Fence,
  machine: BaremetalMachine,
  claimant: Claimant,
  wish: ClaimWish,
  begin: (swapped: SwappedHost) => Begun,
): Promise<Claim<Begun>> {
  const claim = await tryHosts(deps, fence, machine, claimant, wish, begin);
  deps.meter.claimEnded(claim.outcome.kind, Date.now() - activityInfo().scheduledTimestampMs);
  return claim;
}

async function tryHosts<Begun>(
  deps: ActivityDependencies,
  fence: Fence,
  claimant: BaremetalMachine,
  { pool: firstPool, owners }: Claimant,
  wish: ClaimWish,
  begin: (swapped: SwappedHost) => Begun,
): Promise<Claim<Begun>> {
  let machine = claimant;
  const failureDomain = owners.machine && viewCapiMachine(owners.machine).failureDomain;
  const { reservations } = deps;
  const { namespace, name, uid } = machine.metadata;
  const intended = machine.status?.machineInventoryRef?.name;
  /** Hosts that turned out not to be free, with the reason. */
  const passedOver = new Map<string, string>();
  let refusal: unknown;
  for (let pool = firstPool; ; pool = await deps.shared.findPool(poolKeyOf(machine))) {
    if (pool === undefined) {
      return { outcome: { kind: 'poolMissing', pool: machine.spec.machineInventoryPoolRef.name } };
    }
    const circumstances = { reservations, intended, failureDomain, avoid: wish.avoid, passedOver };
    const choice = chooseCandidate(deps, machine, pool, circumstances);
    if (choice.kind === 'exhausted') {
      // Nothing wakes the machine when a refusal is lifted: the step ends by it, and is tried again.
      if (refusal !== undefined) throw refusal;
      const message = choice.message + describePassedOver(passedOver);
      logStep('Found no host to claim', { namespace, name, uid }, { pool: pool.name, problem: message });
      return { outcome: { kind: 'exhausted', message, ...(failureDomain !== undefined && { failureDomain }) } };
    }
    const reservation = `${choice.host.namespace}/${choice.host.name}`;
    reservations.set(reservation, { uid, group: groupOf(machine.metadata) });
    try {
      const namedBefore = machine.status?.machineInventoryRef?.name;
      const [secret, named] = await Promise.all([
        findPlanSecret(deps, choice.host),
        writeClaimStatus(deps, fence, machine, { ...looked(wish.status), inventory: choice.host.name }),
      ]);
      const writtenAs = named.metadata.resourceVersion;
      const isNews = writtenAs !== machine.metadata.resourceVersion;
      machine = named;
      // Whom the host belongs to then is known to the next claim, however far behind the watch is.
      deps.caches.machines.upsert(viewMachine(named));
      if (machine.metadata.deletionTimestamp !== undefined) return { outcome: { kind: 'deleting' } };
      const [namedBy, held] = await Promise.all([
        findNamingMachine(deps, { uid }, choice.host, isNews ? { by: 'write', resourceVersion: writtenAs } : undefined),
        findClaimedBefore(deps, machine, namedBefore),
      ]);
      if (held !== undefined) return { outcome: { kind: 'claimed', host: bindHost(held, machine, pool) } };
      const problem = liveProblemOf(choice.host, pool, { namedBy, secret: secret && viewPlanSecret(secret) });
      if (problem !== undefined) {
        passedOver.set(choice.host.name, problem);
        continue;
      }
      const claimed = await swapOwner(deps, fence, machine, pool, choice.host);
      if (claimed?.kind === 'refused') {
        refusal = claimed.error;
        passedOver.set(choice.host.name, `refuses the claim: ${stoppedBy(refusal)?.message}`);
      } else if (claimed !== undefined) {
        const swapped = { ...claimed, machine, pool };
        const begun = begin(swapped);
        await confirmSwap(deps, fence, { namespace, name, uid }, claimed);
        logStep('Claimed a host', { namespace, name, uid }, { host: choice.host.name, pool: pool.name });
        noteNews(deps, { namespace, name, uid }, tellClaim(choice.host.name, pool.name), choice.host.name);
        const outcome = { kind: 'claimed', host: bindHost(claimed, machine, pool) } as const;
        return { outcome, ...(secret !== undefined && { taken: { ...swapped, secret, begun } }) };
      } else deps.meter.claimConflicted();
    } finally {
      reservations.delete(reservation);
    }
  }
}

/** The step has looked itself, before the run that sent the status could. */
function looked(status: NumberedStatus): NumberedStatus {
  const { unlooked: _, ...shown } = status;
  return shown;
}

/** The pool that the machine takes its host from. */
export function poolKeyOf({ metadata, spec }: BaremetalMachine): ObjectKey {
  return { namespace: metadata.namespace, name: spec.machineInventoryPoolRef.name };
}

/** The host that another attempt, which is not over, had named and has claimed meanwhile. */
async function findClaimedBefore(
  deps: ActivityDependencies,
  machine: BaremetalMachine,
  namedBefore: string | undefined,
): Promise<HeldHost | undefined> {
  if (namedBefore === undefined || namedBefore === machine.status?.machineInventoryRef?.name) return undefined;
  const found = await readOwnedHost(deps, machine.metadata, namedBefore);
  return found.kind === 'ours' ? found : undefined;
}
