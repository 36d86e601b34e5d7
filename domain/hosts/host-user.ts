import type { AllocationState } from '../../api/constants.ts';
import type { HostOwner, HostView } from '../inputs/host-view.ts';
import type { MachineView } from '../inputs/machine-view.ts';
import { isKeptByChecks } from '../pool/acceptance.ts';

/** Whether a machine has an open run; `unknown`: Temporal was not asked, or did not answer. */
export type OwnerRun = 'open' | 'none' | 'unknown';

/** What decides who uses a host, beside its own record. */
export interface UserFacts {
  /** The object with the recorded uid; undefined: there is none. One that cannot be read is not to be given as none. */
  owner: MachineView | undefined;
  /** Another machine whose `spec.providerID` names the host. */
  namedBy: MachineView | undefined;
  /** Of the recorded uid. */
  ownerRun: OwnerRun;
}

export type HostUser =
  | { kind: 'nobody' }
  /** Recorded, and there. */
  | { kind: 'machine'; machine: MachineView; run: OwnerRun }
  /** Not recorded here: after a move, until it is. */
  | { kind: 'node'; machine: MachineView }
  /** The object is gone, and its run still gives the host back. */
  | { kind: 'run'; owner: HostOwner }
  /** The object is gone, and nobody could say whether a run of it is left. */
  | { kind: 'unconfirmed'; owner: HostOwner }
  /** Recorded for a machine that is gone, without a run. */
  | { kind: 'gone'; owner: HostOwner }
  /** In a state of use, recorded for nobody. */
  | { kind: 'loose'; state: AllocationState };

/** Who uses the host, by all that is known. */
export function findHostUser(host: HostView, { owner, namedBy, ownerRun }: UserFacts): HostUser {
  if (host.owner !== undefined && owner !== undefined) return { kind: 'machine', machine: owner, run: ownerRun };
  if (namedBy !== undefined) return { kind: 'node', machine: namedBy };
  if (host.owner !== undefined) return userOfGone(host.owner, ownerRun);
  const state = host.allocationState;
  if (state === undefined || state === 'Available') return { kind: 'nobody' };
  const isKept = state === 'Unavailable' && (host.quarantined || isKeptByChecks(host));
  return isKept ? { kind: 'nobody' } : { kind: 'loose', state };
}

function userOfGone(owner: HostOwner, run: OwnerRun): HostUser {
  // No run is called by a record without a uid.
  if (owner.uid === '' || run === 'none') return { kind: 'gone', owner };
  return { kind: run === 'open' ? 'run' : 'unconfirmed', owner };
}

/** In use by nobody, free for nobody, waited for by nobody: only an operator brings such a host back. */
export function isStranded(user: HostUser): boolean {
  return user.kind === 'gone' || user.kind === 'loose';
}
