import { foreign } from '../../api/constants.ts';
import type { Secret } from '../../api/core.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import type { OwnedHost } from './record.ts';

/**
 * Who takes the host away from whoever uses it, in words; undefined: nobody (notes/host-agent.md section 5). An inventory
 * that is deleted without a reset takes nothing from the node: it is gone in a moment, and comes back with the next
 * registration. `secret`: the host's plan Secret.
 */
export function findTaker(
  { inventory, host }: Exclude<OwnedHost, { kind: 'missing' }>,
  secret: Secret | undefined,
): string | undefined {
  const isResettable = inventory.metadata.annotations[foreign.resettableAnnotation] === 'true';
  if (host.deleting && isResettable) return 'its MachineInventory is being deleted, and the host reset';
  if (host.takenBySelector) return 'a MachineInventorySelector owns it';
  const type = secret && viewPlanSecret(secret).foreignPlanType;
  return type === undefined ? undefined : `a ${type} plan stands in its Secret ${secret?.metadata.name}`;
}
