import { inventoryOfProviderId, MACHINE_FINALIZER } from '../api/constants.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import { baremetalMachines, secrets } from '../api/resources.ts';
import { comesToRest, onceBegun } from '../domain/life/forecast.ts';
import type { BoundHost, MachineLife, WrittenPlan } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { projectStatus } from '../domain/report/status/machine-status.ts';
import type { BeginOutcome, KeptWishes } from '../domain/life/step-outcomes.ts';
import { adoptHost, isAdoptable } from './host/adopt.ts';
import { findTaker } from './host/taker.ts';
import { bindHost, planSecretNameOf } from './host/bound-host.ts';
import { claimFreeHost, type ClaimWish, poolKeyOf, readClaimant, type TakenHost } from './claim-host.ts';
import { type ForeseenPlan, foreseePlan, planAtOnce } from './plan-at-once.ts';
import { publishUnlessRefused } from './publish-status.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { type Fence, startFence } from './step/fence.ts';
import { findHeldHost } from './host/held-host.ts';
import { findOwnPlan } from './host/own-plan.ts';
import { readOwnedHost } from './host/record.ts';
import { findMachine } from './step/find-machine.ts';
import { findCluster } from './step/standing.ts';
import { type FirstLook, writeFirstEntry } from './step/journaling.ts';
import { logStep } from './step/log.ts';
import { retryOnConflict } from './step/retry-on-conflict.ts';
import { tellPast } from './step/past.ts';
import { findReadable } from './step/unreadable.ts';

type BegunOutcome = Exclude<BeginOutcome, { kind: 'gone' }>;

interface BeginInput {
  machine: MachineRef;
  /** null: the machine is not ready for a host. Absent: asked by a worker of before this field. */
  claim?: ClaimWish | null;
  /** False: the host was taken from the node, and one that comes back is blank. */
  mayAdopt?: boolean;
  /**
   * What the run knows, the number of the status that tells what becomes of it, and its journal if nothing is noted yet.
   * Absent: asked by a worker of before this field.
   */
  told?: { life: MachineLife; statusNumber: number; look?: FirstLook };
}

/**
 * Adds the finalizer, then looks at the world for what is ours already: a run that begins may follow one that was
 * lost with Temporal's database, terminated, or left behind on another management cluster by a move. A machine that
 * has nothing yet and is ready for a host gets one at once, and its plan if all is there for it. One that comes to rest
 * by what is found gets its status: that is all that the many have to do that are adopted after Temporal lost its
 * database.
 */
export function createBeginLife(deps: ActivityDependencies) {
  const look = createLook(deps);
  return async function beginLife(input: BeginInput): Promise<BeginOutcome> {
    const fence = startFence();
    const begun = await retryOnConflict(() => enter(deps, fence, input));
    if (begun === undefined) return { kind: 'gone' };
    const seen = await look(fence, begun.machine, begun.claimant, input);
    const { told } = input;
    if (told === undefined) return seen.outcome;
    const outcome = await withPlan(deps, fence, input.machine, told.life, seen);
    const life = onceBegun(told.life, outcome);
    if (!comesToRest(life)) return outcome;
    const status = { ...projectStatus(life), number: told.statusNumber };
    const written = await publishUnlessRefused(deps, fence, input.machine, status, { read: seen.machine, signs: true });
    const entryAtMs = await writeFirstEntry(deps.journal, input.machine, { look: told.look, after: life, outcome });
    return {
      ...outcome,
      ...(written && { statusWritten: true }),
      ...(entryAtMs !== undefined && { entryWritten: true, entryAtMs }),
    };
  };
}

/** The machine with its finalizer. undefined: it is gone. */
async function enter(
  deps: ActivityDependencies,
  fence: Fence,
  { machine, claim }: BeginInput,
): Promise<{ machine: BaremetalMachine; claimant: ReturnType<typeof readClaimant> | undefined } | undefined> {
  const found = await findMachine(deps, machine);
  if (found === undefined) return undefined;
  // Meanwhile, and awaited only if it is needed.
  const wishesHost = claim !== null && claim !== undefined;
  const claimant = wishesHost ? readClaimant(deps, found) : undefined;
  claimant?.catch(() => undefined);
  return { machine: await ensureFinalizer(deps, fence, found), claimant };
}

/** What a look has found, and what it was found by. */
interface Sight {
  outcome: BegunOutcome;
  /** The object as it is by now. Absent: a claim has written to it that came to nothing. */
  machine?: BaremetalMachine;
  claimed?: TakenHost<Promise<ForeseenPlan>>;
}

/** The host that was claimed gets its plan at once, if all is there for it. */
async function withPlan(
  deps: ActivityDependencies,
  fence: Fence,
  ref: MachineRef,
  life: MachineLife,
  { outcome, claimed }: Sight,
): Promise<BegunOutcome> {
  if (outcome.kind !== 'claimTried' || claimed === undefined) return outcome;
  const planned = await planAtOnce(deps, fence, ref, onceBegun(life, outcome), claimed);
  return planned === undefined ? outcome : { ...outcome, planned };
}

