import { createHash } from 'node:crypto';
import { canonicalSnapshot, type MachineSnapshot } from './machine-snapshot.ts';

/**
 * Short text that stands in `status.observedInputs` once the workflow has acted on a snapshot. The bridge sends
 * nothing while it equals the fingerprint of what it sees. Not for the workflow bundle (node:crypto).
 */
export function fingerprintSnapshot(snapshot: MachineSnapshot): string {
  return createHash('sha256').update(canonicalSnapshot(snapshot)).digest('hex').slice(0, 16);
}
