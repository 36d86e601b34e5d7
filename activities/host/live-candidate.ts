import { providerIdOf } from '../../api/constants.ts';
import type { Secret } from '../../api/core.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachines, objectMetaOnlySchema, secrets } from '../../api/resources.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { PlanSecretView } from '../../domain/plan/secret.ts';
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

/** A watch is some milliseconds behind, and that of a busy API server some hundred. */
const WATCH_LAG_MS = 500;
/** One that has sent something since then is no dead connection. */
const WATCH_ALIVE_MS = 5_000;

/** An object of the kind, as the step wrote it or read it a moment ago: what was written before is seen. */
export interface SeenMachine {
  by: 'write' | 'read';
  resourceVersion: string;
}

/** Where it is looked up who names a host. */
interface NamingSources {
  kube: Pick<ActivityDependencies['kube'], 'list'>;
  caches: {
    machines: Pick<ActivityDependencies['caches']['machines'], 'byIndex' | 'hasSeen' | 'heardMsAgo' | 'listUnreadable'>;
  };
}

/**
 * Name of another machine whose providerID names the host: a node of its may run there (system.md section 3, after a move).
 * The cache knows, once its watch has come as far as `since`, and if that was not written just now, while the watch is alive:
 * a list makes the API server look at every machine of the namespace.
 * @param since absent: what stands there when it is asked, for which the API server waits up to 100 ms until its cache has
 *   caught up
 */
export async function findNamingMachine(
  { kube, caches }: NamingSources,
  { uid }: Pick<MachineRef, 'uid'>,
  { namespace, name }: ObjectKey,
  since?: SeenMachine,
): Promise<string | undefined> {
  if (since !== undefined && (await isInCache(caches, since))) {
    const known = caches.machines.byIndex('providerHost', keyText({ namespace, name }));
    return known.find((machine) => machine.uid !== uid)?.name;
  }
  const fieldSelector = `spec.providerID=${providerIdOf(name)}`;
  const options = { namespace, fieldSelector, metadataOnly: true, notOlderThan: since?.resourceVersion };
  const { items } = await kube.list(baremetalMachines, options);
  const found = items.map((item) => objectMetaOnlySchema.parse(item).metadata);
  return found.find((metadata) => metadata.uid !== uid)?.name;
}

async function isInCache({ machines }: NamingSources['caches'], since: SeenMachine): Promise<boolean> {
  if (since.by === 'read' && machines.heardMsAgo() > WATCH_ALIVE_MS) return false;
  if (!(await machines.hasSeen(since.resourceVersion, WATCH_LAG_MS))) return false;
  // One that cannot be read is in no index, and may name the host all the same.
  const [unreadable] = machines.listUnreadable();
  return unreadable === undefined;
}

/** The Secret that the host's inventory names, as it stands there now. */
export async function findPlanSecret(
  deps: ActivityDependencies,
  { namespace, planSecretName }: HostView,
): Promise<Secret | undefined> {
  return planSecretName === undefined ? undefined : findReadable(deps, secrets, { namespace, name: planSecretName });
}
