import type { ObjectKey } from '../../../api/meta.ts';
import type { OwnerRun } from '../../hosts/host-user.ts';
import type { LifeSpan } from '../explain/present-life.ts';
import type { Told } from '../explain/told.ts';

/** What is shown of a host that somebody opened. A text that nobody knows is ''. */
export interface HostPage extends ObjectKey {
  told: Told;
  pool: string;
  failureDomain: string;
  /** Name of the BaremetalMachine that is recorded as its user. */
  owner: string;
  /** Attempt id of the plan that was written last. */
  plan: string;
  /** Attempt id of the last reprovision plan, if it failed. */
  failedReprovision: string;
  /** Its plan Secret was looked into, with the rights of whoever asked. */
  secretSeen: boolean;
  machine: MachinePart | undefined;
}

/** The machine that uses a host. */
export interface MachinePart {
  name: string;
  reason: string;
  /** Since when it is in its phase; RFC 3339. */
  since: string;
  told: Told;
  run: OwnerRun;
  /** Its run in the Temporal UI. */
  runUrl: string;
  /** The life that it leads now, phase after phase. */
  life: LifeSpan[];
  conditions: { type: string; status: string; reason: string; message: string; since: string }[];
}

/** What is shown of a pool that somebody opened. */
export interface PoolPage extends ObjectKey {
  told: Told;
}
