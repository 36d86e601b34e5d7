import { foreign } from '../../api/constants.ts';
import { secrets } from '../../api/resources.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { findReadable } from '../step/unreadable.ts';
import type { OwnedHost } from './record.ts';

/**
 * Who takes the host away from whoever uses it, in words; undefined: nobody (notes/host-agent.md section 5). An inventory
 * that is deleted without a reset takes nothing from the node: it is gone in a moment, and comes back with the next
 * registration.
 */
export async function findTaker(
  deps: ActivityDependencies,
  { inventory, host }: Exclude<OwnedHost, { kind: 'missing' }>,
): Promise<string | undefined> {
  const isResettable = inventory.metadata.annotations[foreign.resettableAnnotation] === 'true';
  if (host.deleting && isResettable) return 'its MachineInventory is being deleted, and the host reset';
  if (host.takenBySelector) return 'a MachineInventorySelector owns it';
  const name = host.planSecretName;
  if (name === undefined) return undefined;
  const secret = await findReadable(deps, secrets, { namespace: host.namespace, name });
  const type = secret && viewPlanSecret(secret).foreignPlanType;
  return type === undefined ? undefined : `a ${type} plan stands in its Secret ${name}`;
}
