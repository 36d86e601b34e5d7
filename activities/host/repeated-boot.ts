import type { CapiMachine } from '../../api/cluster-api.ts';
import { providerIdOf } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import type { PlanSlot } from './plan-writer.ts';

/**
 * Whether a machine that is provisioned already may get its plan once more: no Node of it is known, and its host, which its
 * providerID names, says that it fell back to the old image, or did not apply the attempt that followed that. Or this
 * attempt stands there, and the host has not answered yet. Anything else could end a node that runs.
 */
export function mayRepeatBoot(
  machine: BaremetalMachine,
  owner: CapiMachine | undefined,
  slot: PlanSlot,
  attempt: number,
): boolean {
  if (slot.kind !== 'free' && slot.kind !== 'written') return false;
  const { secret, host } = slot;
  if (machine.spec.providerID !== providerIdOf(host.name)) return false;
  if (owner === undefined || owner.status?.nodeRef !== undefined) return false;
  if (slot.kind === 'written') return attempt > 1 && secret.appliedChecksum !== secret.planChecksum;
  const standing = parseAttemptId(secret.planAttempt ?? '');
  const follows =
    standing?.planType === 'reprovision' && standing.uid === machine.metadata.uid && standing.attempt === attempt - 1;
  const applied = secret.appliedChecksum === secret.planChecksum;
  return follows && (!applied || (secret.boot?.rebooted === true && secret.boot.mode === 'passive'));
}
