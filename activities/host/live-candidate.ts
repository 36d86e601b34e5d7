import { providerIdOf } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachines, objectMetaOnlySchema, secrets } from '../../api/resources.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { type PlanSecretView, viewPlanSecret } from '../../domain/plan/secret.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { hostProblem } from '../../domain/pool/host-eligibility.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { findReadable } from '../step/unreadable.ts';

/** What the compare-and-swap on an inventory does not cover. */
export interface LiveFacts {
  /** Name of another machine whose providerID names the host. */
  namedBy: string | undefined;
  secret: PlanSecretView | undefined;
}

/**
 * Judges a host by what was read right before the swap; caches chose it, and a watch may have stood still meanwhile.
 * @returns why the host cannot be claimed after all, as a sentence part; undefined: it can
 */
export function liveProblemOf(host: HostView, pool: PoolView, { namedBy, secret }: LiveFacts): string | undefined {
  const problem = hostProblem(host, {
    poolName: pool.name,
    acceptance: pool.acceptance?.hash,
    planSecretExists: secret !== undefined,
    planSecret: secret,
    // Which pool owns it is noted on the inventory, which the swap fences.
    claimedByOtherPool: false,
    namedByProviderId: namedBy !== undefined,
  });
  if (problem !== undefined) return problem.message;
  return secret?.isPlanSecret === true ? undefined : `names Secret ${host.planSecretName}, which is no plan Secret`;
}

/** A watch that is alive is some milliseconds behind, and a busy API server's some hundred. */
const WATCH_LAG_MS = 500;

/**
 * Name of another machine whose providerID names the host: a node of its may run there (system.md section 3, after a move).
 * @param notOlderThan resourceVersion of a machine that was written just now: what stood there before it is seen, in the
 *   cache as soon as its watch has come that far, for a list makes the API server look at every machine of the namespace.
 *   Absent: what stands there when it is asked, for which the API server waits up to 100 ms until its cache has caught up
 */
export async function findNamingMachine(
  { kube, caches }: ActivityDependencies,
  { uid }: Pick<MachineRef, 'uid'>,
  { namespace, name }: ObjectKey,
  notOlderThan?: string,
): Promise<string | undefined> {
  if (notOlderThan !== undefined && (await caches.machines.hasSeen(notOlderThan, WATCH_LAG_MS)) && isReadable(caches)) {
    const known = caches.machines.byIndex('providerHost', keyText({ namespace, name }));
    return known.find((machine) => machine.uid !== uid)?.name;
  }
  const fieldSelector = `spec.providerID=${providerIdOf(name)}`;
  const options = { namespace, fieldSelector, metadataOnly: true, notOlderThan };
  const { items } = await kube.list(baremetalMachines, options);
  const found = items.map((item) => objectMetaOnlySchema.parse(item).metadata);
  return found.find((metadata) => metadata.uid !== uid)?.name;
}

/** One that cannot be read is in no index, and may name the host all the same. */
function isReadable({ machines }: ActivityDependencies['caches']): boolean {
  const [unreadable] = machines.listUnreadable();
  return unreadable === undefined;
}

/** The Secret that the host's inventory names, as it stands there now. */
export async function findPlanSecret(
  deps: ActivityDependencies,
  { namespace, planSecretName }: HostView,
): Promise<PlanSecretView | undefined> {
  if (planSecretName === undefined) return undefined;
  const secret = await findReadable(deps, secrets, { namespace, name: planSecretName });
  return secret && viewPlanSecret(secret);
}
