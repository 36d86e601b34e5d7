import { providerIdOf } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachines, objectMetaOnlySchema, secrets } from '../../api/resources.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import { hostProblem } from '../../domain/pool/host-eligibility.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { findReadable } from '../step/unreadable.ts';

/**
 * What the compare-and-swap on an inventory does not cover, read consistently right before it: a providerID that names the
 * host, and what stands in its plan Secret. Caches chose the host; a watch may have stood still meanwhile.
 * @returns why the host cannot be claimed after all, as a sentence part; undefined: it can
 */
export async function findLiveProblem(
  deps: ActivityDependencies,
  machine: MachineRef,
  poolName: string,
  host: HostView,
): Promise<string | undefined> {
  const [namedBy, secret] = await Promise.all([findNamingMachine(deps, machine, host), findPlanSecret(deps, host)]);
  const problem = hostProblem(host, {
    poolName,
    planSecretExists: secret !== undefined,
    planSecret: secret,
    // Which pool owns it is noted on the inventory, which the swap fences.
    claimedByOtherPool: false,
    namedByProviderId: namedBy !== undefined,
  });
  if (problem !== undefined) return problem.message;
  return secret?.isPlanSecret === true ? undefined : `names Secret ${host.planSecretName}, which is no plan Secret`;
}

/** Name of another machine whose providerID names the host: a node of its may run there (system.md section 3, after a move). */
export async function findNamingMachine(
  { kube }: ActivityDependencies,
  { uid }: Pick<MachineRef, 'uid'>,
  { namespace, name }: ObjectKey,
): Promise<string | undefined> {
  const fieldSelector = `spec.providerID=${providerIdOf(name)}`;
  const { items } = await kube.list(baremetalMachines, { namespace, fieldSelector, metadataOnly: true });
  const found = items.map((item) => objectMetaOnlySchema.parse(item).metadata);
  return found.find((metadata) => metadata.uid !== uid)?.name;
}

async function findPlanSecret(deps: ActivityDependencies, { namespace, planSecretName }: HostView) {
  if (planSecretName === undefined) return undefined;
  const secret = await findReadable(deps, secrets, { namespace, name: planSecretName });
  return secret && viewPlanSecret(secret);
}