function createLook(deps: ActivityDependencies) {
  return async (
    fence: Fence,
    machine: BaremetalMachine,
    reading: ReturnType<typeof readClaimant> | undefined,
    input: BeginInput,
  ): Promise<Sight> => {
    const kept = keptWishesOf(machine);
    const begun = { nodeJoinDeadlineMs: deps.policy.nodeJoinDeadlineMs, kept, ...tellPast(machine) };
    const { providerID } = machine.spec;
    if (providerID !== undefined) {
      const inventory = inventoryOfProviderId(providerID) ?? '';
      const adopted = await adoptProvisioned(deps, fence, machine, inventory, input.mayAdopt ?? true);
      logStep('Adopted a provisioned machine', input.machine, { found: adopted.kind });
      return { outcome: { ...adopted, ...begun }, machine };
    }
    const held = await findHeldHost(deps, input.machine, machine);
    if (held === undefined) {
      const { claim: wish } = input;
      if (wish === null || wish === undefined || reading === undefined || kept.pausedByOperator)
        return { outcome: { kind: 'fresh', ...begun }, machine };
      const claimant = await reading;
      if (claimant.kind !== 'live') return { outcome: { kind: 'claimTried', claim: claimant, ...begun }, machine };
      const avoid = [...new Set([...wish.avoid, ...kept.avoidedHosts])];
      const status = { ...wish.status, avoidedInventories: avoid };
      const read = input.told && foreseePlan(deps, machine, claimant);
      const claimed = await claimFreeHost(deps, fence, machine, claimant, { avoid, status }, (host) => read?.(host));
      const { outcome: claim, taken } = claimed;
      const outcome = { kind: 'claimTried', claim, ...begun } as const;
      if (taken === undefined) return { outcome };
      const { begun: plan, ...host } = taken;
      return { outcome, machine: taken.machine, ...(plan && { claimed: { ...host, begun: plan } }) };
    }
    const secretKey = { namespace: machine.metadata.namespace, name: planSecretNameOf(held.host, machine) };
    const [secret, cluster] = await Promise.all([findReadable(deps, secrets, secretKey), findCluster(deps, machine)]);
    const host = bindHost(held, machine, deps.caches.pools.get(poolKeyOf(machine)), cluster);
    const plan = await findOwnPlan(deps, input.machine, host, held.host, secret);
    logStep('Found a host that is ours already', input.machine, { host: host.inventory, plan: plan?.type });
    return { outcome: { kind: 'holding', host, plan, ...begun }, machine };
  };
}

function keptWishesOf({ status }: BaremetalMachine): KeptWishes {
  return { pausedByOperator: status?.pausedByOperator === true, avoidedHosts: status?.avoidedInventories ?? [] };
}

type Found = { kind: 'provisioned'; host: BoundHost; plan: WrittenPlan | null } | HostMissing | HostTaken | HostWanted;
interface HostWanted {
  kind: 'hostWanted';
  inventory: string;
  by: string;
}
interface HostMissing {
  kind: 'hostMissing';
  inventory: string;
}
interface HostTaken {
  kind: 'hostTaken';
  inventory: string;
  owner: string;
}

/** The node runs on the host that the providerID names: the host is annotated for us again, and nothing is planned. */
async function adoptProvisioned(
  deps: ActivityDependencies,
  fence: Fence,
  machine: BaremetalMachine,
  inventory: string,
  mayAdopt: boolean,
): Promise<Found> {
  const ref = machine.metadata;
  const found = await readOwnedHost(deps, ref, inventory);
  if (found.kind === 'missing') return { kind: 'hostMissing', inventory };
  const secretKey = { namespace: ref.namespace, name: planSecretNameOf(found.host, machine) };
  const [secret, cluster] = await Promise.all([findReadable(deps, secrets, secretKey), findCluster(deps, machine)]);
  const by = findTaker(found, secret);
  if (by !== undefined) return { kind: 'hostWanted', inventory, by };
  if (found.kind === 'lost' && !mayAdopt) {
    return { kind: 'hostWanted', inventory, by: 'it was reset, and has registered anew' };
  }
  if (found.kind === 'lost' && !isAdoptable(found.host, ref)) {
    return { kind: 'hostTaken', inventory, owner: found.host.owner?.baremetalMachine ?? '' };
  }
  const owned = found.kind === 'lost' ? await adoptHost(deps, fence, machine, found) : found;
  const host = bindHost(owned, machine, deps.caches.pools.get(poolKeyOf(machine)), cluster);
  return { kind: 'provisioned', host, plan: await findOwnPlan(deps, ref, host, owned.host, secret) };
}

/** Before any host is touched; never on an object that is being deleted. Answers the object as it is then. */
async function ensureFinalizer(
  deps: ActivityDependencies,
  fence: Fence,
  machine: BaremetalMachine,
): Promise<BaremetalMachine> {
  const { namespace, name, uid, resourceVersion, finalizers, deletionTimestamp } = machine.metadata;
  if (deletionTimestamp !== undefined || finalizers.includes(MACHINE_FINALIZER)) return machine;
  fence.assertAlive();
  return deps.kube.patch(
    baremetalMachines,
    { namespace, name },
    { metadata: { uid, resourceVersion, finalizers: [...finalizers, MACHINE_FINALIZER] } },
  );
}
